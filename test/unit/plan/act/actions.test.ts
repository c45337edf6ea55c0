import { describe, expect, it } from 'vitest';
import { actionsFor, writesDeployment } from '../../../../src/plan/act/actions.ts';
import type { Action } from '../../../../src/plan/act/action.ts';
import type { Decided, Decision } from '../../../../src/plan/decide/decision.ts';
import { problem } from '../../../../src/api/problem.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import { release } from '../../../support/builders.ts';
import {
  at,
  budget,
  clock,
  comeBack,
  deployment,
  edited,
  failed,
  failureOf,
  MIDWAY,
  NOW,
  ofAnother,
  orphaned,
  proven,
  record,
  relabelled,
  seen,
  service,
  start,
  stay,
  stray,
  superseded,
  undoneTo,
  type Pieces,
} from '../../../support/records.ts';

function act(pieces: Pieces, decided: Decided) {
  const [observed, now] = [seen(pieces), clock(pieces.now ?? NOW)];
  return actionsFor(observed, readState(observed, now), decided, now);
}

/** Describes a write in a few words: the verb and the object. */
function inWords(action: Action): string {
  switch (action.kind) {
    case 'apply':
      return `apply ${action.child}${action.heals === undefined ? '' : ', healing'}`;
    case 'record':
      return `record ${action.object.metadata.name}`;
    case 'generate':
      return `generate ${action.name}`;
    case 'mark':
      return `mark ${action.object.metadata.name}`;
    case 'restore':
      return `restore ${action.record}${action.heals === undefined ? '' : ', healing'}`;
    case 'remove':
      return action.child === 'ControllerRevision' ? `remove ${action.name}` : `remove ${action.child}`;
  }
}

const [done1, done2, done3, open2, open3] = [proven(1), proven(2), proven(3), record(2), record(3)];
const failure = failureOf(open2);
/** The children of a record, as they are while it runs. */
const running = (of: typeof done1, more: Parameters<typeof deployment>[1] = {}) => ({
  deployment: deployment(of, more),
  service: service(of),
});
const keep: Decision = { kind: 'keep', version: '1.0.0' };
const held: Decision = { kind: 'held', version: '1.0.0', failure, isOfPlatform: false };
const wrong = problem('InvalidSpec', 'Correct the spec');
const standing: Decision = {
  kind: 'takeOver',
  version: '1.0.0',
  uid: 'uid-web',
  number: 1,
  data: { ...done1, deployment: { metadata: {}, spec: {} } },
};
const performance = { resourceTier: 'performance' } as const;
const withBudget = proven(1, { spec: performance });

type Row = readonly [sentence: string, pieces: Pieces, decided: Decided, writes: readonly string[]];

describe('a rollout begins:', () => {
  it.each<Row>([
    [
      'the first: its record, what its pods need, and the Deployment last',
      {},
      { decision: start(record(1)) },
      ['record web-1', 'apply Service', 'apply Deployment'],
    ],
    [
      'with a tier that has a PodDisruptionBudget',
      { spec: performance },
      { decision: start(record(1, { spec: performance }), { spec: performance }) },
      ['record web-1', 'apply Service', 'apply PodDisruptionBudget', 'apply Deployment'],
    ],
    [
      'of a release without ports',
      {},
      { decision: start(record(1), { release: release('1.0.0', { runtime: {} }) }) },
      ['record web-1', 'apply Deployment'],
    ],
    [
      'an upgrade: the Service has the ports already',
      { records: [done1], ...running(done1) },
      { decision: start(open2) },
      ['record web-2', 'apply Deployment'],
    ],
    [
      'an upgrade to a release with other ports',
      { records: [done1], ...running(done1) },
      {
        decision: start(open2, {
          release: release('1.1.0', { runtime: { ports: [{ name: 'web', containerPort: 9090 }] } }),
        }),
      },
      ['record web-2', 'apply Service', 'apply Deployment'],
    ],
    [
      'an upgrade to a release without ports: its Service stays until the old pods are gone',
      { records: [done1], ...running(done1) },
      { decision: start(open2, { release: release('1.1.0', { runtime: {} }) }) },
      ['record web-2', 'apply Deployment'],
    ],
    [
      'its record was written before, and nothing was applied',
      { records: [done1, open2], ...running(done1) },
      { decision: start(open2, { begun: open2 }) },
      ['apply Deployment'],
    ],
    [
      'its record was written before, by an operator that renders otherwise: what it says is applied',
      { records: [done1, { ...open2, applied: 'another.build' }], ...running(done1) },
      { decision: start(open2, { begun: { ...open2, applied: 'another.build' } }) },
      ['restore web-2'],
    ],
    [
      'in the midst of another that failed: that is marked first',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:10' },
      { decision: start(open3), failure },
      ['mark web-2', 'record web-3', 'apply Deployment'],
    ],
    [
      'what was left behind goes before a Deployment is there, by which it could be taken for ours',
      { records: [orphaned(done1), stray(2)] },
      { decision: start(open3) },
      ['remove web-1', 'remove web-2', 'record web-3', 'apply Service', 'apply Deployment'],
    ],
    [
      'what was left behind is left there while a Deployment is',
      { records: [done1, stray(2)], ...running(done1) },
      { decision: start(open3) },
      ['record web-3', 'apply Deployment'],
    ],
    [
      'what belongs to another object is left alone',
      { records: [ofAnother(done1)], service: ofAnother(service(done1)) },
      { decision: start(open2) },
      ['record web-2', 'apply Deployment'],
    ],
    [
      'its records are not tidied up before it is done',
      { records: [done1, done2, done3], ...running(done3) },
      { decision: start(record(4)) },
      ['record web-4', 'apply Deployment'],
    ],
  ])('%s', (_, pieces, decided, writes) => {
    expect(act(pieces, decided).writes.map(inWords)).toEqual(writes);
  });
});

describe('what runs stays:', () => {
  it.each<Row>([
    ['nothing is written', { records: [done1], ...running(done1) }, { decision: stay(done1) }, []],
    [
      'nothing is written in the midst of a rollout',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:01' },
      { decision: stay(open2) },
      [],
    ],
    [
      'it is done: it is marked',
      { records: [done1, open2], ...running(open2), now: '02:03' },
      { decision: stay(open2) },
      ['mark web-2'],
    ],
    [
      'it is done: the record before the last goes, after the mark',
      { records: [done1, done2, open3], ...running(open3), now: '03:03' },
      { decision: stay(open3) },
      ['mark web-3', 'remove web-1'],
    ],
    [
      'it failed, and nothing goes back',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:10' },
      { decision: stay(open2), failure },
      ['mark web-2'],
    ],
    [
      'somebody changed it',
      { records: [done1], ...running(done1, edited()) },
      { decision: stay(done1) },
      ['apply Deployment, healing'],
    ],
    [
      'somebody took a label of it',
      { records: [done1], ...running(done1, relabelled(done1)) },
      { decision: stay(done1) },
      ['apply Deployment, healing'],
    ],
    [
      'somebody changed it, and the catalogue has other content by now: its record says what it was',
      { records: [done1], ...running(done1, edited()) },
      { decision: stay(done1, { release: release('1.0.0', { image: 'registry.example.com/acme/web:other' }) }) },
      ['restore web-1, healing'],
    ],
    [
      'somebody changed it in the midst of a rollout',
      { records: [done1, open2], ...running(open2, { ...MIDWAY, ...edited() }), now: '02:01' },
      { decision: stay(open2) },
      ['apply Deployment, healing'],
    ],
    [
      'somebody undid what was done',
      { records: [done1, done2], ...running(done2, undoneTo(done1)) },
      { decision: stay(done2) },
      ['apply Deployment, healing'],
    ],
    [
      'somebody deleted its Service',
      { records: [done1], deployment: deployment(done1) },
      { decision: stay(done1) },
      ['apply Service'],
    ],
    [
      'somebody changed its Service',
      { records: [done1], deployment: deployment(done1), service: service(done1, { owned: 'edited' }) },
      { decision: stay(done1) },
      ['apply Service, healing'],
    ],
    [
      'its Service is somebody else’s',
      { records: [done1], deployment: deployment(done1), service: ofAnother(service(done1)) },
      { decision: stay(done1) },
      [],
    ],
    [
      'its release has no ports: its Service goes',
      { records: [proven(1, { ports: undefined })], ...running(done1) },
      { decision: stay(done1) },
      ['remove Service'],
    ],
    [
      'its release has no ports, and old pods still serve',
      { records: [done1, record(2, { ports: undefined })], ...running(open2, MIDWAY), now: '02:01' },
      { decision: stay(open2) },
      [],
    ],
    [
      'somebody deleted its PodDisruptionBudget',
      { records: [withBudget], ...running(withBudget), spec: performance },
      { decision: stay(withBudget, { spec: performance }) },
      ['apply PodDisruptionBudget'],
    ],
    [
      'its PodDisruptionBudget is there',
      { records: [withBudget], ...running(withBudget), budget: budget(), spec: performance },
      { decision: stay(withBudget, { spec: performance }) },
      [],
    ],
    [
      'its tier has no PodDisruptionBudget any more',
      { records: [done1], ...running(done1), budget: budget() },
      { decision: stay(done1) },
      ['remove PodDisruptionBudget'],
    ],
    [
      'of an earlier installation of this name: it becomes ours with its records',
      { records: [orphaned(done1)], deployment: deployment(orphaned(done1)), service: orphaned(service(done1)) },
      { decision: stay(done1) },
      ['mark web-1', 'apply Service', 'apply Deployment'],
    ],
    [
      'what is no record goes',
      { records: [done1, stray(2)], ...running(done1) },
      { decision: stay(done1) },
      ['remove web-2'],
    ],
    [
      'its Deployment names an older record: first that is put right',
      { records: [done1, done2], deployment: deployment(done1, edited()) },
      { decision: stay(done2) },
      [],
    ],
  ])('%s', (_, pieces, decided, writes) => {
    expect(act(pieces, decided).writes.map(inWords)).toEqual(writes);
  });

  it.each([
    ['kept', keep],
    ['held', held],
    ['stopped by a problem', wrong],
  ])('where it is %s, too, all that it has is kept as its record says', (_, decision) => {
    const writes = (pieces: Pieces) => act(pieces, { decision }).writes.map(inWords);

    expect(writes({ records: [done1], ...running(done1) })).toEqual([]);
    expect(writes({ records: [done1], deployment: deployment(done1, edited()) })).toEqual([
      'apply Service',
      'restore web-1, healing',
    ]);
    expect(writes({ records: [done1, done2, done3], ...running(done3) })).toEqual(['remove web-1']);
    expect(writes({})).toEqual([]);
  });
});

describe('what is stable comes back:', () => {
  it.each<Row>([
    [
      'after a failure: that is marked before the Deployment is written',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:10' },
      { decision: comeBack(done1, 'Failed', { failure, ends: open2 }), failure },
      ['mark web-2', 'restore web-1'],
    ],
    [
      'after a failure that is marked already',
      { records: [done1, failed(2)], ...running(open2, MIDWAY), now: '02:10:10' },
      { decision: comeBack(done1, 'Failed', { failure }) },
      ['restore web-1'],
    ],
    [
      'after a cancel',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:04' },
      { decision: comeBack(done1, 'Cancelled', { ends: open2 }) },
      ['mark web-2', 'restore web-1'],
    ],
    [
      'after a cancel that is marked already',
      { records: [done1, superseded(2)], ...running(open2, MIDWAY), now: '02:05:10' },
      { decision: comeBack(done1, 'Cancelled') },
      ['restore web-1'],
    ],
    [
      'long after a cancel that is marked already: it begins now',
      { records: [done1, superseded(2)], ...running(open2, MIDWAY), now: '02:20' },
      { decision: comeBack(done1, 'Cancelled') },
      ['mark web-2', 'restore web-1'],
    ],
    [
      'where its Deployment was deleted',
      { records: [done1], service: service(done1) },
      { decision: comeBack(done1, 'Lost') },
      ['restore web-1'],
    ],
    [
      'where its Deployment was deleted in the midst of a rollout',
      { records: [done1, open2] },
      { decision: comeBack(done1, 'Lost', { ends: open2 }) },
      ['mark web-2', 'restore web-1'],
    ],
    [
      'where somebody undid a rollout in its midst',
      { records: [done1, open2], ...running(open2, undoneTo(done1)) },
      { decision: comeBack(done1, 'Undone', { ends: open2 }) },
      ['mark web-2', 'restore web-1'],
    ],
    [
      'where an older Deployment is back',
      { records: [done1, done2], ...running(done1) },
      { decision: comeBack(done2, 'Outdated') },
      ['restore web-2'],
    ],
    [
      'also while it is suspended, for what failed',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:10', spec: { suspend: true } },
      { decision: comeBack(done1, 'Failed', { failure, ends: open2 }), failure },
      ['mark web-2', 'restore web-1'],
    ],
  ])('%s', (_, pieces, decided, writes) => {
    expect(act(pieces, decided).writes.map(inWords)).toEqual(writes);
  });
});

describe('suspended, nothing is written', () => {
  const spec = { suspend: true };

  it.each<Row>([
    ['to begin a rollout', { spec }, { decision: start(record(1)) }, []],
    [
      'to undo what somebody changed',
      { records: [done1], ...running(done1, edited()), spec },
      { decision: stay(done1) },
      [],
    ],
    [
      'to make a Service anew',
      { records: [done1], deployment: deployment(done1), spec },
      { decision: stay(done1) },
      [],
    ],
    ['to tidy up', { records: [done1, done2, done3], ...running(done3), spec }, { decision: stay(done3) }, []],
    ['to take over what stands', { deployment: deployment(done1), spec }, { decision: standing }, []],
    [
      'but that it is done',
      { records: [done1, open2], ...running(open2), now: '02:03', spec },
      { decision: stay(open2) },
      ['mark web-2'],
    ],
    [
      'but that it failed',
      { records: [done1, open2], ...running(open2, MIDWAY), now: '02:10', spec },
      { decision: stay(open2), failure },
      ['mark web-2'],
    ],
  ])('%s', (_, pieces, decided, writes) => {
    expect(act(pieces, decided).writes.map(inWords)).toEqual(writes);
  });
});

describe('what stands without a record', () => {
  it.each<Row>([
    [
      'is recorded and named, with nothing else at once',
      { deployment: deployment(done1, { record: undefined, template: 'hash' }) },
      { decision: standing },
      ['record web-1', 'apply Deployment'],
    ],
  ])('%s', (_, pieces, decided, writes) => {
    expect(act(pieces, decided).writes.map(inWords)).toEqual(writes);
  });
});

describe('a write is meant for exactly what was seen:', () => {
  const first = <Kind extends Action['kind']>(kind: Kind, pieces: Pieces, decision: Decision) =>
    act(pieces, { decision }).writes.find((w): w is Extract<Action, { kind: Kind }> => w.kind === kind) ??
    expect.fail(`Nothing to ${kind}`);

  it('the Deployment that is there is replaced, whoever changed it, and nobody is blamed for that', () => {
    const action = first('apply', { records: [done1], ...running(done1, edited()) }, start(open2));
    expect(action).toMatchObject({ child: 'Deployment', uid: 'uid-deployment', heals: undefined });
  });

  it('a first one is created, and takes nothing from anybody', () => {
    expect(first('apply', { service: service(done1) }, start(record(1)))).toMatchObject({
      child: 'Deployment',
      uid: undefined,
      heals: undefined,
    });
  });

  it('an orphan is taken over and no other of its name', () => {
    const pieces = { records: [orphaned(done1)], deployment: deployment(orphaned(done1)), service: service(done1) };
    expect(first('apply', pieces, stay(done1))).toMatchObject({ uid: undefined, adopts: 'uid-deployment' });
  });

  it('what comes back replaces the Deployment that is there, or is made', () => {
    const back = comeBack(done1, 'Failed');
    expect(first('restore', { records: [done1, failed(2)], ...running(open2, MIDWAY) }, back)).toMatchObject({
      uid: 'uid-deployment',
      record: 'web-1',
      heals: undefined,
    });
    expect(first('restore', { records: [done1] }, comeBack(done1, 'Lost')).uid).toBeUndefined();
  });

  it('a heal says who changed what', () => {
    const pieces = { records: [done1], ...running(done1, edited('kubectl-edit')) };
    expect(first('apply', pieces, stay(done1)).heals).toBe('spec.replicas was changed by "kubectl-edit"');
    expect(first('restore', pieces, keep).heals).toBe('spec.replicas was changed by "kubectl-edit"');
  });

  it('a record is removed only if it is the one that was seen', () => {
    expect(first('remove', { records: [done1, done2, done3], ...running(done3) }, stay(done3))).toEqual({
      kind: 'remove',
      child: 'ControllerRevision',
      name: 'web-1',
      uid: 'uid-web-1',
    });
  });
});

describe('the number of pods is left as it is', () => {
  const scaled = record(2, { effective: { tier: {} } });
  const leaving = (pieces: Pieces, decision: Decision) =>
    act(pieces, { decision }).writes.flatMap((w) => ('leaveReplicas' in w ? [w.leaveReplicas] : []));

  it.each<[string, Pieces, Decision, readonly number[]]>([
    [
      'where a tier leaves it to others from now on',
      { records: [done1], ...running(done1, { replicas: 7 }) },
      {
        ...start(scaled),
        inputs: { ...start(scaled).inputs, shape: { ...start(scaled).inputs.shape, replicas: undefined } },
      },
      [7],
    ],
    [
      'not where the tier has one of its own',
      { records: [done1], ...running(done1, { replicas: 7 }) },
      start(open2),
      [],
    ],
    [
      'where what comes back leaves it to others',
      {
        records: [{ ...scaled, number: 1, name: 'web-1', mark: { provenAt: at('01:05') } }, failed(2)],
        ...running(open2, { ...MIDWAY, replicas: 4 }),
      },
      comeBack({ ...scaled, number: 1, name: 'web-1' }, 'Failed'),
      [4],
    ],
    [
      'not where it was somebody else’s all the time',
      {
        records: [{ ...scaled, number: 1, name: 'web-1', mark: { provenAt: at('01:05') } }, failed(2)],
        ...running(open2, { ...MIDWAY, ownsReplicas: false }),
      },
      comeBack({ ...scaled, number: 1, name: 'web-1' }, 'Failed'),
      [],
    ],
  ])('%s', (_, pieces, decision, expected) => {
    expect(leaving(pieces, decision)).toEqual(expected);
  });
});

describe('what was healed again and again and did not hold is left for a while:', () => {
  const culprit = 'spec.replicas was changed by "kubectl-edit"';
  const heals = { count: 3, burst: 3, culprit, lastAt: clock('11:59') };
  const changed = { records: [done1], ...running(done1, edited()) };

  it('until when, is said', () => {
    const { writes, postponed } = act({ ...changed, heals: { Deployment: heals } }, { decision: stay(done1) });
    expect(writes).toEqual([]);
    expect(postponed).toEqual([{ culprit, notBefore: clock('12:01') }]);
  });

  it('until the time is over: then it is healed once more', () => {
    const { writes, postponed } = act(
      { ...changed, heals: { Deployment: heals }, now: '12:01' },
      { decision: stay(done1) },
    );
    expect(writes.map(inWords)).toEqual(['apply Deployment, healing']);
    expect(postponed).toEqual([]);
  });

  it.each<[string, Pieces, Decided, readonly string[]]>([
    [
      'what is new is healed at once',
      { ...changed, heals: { Deployment: { ...heals, culprit: 'somebody else' } } },
      { decision: stay(done1) },
      ['apply Deployment, healing'],
    ],
    [
      'its Service is healed meanwhile',
      { records: [done1], deployment: deployment(done1, edited()), heals: { Deployment: heals } },
      { decision: stay(done1) },
      ['apply Service'],
    ],
    [
      'a rollout begins meanwhile',
      { ...changed, heals: { Deployment: heals } },
      { decision: start(open2) },
      ['record web-2', 'apply Deployment'],
    ],
    [
      'what is stable comes back meanwhile',
      {
        records: [done1, open2],
        ...running(open2, { ...MIDWAY, ...edited() }),
        heals: { Deployment: heals },
        now: '02:10',
      },
      { decision: comeBack(done1, 'Failed', { ends: open2 }), failure },
      ['mark web-2', 'restore web-1'],
    ],
  ])('%s', (_, pieces, decided, writes) => {
    expect(act(pieces, decided).writes.map(inWords)).toEqual(writes);
  });
});

it.each<[string, Pieces, Decided, boolean]>([
  ['a rollout begins', {}, { decision: start(record(1)) }, true],
  ['what is stable comes back', { records: [done1] }, { decision: comeBack(done1, 'Lost') }, true],
  ['what stands is taken over', { deployment: deployment(done1) }, { decision: standing }, true],
  [
    'only a mark is written',
    { records: [done1, open2], ...running(open2), now: '02:03' },
    { decision: stay(open2) },
    false,
  ],
  ['only a Service is written', { records: [done1], deployment: deployment(done1) }, { decision: stay(done1) }, false],
  ['nothing is written', { records: [done1], ...running(done1) }, { decision: stay(done1) }, false],
])('a Deployment is written, or none: %s', (_, pieces, decided, expected) => {
  expect(writesDeployment(act(pieces, decided))).toBe(expected);
});
