import { describe, expect, it } from 'vitest';
import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import { projectRevision, type RawRevision } from '../../../src/reconcile/project-revision.ts';
import { at, failureOf, record } from '../../support/records.ts';

const one = record(2, {
  software: 'php=8.2.0',
  requiredBy: { php: ['acme/web 1.1.0'] },
  failures: [failureOf(record(1))],
});
const { kind: _, name, uid, resourceVersion, owner, number, template, minReadySeconds, mark, ...facts } = one;

const deployment = {
  metadata: { labels: { [LABEL.rollout]: '2' }, annotations: {} },
  spec: { replicas: 2, minReadySeconds: 10, template: { metadata: { annotations: { [ANNOTATION.rollout]: '2' } } } },
};

const metadata = {
  name: 'web-2',
  namespace: 'shop',
  uid: 'uid-web-2',
  resourceVersion: '1',
  labels: { [LABEL.installation]: 'web' },
  ownerReferences: [{ kind: 'ProviderInstallation', name: 'web', uid: 'uid-web', controller: true }],
};

/** A ControllerRevision as the API server stores it, with the given changes. */
function raw(more: { metadata?: object; data?: unknown; other?: object } = {}): RawRevision {
  return {
    ...more.other,
    metadata: { ...metadata, ...more.metadata },
    data: 'data' in more ? more.data : { ...facts, deployment },
  } as RawRevision;
}

it('is the record that was written, and keeps nothing of the Deployment in it', () => {
  const projected = projectRevision(raw());
  expect(projected).toEqual({ ...one, key: 'shop/web-2', installation: 'shop/web' });
  expect(projected).not.toHaveProperty('deployment');
});

it('has the mark that its annotations say', () => {
  const annotations = { [ANNOTATION.proven]: at('02:05'), [ANNOTATION.asked]: 'abc', 'example.com/note': 'x' };
  expect(projectRevision(raw({ metadata: { annotations } }))).toMatchObject({
    mark: { provenAt: at('02:05'), asked: 'abc' },
  });
});

it('without an owner it is an orphan', () => {
  expect(projectRevision(raw({ metadata: { ownerReferences: undefined } })).owner).toBeUndefined();
});

it('with others that only refer to it, too', () => {
  const ownerReferences = [{ kind: 'ConfigMap', name: 'x', uid: 'y' }];
  expect(projectRevision(raw({ metadata: { ownerReferences } })).owner).toBeUndefined();
});

describe('its number is in its name, which can never be changed:', () => {
  it.each<[string, string, number, 'record' | 'stray']>([
    ['web-2', 'web', 2, 'record'],
    ['web-123456789', 'web', 123_456_789, 'record'],
    // Somebody may make web-999999999 by hand. The record after it must be found, too.
    ['web-1000000000', 'web', 1_000_000_000, 'record'],
    ['web-2-3', 'web-2', 3, 'record'],
    // StatefulSets and DaemonSets end the name with a hash.
    ['web-6d4f75cb8f', 'web', 0, 'stray'],
    ['web-02', 'web', 2, 'stray'],
    ['web', 'web', 0, 'stray'],
    ['other-2', 'web', 2, 'stray'],
    ['web-2', 'other', 2, 'stray'],
    ['web--2', 'web', 2, 'stray'],
    ['web-2.0', 'web', 0, 'stray'],
  ])('%s of the installation %s has the number %i, and is a %s', (name, installation, number, kind) => {
    const seen = projectRevision(raw({ metadata: { name, labels: { [LABEL.installation]: installation } } }));
    expect({ number: seen.number, kind: seen.kind }).toEqual({ number, kind });
  });

  it('no field that anybody can write counts', () => {
    const forged = { revision: 99 };
    const labels = { ...metadata.labels, [LABEL.rollout]: '99' };
    const data = { ...facts, deployment, number: 99, revision: 99, kind: 'stray', name: 'web-99' };
    expect(projectRevision(raw({ other: forged, metadata: { labels }, data }))).toEqual({
      ...one,
      key: 'shop/web-2',
      installation: 'shop/web',
    });
  });

  it('without a label it belongs to no installation, and is no record', () => {
    expect(projectRevision(raw({ metadata: { labels: undefined } }))).toMatchObject({
      kind: 'stray',
      installation: 'shop/',
    });
  });
});

describe('what was edited beyond recognition, or written by another program, is no record:', () => {
  const without = (field: keyof typeof facts) => {
    const { [field]: __, ...rest } = facts;
    return { ...rest, deployment };
  };

  it.each<[string, unknown]>([
    ['no data', undefined],
    ['nothing in it', {}],
    ['null', null],
    ['a text', 'data'],
    ['a list', [facts]],
    // A revision of a StatefulSet:
    // https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/
    ['a patch of a StatefulSet', { spec: { template: { $patch: 'replace', spec: { containers: [] } } } }],
    // A revision that an operator before this one saved.
    ['a Deployment alone', deployment],
    ['no version', without('version')],
    ['no provider', without('provider')],
    ['no start', without('startedAt')],
    ['nothing of what it was made from', without('committed')],
    ['no hash of what was applied', without('applied')],
    ['no failures', without('failures')],
    ['a trigger that nobody knows', { ...facts, deployment, trigger: 'Rollback' }],
    ['a start that is no time', { ...facts, deployment, startedAt: 'yesterday' }],
    ['a start with fractions of a second', { ...facts, deployment, startedAt: '2026-01-01T00:00:00.123Z' }],
    ['a number for a version', { ...facts, deployment, version: 1 }],
    ['a text for its ports', { ...facts, deployment, ports: '80' }],
    ['a failure that is none', { ...facts, deployment, failures: [{ version: 'latest' }] }],
    [
      'more failures than a record may hold',
      { ...facts, deployment, failures: Array.from({ length: 17 }, () => facts.failures[0]) },
    ],
  ])('%s', (_, data) => {
    expect(projectRevision(raw({ data }))).toEqual({
      kind: 'stray',
      key: 'shop/web-2',
      resourceVersion: '1',
      installation: 'shop/web',
      name: 'web-2',
      uid: 'uid-web-2',
      owner: { kind: 'ProviderInstallation', name: 'web', uid: 'uid-web' },
      number: 2,
    });
  });
});

describe('what its Deployment does not say is not known of it:', () => {
  it.each<[string, object, { template: string | undefined; minReadySeconds: number }]>([
    [
      'no annotations',
      { metadata: {}, spec: { template: { metadata: {} } } },
      { template: undefined, minReadySeconds: 0 },
    ],
    ['no template', { metadata: {}, spec: {} }, { template: undefined, minReadySeconds: 0 }],
    [
      'a template of before there were records',
      { metadata: {}, spec: { template: { metadata: { annotations: { [ANNOTATION.inputsHash]: 'hash' } } } } },
      { template: 'hash', minReadySeconds: 0 },
    ],
    ['how cautiously it was rolled out', deployment, { template: '2', minReadySeconds: 10 }],
  ])('%s', (_, recorded, expected) => {
    expect(projectRevision(raw({ data: { ...facts, deployment: recorded } }))).toMatchObject({
      kind: 'record',
      ...expected,
    });
  });
});

it.each<[string, object | undefined]>([
  ['none at all', undefined],
  ['one without a spec', { metadata: {} }],
  ['one whose annotations are null', { metadata: {}, spec: { template: { metadata: { annotations: null } } } }],
])('a record that has no Deployment to apply again is none: %s', (_, recorded) => {
  expect(projectRevision(raw({ data: { ...facts, deployment: recorded } }))).toMatchObject({ kind: 'stray' });
});

it('two of the same kind share what they have in common: thousands of them are held', () => {
  const [a, b] = [projectRevision(raw()), projectRevision(raw())];
  const common = [a, b].flatMap((one) =>
    one.kind === 'record' ? [[one.ports, one.effective.tier, one.failures]] : [],
  );
  expect(common).toHaveLength(2);
  common[0]?.forEach((part, i) => expect(part).toBe(common[1]?.[i]));
});
