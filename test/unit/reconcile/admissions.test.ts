import { describe, expect, it } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { ownedHash } from '../../../src/plan/state/owned-hash.ts';
import type { ChildView } from '../../../src/plan/state/observed.ts';
import { Admissions } from '../../../src/reconcile/admissions.ts';

const metadata = {
  name: 'web',
  namespace: 'shop',
  labels: {},
  ownerReferences: [],
  annotations: { [ANNOTATION.applied]: 'sent' },
};
const sent = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 1 } };
const stored = { ...sent, metadata: { ...metadata, uid: 'u', resourceVersion: '2' }, spec: { replicas: 3 } };
const view = (more: Partial<ChildView> = {}) =>
  ({
    uid: 'u',
    deleting: false,
    owner: undefined,
    adoptable: true,
    changed: undefined,
    applied: 'sent',
    owned: 'rewritten',
    ...more,
  }) as ChildView;
const accepted = (admissions: Admissions, seen: ChildView) =>
  admissions.accept('shop/web', { deployment: undefined, service: undefined, budget: seen }).budget;

describe('what an apply came out as', () => {
  const learned = (of: ChildView = view()) => {
    const admissions = new Admissions();
    admissions.learn('shop/web', 'PodDisruptionBudget', { sent, stored, view: of });
    return admissions;
  };

  it('counts as applied, with the fields', () => {
    expect(accepted(learned(), view())).toMatchObject({
      owned: 'sent',
      applied: 'sent',
      rewritten: [['spec', 'replicas']],
    });
    // A webhook may take our annotation.
    expect(accepted(learned(view({ applied: undefined })), view({ applied: undefined }))).toMatchObject({
      applied: 'sent',
    });
  });

  it('says that managedFields were taken away', () => {
    const nothing = view({ owned: ownedHash({}) });
    expect(accepted(learned(nothing), nothing)?.rewritten).toContainEqual(['metadata', 'managedFields']);
  });

  // Fields that admission adds are in no entry of managedFields.
  it('counts as applied with what is added as well', () => {
    const paths = [['spec', 'unhealthyPodEvictionPolicy']];
    const more = view({ contested: { manager: undefined, paths } });
    expect(accepted(learned(more), more)).toMatchObject({
      owned: 'sent',
      rewritten: [['spec', 'replicas'], ...paths],
      contested: undefined,
    });
  });

  it.each<[string, Admissions, ChildView]>([
    ['it is what was sent', learned(view({ owned: 'sent' })), view()],
    ['somebody changed it since', learned(), view({ owned: 'edited' })],
    ['it is of another object', learned(), view({ uid: 'other' })],
    ['others have a part in it', learned(view({ contested: { manager: 'm', paths: [] } })), view()],
    ['nothing was written', new Admissions(), view()],
  ])('counts for nothing where %s', (_, admissions, seen) => {
    expect(accepted(admissions, seen)).toBe(seen);
  });

  it('is forgotten with the installation, and with an apply that comes out as it was sent', () => {
    const [gone, again] = [learned(), learned()];
    gone.forget('shop/web');
    again.learn('shop/web', 'PodDisruptionBudget', { sent, stored, view: view({ owned: 'sent' }) });
    expect([accepted(gone, view())?.owned, accepted(again, view())?.owned]).toEqual(['rewritten', 'rewritten']);
  });

  it('tells whether it came out as what had been there', () => {
    expect(learned().isAsFound('shop/web', 'PodDisruptionBudget', view())).toBe(true);
    expect(learned().isAsFound('shop/web', 'PodDisruptionBudget', view({ owned: 'edited' }))).toBe(false);
    expect(learned().isAsFound('shop/web', 'Service', view())).toBe(false);
    expect(learned().isAsFound('shop/web', 'PodDisruptionBudget', undefined)).toBe(false);
  });
});
