import { describe, expect, it } from 'vitest';
import { ANNOTATION, LABEL } from '../../../../src/api/names.ts';
import { deploymentOf } from '../../../../src/plan/pods/children.ts';
import { inputHashes, type Inputs } from '../../../../src/plan/pods/inputs.ts';
import { recordedDeployment } from '../../../../src/plan/pods/record-object.ts';
import { contestedHash, ownedHash } from '../../../../src/plan/state/owned-hash.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import { takeOver } from '../../../../src/plan/decide/take-over.ts';
import { wishesOf } from '../../../../src/plan/pods/wish.ts';
import { catalogue, config, installation, release } from '../../../support/builders.ts';
import {
  askedBy,
  at,
  clock,
  deployment,
  edited,
  failureOf,
  findings,
  inputsOf,
  NOW,
  proven,
  record,
  seen,
  stray,
  type Pieces,
} from '../../../support/records.ts';

const done1 = proven(1);

/** A Deployment whose record is gone: it was made of 1.1.0, as the second rollout. */
function made(more: Partial<Inputs> & { readonly software?: never } = {}, software?: string) {
  const inputs = { ...inputsOf('1.1.0', { number: 2, ...(software !== undefined && { software }) }), ...more };
  const { hash } = deploymentOf(inputs);
  const { restart, minReadySeconds, progressDeadlineSeconds } = inputs;
  return {
    inputs,
    standing: deployment(proven(2), {
      owned: hash,
      applied: hash,
      restart,
      software,
      minReadySeconds,
      progressDeadlineSeconds,
    }),
  };
}

const { inputs, standing } = made();
const asNow = { ...inputs, minReadySeconds: config.defaults.stableSeconds };

function take(pieces: Pieces) {
  const observed = seen(pieces);
  const { deployment: stands, stable, restart } = readState(observed, clock(NOW));
  const asked = askedBy(observed);
  const wishes = wishesOf(observed, asked.configuration, restart);
  return takeOver(observed, stands!, stable, { ...asked, failures: [failureOf(record(3))], wishes, now: clock(NOW) });
}

describe('a Deployment whose record is gone is recorded again', () => {
  it.each<[string, Pieces]>([
    ['where it is what is made of the spec, the platform and the catalogue', { deployment: standing }],
    [
      'also where somebody took a label',
      { deployment: { ...standing, owned: `relabelled.${standing.owned.split('.')[1]}` } },
    ],
    [
      'also where others have added something',
      { deployment: { ...standing, owned: contestedHash(standing.owned, 'more') } },
    ],
    ['also where its annotations lie', { deployment: { ...standing, applied: 'y' } }],
    [
      'also where the platform judges rollouts in another way by now',
      { deployment: made({ minReadySeconds: 7, progressDeadlineSeconds: 77 }).standing },
    ],
  ])('%s', (_, pieces) => {
    const { version, uid, data } = take(pieces) ?? {};
    expect({ version, uid }).toEqual({ version: '1.1.0', uid: standing.uid });
    expect(data?.committed).toEqual(inputHashes(inputs));
  });

  it.each<[string, Pieces]>([
    ['the spec says something else by now', { deployment: standing, spec: { config: { A: 'b' } } }],
    ['the tier does', { deployment: standing, spec: { resourceTier: 'free' } }],
    ['somebody changed it', { deployment: { ...standing, ...edited() } }],
    // A red team planted an image so, under our name and with our annotations.
    [
      'somebody wrote it under our name',
      { deployment: { ...standing, owned: 'forged.forged', applied: 'forged.forged' } },
    ],
    ['its release is not published any more', { deployment: standing, catalogue: catalogue('1.2.0') }],
    [
      'its release was published again with another image',
      { deployment: standing, catalogue: catalogue(release('1.1.0', { image: 'registry.example.com/acme/web:new' })) },
    ],
    ['its template names no version', { deployment: { ...standing, version: undefined } }],
    ['its template says that it is older than it is', { deployment: { ...standing, template: 'hash' } }],
  ])('and not where %s', (_, pieces) => {
    expect(take(pieces)).toBeUndefined();
  });

  it('with its system software, as its template says', () => {
    const { standing: with82, inputs: of } = made({}, 'php=8.2.0');
    const { committed, requiredBy } =
      take({ deployment: with82, spec: { systemSoftware: [{ name: 'php' }] } })?.data ?? {};
    expect({ ...committed, asked: undefined }).toEqual({ ...inputHashes(of), asked: undefined });
    expect(requiredBy).toEqual({ php: [] });
  });

  it('with what the spec asks for of software, where the pods have it; else that is to be found anew', () => {
    const { standing: with82 } = made({}, 'php=8.2.0');
    const asking = (version: string) =>
      take({ deployment: with82, spec: { systemSoftware: [{ name: 'php', version }] } })?.data.committed.asked;
    expect([asking('8.2.0') === 'unknown', asking('8.3.0')]).toEqual([false, 'unknown']);
  });

  it.each([undefined, 'a', 'b'])('with the restart that its template says, where the annotation says %j', (restart) => {
    const { standing: restarted } = made({ restart: 'a' });
    expect(take({ deployment: restarted, installation: { restart } })?.data.restart).toBe('a');
  });
});

type Data = NonNullable<ReturnType<typeof take>>['data'];

describe('it is recorded with', () => {
  it.each<[string, Pieces, Partial<Data>]>([
    [
      'the time of now, and the values of the annotation',
      { deployment: standing, retries: ['a'] },
      { startedAt: at(NOW), retries: ['a'] },
    ],
    ['its provider and image', { deployment: standing }, { provider: 'acme/web', image: inputs.release.image }],
    ['no wish, should it fail: nobody knows for which it was made', { deployment: standing }, { wish: 'unknown' }],
    ['the spec as who asked for it', { deployment: standing, spec: { version: '1.1.0' } }, { trigger: 'Spec' }],
    [
      'automation as who asked for it, under automation',
      { deployment: standing, spec: { upgradePolicy: 'auto' } },
      { trigger: 'Policy' },
    ],
    [
      'the spec, which names its version, although it is under automation',
      { deployment: standing, spec: { upgradePolicy: 'auto', version: '1.1.0' } },
      { trigger: 'Spec' },
    ],
    ['no version that it comes from, where nothing is stable', { deployment: standing }, { from: undefined }],
    ['the one that is stable', { deployment: standing, records: [done1] }, { from: '1.0.0' }],
    [
      'the ports of its release, also where somebody deleted the Service in the same moment',
      { deployment: standing },
      { ports: [...(proven(2).ports ?? [])] },
    ],
    ['the PodDisruptionBudget of its tier: none', { deployment: standing }, { hasBudget: false }],
    [
      'what the spec asks for now, which waits until this serves',
      { deployment: standing, spec: { version: '1.2.0' } },
      { foundWith: wishesOf(seen({ spec: { version: '1.2.0' } }), askedBy(seen({})).configuration, undefined).spec },
    ],
    ['what failed before', { deployment: standing }, { failures: [failureOf(record(3))] }],
    [
      'what failed, where an operator before this one kept it',
      { deployment: { ...standing, failed: JSON.stringify([failureOf(record(4))]) } },
      { failures: [failureOf(record(3)), failureOf(record(4))] },
    ],
  ])('%s', (_, pieces, expected) => {
    const known = take(pieces)?.data;
    const names = Object.keys(expected) as (keyof Data)[];
    expect(Object.fromEntries(names.map((name) => [name, known?.[name]]))).toEqual(expected);
  });

  it('a number that nobody had, which the Deployment names; its template keeps the old one, and no pod is restarted', () => {
    const { number, data } = take({ deployment: standing, records: [done1, stray(9)] }) ?? {};
    const { labels } = data?.deployment.metadata ?? {};
    expect([number, labels?.[LABEL.rollout]]).toEqual([10, '10']);
    expect(data?.deployment.spec).toEqual(deploymentOf(asNow).object.spec);
    expect(data?.deployment.spec.template?.metadata?.annotations?.[ANNOTATION.rollout]).toBe('2');
  });

  it('its template as it is, where it was made before there were records', () => {
    const { object } = deploymentOf(inputs);
    const spec = object.spec as NonNullable<ReturnType<typeof take>>['data']['deployment']['spec'];
    const { [ANNOTATION.rollout]: _, ...annotations } = spec.template?.metadata?.annotations ?? {};
    const old = { ...spec, template: { ...spec.template, metadata: { ...spec.template?.metadata, annotations } } };
    const deployed = { ...standing, template: annotations[ANNOTATION.inputsHash], owned: ownedHash({ spec: old }) };
    const { data } = take({ deployment: deployed }) ?? {};
    expect(data?.deployment.spec).toEqual({ ...old, minReadySeconds: asNow.minReadySeconds });
  });

  it('the very fields that are applied then, so that nobody seems to have changed them', () => {
    const { data } = take({ deployment: standing }) ?? {};
    expect(data && recordedDeployment(installation(), data.deployment).hash).toBe(data?.applied);
  });
});

describe('of what a Deployment without a record is made nobody knows:', () => {
  const forged = { ...standing, owned: 'forged.forged', applied: 'forged.forged' };
  const what = (pieces: Pieces) => {
    const { decision } = findings(pieces);
    return decision.kind === 'problem' ? decision.reason : `${decision.kind} ${decision.version}`;
  };

  it.each<[string, Pieces, string]>([
    [
      'what was done before comes back',
      { records: [done1], deployment: forged, spec: { version: '1.1.0' } },
      'return 1.0.0',
    ],
    [
      'the version that it names is rolled out as published',
      { deployment: forged, spec: { version: '1.1.0' } },
      'run 1.1.0',
    ],
    ['also where the spec names another', { deployment: forged, spec: { version: '1.2.0' } }, 'run 1.1.0'],
    ['also under automation', { deployment: forged, spec: { upgradePolicy: 'auto' } }, 'run 1.1.0'],
    [
      'that is gone, and the spec names another',
      { deployment: forged, spec: { version: '1.2.0' }, catalogue: catalogue('1.2.0') },
      'run 1.2.0',
    ],
    [
      'that is gone, and the spec names it',
      { deployment: forged, spec: { version: '1.1.0' }, catalogue: catalogue('1.2.0') },
      'ReleaseMissing',
    ],
    [
      'that is gone, and under automation the next one is taken',
      { deployment: forged, spec: { upgradePolicy: 'auto' }, catalogue: catalogue('1.2.0') },
      'run 1.2.0',
    ],
    [
      'that is gone and does not serve: under automation it is begun anew',
      { deployment: { ...forged, available: 0 }, spec: { upgradePolicy: 'auto' }, catalogue: catalogue('1.2.0') },
      'run 1.2.0',
    ],
    [
      'that is gone, and the next one is breaking: nobody asked for that',
      { deployment: forged, spec: { upgradePolicy: 'auto' }, catalogue: catalogue(release('2.0.0', { breaking: {} })) },
      'ReleaseMissing',
    ],
    [
      'its image may not be used any more',
      {
        deployment: forged,
        spec: { version: '1.1.0' },
        config: { ...config, allowedImagePrefixes: ['other.example.com'] },
      },
      'ImageNotAllowed',
    ],
  ])('%s', (_, pieces, expected) => {
    expect(what(pieces)).toBe(expected);
  });
});

describe('a Deployment of no version, where nothing was ever done, is made anew:', () => {
  const bare = { record: undefined, template: undefined };

  it.each<[string, Pieces]>([
    ['its template names none', { deployment: deployment(done1, { ...bare, version: undefined }) }],
    ['its template names what is none', { deployment: deployment(done1, { ...bare, version: 'banana' }) }],
  ])('%s', (_, pieces) => {
    for (const spec of [{ version: '1.1.0' }, { upgradePolicy: 'auto' as const }, {}]) {
      const { decision, actions } = findings({ ...pieces, spec });
      expect(decision).toMatchObject({ kind: 'run', isChanged: true });
      expect(actions.writes.map(({ kind, child }) => `${kind} ${child}`)).toEqual([
        'record ControllerRevision',
        'apply Service',
        'apply Deployment',
      ]);
    }
  });
});
