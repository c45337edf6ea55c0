import { describe, expect, it } from 'vitest';
import { neverBegun, straysOf, surplusOf } from '../../../../src/plan/act/retention.ts';
import { recordedFailures } from '../../../../src/plan/failures/failures.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import {
  at,
  clock,
  deployment,
  failed,
  failureOf,
  MIDWAY,
  NOW,
  ofAnother,
  orphaned,
  proven,
  record,
  refused,
  seen,
  stray,
  superseded,
  type Pieces,
} from '../../../support/records.ts';

const look = (pieces: Pieces) => readState(seen(pieces), clock(pieces.now ?? NOW));
const numbers = (records: readonly { readonly number: number }[]) => records.map((r) => r.number).sort((a, b) => a - b);

const [done1, done2, done3, done4] = [proven(1), proven(2), proven(3), proven(4)];
const at1 = { deployment: deployment(done1) };
const at3 = { deployment: deployment(done3) };
const again = { ...MIDWAY, appliedAt: at('03:11') };

/** The rollouts that are done, and how many of their records are kept. */
const SURPLUS: readonly (readonly [sentence: string, pieces: Pieces, surplus: readonly number[]])[] = [
  ['a single one is kept', { records: [done1], ...at1 }, []],
  ['what was stable before is kept', { records: [done1, done2], deployment: deployment(done2) }, []],
  ['what was stable before that is not', { records: [done1, done2, done3], ...at3 }, [1]],
  [
    'it is done now: the record before the last goes at once',
    { records: [done1, done2, record(3)], ...at3, now: '03:03' },
    [1],
  ],
  ['a failure since is kept: the next record takes it over', { records: [done1, failed(2)], ...at1 }, []],
  ['only the newest of them, which has taken over the others', { records: [done1, failed(2), failed(3)], ...at1 }, [2]],
  // helm/helm#3668: after many failures in a row the last success drops out of the history.
  [
    'however many failed, what is stable stays',
    { records: [done1, ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => failed(n))], ...at1 },
    [2, 3, 4, 5, 6, 7, 8],
  ],
  ['a failure before what is stable is taken over by that', { records: [done1, failed(2), done3], ...at3 }, [2]],
  ['what was refused is a failure, too', { records: [done1, refused(2)], ...at1 }, []],
  ['the newest one is kept, for its number: what was given up', { records: [done1, superseded(2)], ...at1 }, []],
  ['what was overtaken is not', { records: [done1, record(2), done3], ...at3 }, [2]],
  [
    'all of it at once',
    {
      records: [done1, done2, done3, failed(4), done4, failed(5), failed(6)].map((r, i) => ({
        ...r,
        number: i + 1,
        name: `web-${i + 1}`,
      })),
      deployment: deployment({ ...done4, number: 5 }, { record: 5, template: '4' }),
    },
    [1, 2, 4, 6],
  ],
  [
    'nothing while a rollout is under way',
    { records: [done1, done2, done3, record(4)], deployment: deployment(record(4), MIDWAY), now: '04:01' },
    [],
  ],
  [
    'nothing on its way back',
    { records: [done1, failed(2), failed(3)], deployment: deployment(done1, again), now: '03:12' },
    [],
  ],
  ['nothing while the Deployment is gone', { records: [done1, done2, done3] }, []],
  ['nothing while an older Deployment is back', { records: [done1, done2, done3], ...at1 }, []],
  [
    'once a rollout has failed, those before it go, also where nothing was ever done',
    { records: [failed(1), failed(2), failed(3)], deployment: deployment(failed(3), MIDWAY), now: '03:11' },
    [1, 2],
  ],
  [
    'nothing while no rollout was ever done, nor has failed',
    { records: [failed(1), record(2)], deployment: deployment(record(2), MIDWAY), now: '02:01' },
    [],
  ],
];

describe('what no decision needs any more is removed:', () => {
  it.each(SURPLUS)('%s', (_, pieces, surplus) => {
    expect(numbers(surplusOf(look(pieces)))).toEqual(surplus);
  });

  it('what it leaves reads the same: head, stable, what is done, and what failed', () => {
    for (const [sentence, pieces] of SURPLUS) {
      const before = look(pieces);
      const gone = surplusOf(before);
      const after = look({ ...pieces, records: before.records.filter((r) => !gone.includes(r)) });
      const told = ({ name, head, stable, base, done }: typeof before) => ({ name, head, stable, base, done });
      expect(told(after), sentence).toEqual(told(before));
      expect(surplusOf(after), sentence).toEqual([]);
    }
  });

  it('keeps every failure that a record has taken over', () => {
    const [f2, f3] = [failed(2), failed(3)];
    const taken = { ...f3, failures: [failureOf(f2)] };
    const before = look({ records: [done1, f2, taken], ...at1 });
    const gone = surplusOf(before);

    expect(numbers(gone)).toEqual([2]);
    expect(recordedFailures({ records: before.records.filter((r) => !gone.includes(r)) })).toEqual(
      recordedFailures(before),
    );
  });
});

it.each<[string, Pieces, number | undefined, readonly number[]]>([
  [
    'each that the API server refused the Deployment of',
    { records: [done1, record(2), record(3)], ...at1 },
    undefined,
    [2, 3],
  ],
  ['but the one that begins with it', { records: [done1, record(2), record(3)], ...at1 }, 3, [2]],
  ['where nothing is there yet', { records: [record(1), record(2)] }, undefined, [1, 2]],
  [
    'none that has a Deployment',
    { records: [done1, record(2)], deployment: deployment(record(2), MIDWAY) },
    undefined,
    [],
  ],
  ['none that has failed since, nor what is older', { records: [done1, record(2), failed(3)], ...at1 }, undefined, []],
])('what never began goes when the next rollout begins: %s', (_, pieces, begins, expected) => {
  const state = look(pieces);
  const own = state.records.find(({ number }) => number === begins);
  expect(numbers(neverBegun(state, own))).toEqual(expected);
});

describe('what is of no use to anybody is removed:', () => {
  it.each<[string, Pieces, readonly number[]]>([
    ['its own records are not', { records: [done1, record(2)], ...at1 }, []],
    ['what is no record', { records: [done1, stray(2)], ...at1 }, [2]],
    ['what an earlier installation left behind, whose Deployment is gone', { records: [orphaned(done1)] }, [1]],
    [
      'what it left behind with a Deployment of another provider',
      { records: [orphaned(proven(1, { provider: 'acme/db' }))], ...at1 },
      [1],
    ],
    [
      'what it left behind with its Deployment becomes ours instead',
      { records: [orphaned(done1)], deployment: deployment(orphaned(done1)) },
      [],
    ],
    ['what it left behind that is no record', { records: [done1, orphaned(stray(2))], ...at1 }, [2]],
    [
      'what belongs to another object is not ours to remove',
      { records: [done1, ofAnother(proven(7)), ofAnother(stray(8))], ...at1 },
      [],
    ],
  ])('%s', (_, pieces, strays) => {
    expect(numbers(straysOf(seen(pieces), look(pieces)))).toEqual(strays);
  });
});
