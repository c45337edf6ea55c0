import { describe, expect, it } from 'vitest';
import type { NewFailure } from '../../../../src/plan/failures/failures.ts';
import { cancelOf, returnFirst, returnFromOver, servesFirst, type Return } from '../../../../src/plan/decide/return.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import {
  ANNOTATED,
  askedBy,
  at,
  BEGINNING,
  clock,
  deployment,
  edited,
  failed,
  failureOf,
  MIDWAY,
  NOW,
  orphaned,
  proven,
  record,
  seen,
  STUCK,
  superseded,
  undoneTo,
  type Pieces,
} from '../../../support/records.ts';

const look = (pieces: Pieces) => readState(seen(pieces), clock(pieces.now ?? NOW));

const [done1, done2, open2, open3] = [proven(1), proven(2), record(2), record(3)];
const failed2 = failed(2);
const suspend = { suspend: true };
const off = { upgrade: { rollback: { enabled: false } } };
const fresh: NewFailure = {
  version: '1.1.0',
  image: open2.image,
  reason: 'CrashLoop',
  message: 'it crashed',
  expires: 'never',
};
const inItsMidst: Pieces = { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:04' };

/**
 * A return as a row tells it: the record to go back to, the reason, the rollout that it ends, and the failure, if it is
 * one.
 */
interface Told {
  readonly to: number;
  readonly cause: Return['cause'];
  readonly ends?: number;
  readonly failure?: string;
}

function told(decision: Return | undefined): Told | undefined {
  if (!decision) {
    return undefined;
  }
  const { version, to, cause, ends, failure } = decision;
  expect(version).toBe(to.version);
  return {
    to: to.number,
    cause,
    ...(ends && { ends: ends.number }),
    ...(failure && { failure: failure.at.slice(11, 16) }),
  };
}

describe('before anything that the spec may ask for, what is stable comes back:', () => {
  const first = (pieces: Pieces, failure?: NewFailure) =>
    told(returnFirst(seen(pieces), look(pieces), failure, clock(pieces.now ?? NOW)));

  it.each<[string, Pieces, NewFailure | undefined, Told]>([
    ['a rollout has just failed', inItsMidst, fresh, { to: 1, cause: 'Failed', ends: 2, failure: '02:04' }],
    [
      'it was marked before, and the process ended',
      { ...inItsMidst, records: [done1, failed2] },
      undefined,
      { to: 1, cause: 'Failed', failure: '02:10' },
    ],
    [
      'it failed while it was suspended',
      { ...inItsMidst, spec: suspend },
      fresh,
      { to: 1, cause: 'Failed', ends: 2, failure: '02:04' },
    ],
    ['it was deleted at rest', { records: [done1] }, undefined, { to: 1, cause: 'Lost' }],
    [
      'it was deleted in the midst of a rollout',
      { records: [done1, open2] },
      undefined,
      { to: 1, cause: 'Lost', ends: 2 },
    ],
    ['it was deleted on its way back', { records: [done1, failed2] }, undefined, { to: 1, cause: 'Lost' }],
    [
      'an older one is back',
      { records: [done1, done2], deployment: deployment(done1) },
      undefined,
      { to: 2, cause: 'Outdated' },
    ],
    [
      'an older one is back in the midst of a rollout',
      { records: [done1, done2, open3], deployment: deployment(done1) },
      undefined,
      { to: 2, cause: 'Outdated', ends: 3 },
    ],
  ])('%s', (_, pieces, failure, expected) => {
    expect(first(pieces, failure)).toEqual(expected);
  });

  it.each<[string, Pieces, NewFailure | undefined]>([
    ['nothing was ever done', { records: [record(1)], deployment: deployment(record(1), MIDWAY), now: '01:10' }, fresh],
    ['nothing was ever done, and it was deleted', { records: [failed(1)] }, undefined],
    ['going back is switched off', { ...inItsMidst, spec: off }, fresh],
    ['what was done fails later', { records: [done1], deployment: deployment(done1, STUCK) }, undefined],
    [
      'the way back fails',
      { records: [done1, failed2], deployment: deployment(done1, { ...STUCK, appliedAt: at('02:11') }) },
      undefined,
    ],
    [
      'what failed was undone by somebody',
      { ...inItsMidst, records: [done1, failed2], deployment: deployment(failed2, undoneTo(done1)) },
      undefined,
    ],
    ['it is at rest', { records: [done1], deployment: deployment(done1) }, undefined],
    ['it is under way', inItsMidst, undefined],
    [
      'it is marked as failed, and has come to run',
      { records: [done1, failed2], deployment: deployment(failed2) },
      undefined,
    ],
    ['it was deleted, and is suspended', { records: [done1], spec: suspend }, undefined],
    [
      'an older one is back, and it is suspended',
      { records: [done1, done2], deployment: deployment(done1), spec: suspend },
      undefined,
    ],
  ])('not where %s', (_, pieces, failure) => {
    expect(first(pieces, failure)).toBeUndefined();
  });
});

describe('the spec asks for what ran before, in the midst of something else:', () => {
  const cancel = (pieces: Pieces, version = '1.0.0') => {
    const observed = seen(pieces);
    return told(cancelOf(observed, look(pieces), version, askedBy(observed)));
  };

  it.each<[string, Pieces, Told]>([
    ['a rollout is under way', inItsMidst, { to: 1, cause: 'Cancelled', ends: 2 }],
    [
      'a rollout has failed, and going back is switched off',
      { ...inItsMidst, records: [done1, failed2], spec: off },
      { to: 1, cause: 'Cancelled' },
    ],
    [
      'new settings are under way',
      {
        ...inItsMidst,
        records: [done1, record(2, { version: '1.0.0', spec: { config: { A: 'b' } } })],
        deployment: deployment(record(2, { version: '1.0.0' }), MIDWAY),
      },
      { to: 1, cause: 'Cancelled', ends: 2 },
    ],
  ])('%s', (_, pieces, expected) => {
    expect(cancel(pieces)).toEqual(expected);
  });

  it.each<[string, Pieces, string]>([
    ['it asks for what is under way', inItsMidst, '1.1.0'],
    [
      'the platform changed its tier, and it asks for the same all the time',
      {
        ...inItsMidst,
        records: [done1, record(2, { version: '1.0.0', trigger: 'Tier' })],
        deployment: deployment(record(2, { version: '1.0.0' }), MIDWAY),
      },
      '1.0.0',
    ],
    ['it asks for something else', inItsMidst, '1.2.0'],
    ['it asks for what ran before with other settings', { ...inItsMidst, spec: { config: { A: 'b' } } }, '1.0.0'],
    [
      'it asks for what ran before with other system software',
      { ...inItsMidst, spec: { systemSoftware: [{ name: 'php' }] } },
      '1.0.0',
    ],
    ['it is suspended', { ...inItsMidst, spec: suspend }, '1.0.0'],
    ['nothing is under way', { records: [done1], deployment: deployment(done1) }, '1.0.0'],
    ['nothing was ever done', { records: [open2], deployment: deployment(open2, MIDWAY), now: '02:01' }, '1.0.0'],
    ['it is done by this look', { ...inItsMidst, deployment: deployment(open2) }, '1.0.0'],
    ['somebody undid it: then it is over', { ...inItsMidst, deployment: deployment(open2, undoneTo(done1)) }, '1.0.0'],
  ])('not where %s', (_, pieces, version) => {
    expect(cancel(pieces, version)).toBeUndefined();
  });
});

describe('a rollout that is over still has the Deployment, and nothing else may begin:', () => {
  const over = (pieces: Pieces) => told(returnFromOver(seen(pieces), look(pieces)));
  const undone = { ...inItsMidst, deployment: deployment(open2, undoneTo(done1)) };

  it.each<[string, Pieces, Told | undefined]>([
    ['somebody undid it in its midst', undone, { to: 1, cause: 'Undone', ends: 2 }],
    ['somebody undid it after it had failed', { ...undone, records: [done1, failed2] }, { to: 1, cause: 'Undone' }],
    ['it was cancelled', { ...inItsMidst, records: [done1, superseded(2)] }, { to: 1, cause: 'Cancelled' }],
    [
      'not where somebody undid what was done: that is healed',
      { records: [done1, done2], deployment: deployment(done2, undoneTo(done1)) },
      undefined,
    ],
    [
      'not where nothing was ever done',
      { records: [superseded(1)], deployment: deployment(record(1), BEGINNING) },
      undefined,
    ],
    ['not where it is suspended', { ...undone, spec: suspend }, undefined],
    ['not where it is under way', inItsMidst, undefined],
    [
      'not where somebody changed it in its midst',
      { ...inItsMidst, deployment: deployment(open2, { ...MIDWAY, ...edited() }) },
      undefined,
    ],
    [
      'not where somebody annotated it at rest',
      { records: [done1], deployment: deployment(done1, ANNOTATED) },
      undefined,
    ],
  ])('%s', (_, pieces, expected) => {
    expect(over(pieces)).toEqual(expected);
  });
});

describe('what came back serves first, before the same is tried again:', () => {
  const asked = failureOf(open2).wish ?? '';
  const standing = record(1, { foundWith: 'own', wish: 'unknown' });
  const found = (more: Parameters<typeof deployment>[1], now = '01:01'): Pieces => ({
    records: [standing],
    deployment: deployment(standing, { ...MIDWAY, available: 2, ...more }),
    now,
  });
  const back = (more: Parameters<typeof deployment>[1], pieces: Pieces = {}): Pieces => ({
    records: [done1, failed2],
    deployment: deployment(done1, { ...MIDWAY, appliedAt: at('02:11'), available: 1, ...more }),
    now: '02:12',
    ...pieces,
  });

  it.each<[string, Pieces, string, boolean]>([
    ['fewer pods serve than before', back({}), asked, true],
    [
      'fewer pods serve than before, after a cancel',
      back({ appliedAt: at('02:06') }, { records: [done1, superseded(2, { wish: 'own' })], now: '02:07' }),
      'own',
      true,
    ],
    ['not where all serve that did before', back({ available: 2 }), asked, false],
    ['not where the spec asks for something else by now', back({}), 'other', false],
    ['not where the way back has failed', back({}, { now: '02:40' }), asked, false],
    ['not where it has arrived', back({ total: 2, updated: 2, available: 2 }), asked, false],
    ['not where nothing goes back', { ...inItsMidst }, asked, false],
    ['it was found without a record, and has not proven itself', found({}), 'own', true],
    ['not where the spec was edited since it was found', found({}), 'other', false],
    [
      'not where what was found has proven itself',
      found({ total: 2, updated: 2, progress: 'NewReplicaSetAvailable' }),
      'own',
      false,
    ],
    ['not where what was found has failed', found(STUCK, '01:11'), 'own', false],
  ])('%s', (_, pieces, spec, isKept) => {
    const expected = isKept ? { kind: 'keep', version: '1.0.0' } : undefined;
    expect(servesFirst(look(pieces), { spec, tier: 'tier' })).toEqual(expected);
  });
});

it('what failed goes back, also where an earlier installation of this name had begun it', () => {
  const pieces = {
    records: [orphaned(done1), orphaned(open2)],
    deployment: deployment(orphaned(open2), MIDWAY),
    now: '02:04',
  };
  expect(told(returnFirst(seen(pieces), look(pieces), fresh, clock('02:04')))).toEqual({
    to: 1,
    cause: 'Failed',
    ends: 2,
    failure: '02:04',
  });
});
