import { describe, expect, it } from 'vitest';
import { ANNOTATION } from '../../../../src/api/names.ts';
import type { Decided } from '../../../../src/plan/decide/decision.ts';
import { marking, marksOf } from '../../../../src/plan/act/marks.ts';
import type { Mark } from '../../../../src/plan/state/observed.ts';
import { formatMark, NOTHING_ASKED, parseMark } from '../../../../src/plan/state/record.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import { installation } from '../../../support/builders.ts';
import {
  at,
  clock,
  comeBack,
  deployment,
  failed,
  failureOf,
  MIDWAY,
  NOW,
  orphaned,
  proven,
  record,
  refused,
  seen,
  start,
  stay,
  superseded,
  type Pieces,
  undoneTo,
} from '../../../support/records.ts';

const failure = failureOf(record(2), { retryAfter: at('08:10'), retries: ['a', 'Provider b'], software: 'php=8.3.0' });

describe('a mark survives being annotations', () => {
  const parts: readonly Mark[] = [
    { provenAt: at('02:05') },
    { failure },
    { supersededAt: at('02:06') },
    { supersededAt: at('02:06'), why: 'The Deployment was deleted' },
    { asked: 'abc' },
    { isConsentReturned: true },
  ];
  const all = parts.reduce<readonly Mark[]>(
    (sum, part) => [...sum, ...sum.map((mark) => ({ ...mark, ...part }))],
    [{}],
  );

  it('whatever is known of a rollout', () => {
    expect(all).toHaveLength(64);
    for (const mark of all) {
      expect(parseMark(formatMark(mark))).toEqual(mark);
    }
  });

  it('no annotation is written for a fact that is not known', () => {
    expect(formatMark({})).toEqual({});
    expect(formatMark({ provenAt: undefined, failure: undefined, supersededAt: undefined, why: 'x' })).toEqual({});
  });
});

describe('what somebody wrote by hand, or another program, is no mark', () => {
  const { proven: PROVEN, failed: FAILED, superseded: SUPERSEDED } = ANNOTATION;

  it.each<[string, Record<string, string>, Mark]>([
    ['nothing at all', {}, {}],
    ['what others annotate', { 'example.com/proven': at('02:05'), 'deployment.kubernetes.io/revision': '3' }, {}],
    ['a word for a time', { [PROVEN]: 'yes' }, {}],
    ['an empty time', { [PROVEN]: '', [SUPERSEDED]: '' }, {}],
    ['a reason without its time', { [SUPERSEDED]: 'because of me' }, {}],
    ['a text for a failure', { [FAILED]: 'it failed' }, {}],
    ['an empty failure', { [FAILED]: '' }, {}],
    ['JSON that is no failure', { [FAILED]: '{"version":"1.1.0"}' }, {}],
    ['a list of failures', { [FAILED]: JSON.stringify([failure]) }, {}],
    ['half of a failure', { [FAILED]: JSON.stringify(failure).slice(0, 40) }, {}],
    ['a failure of no version', { [FAILED]: JSON.stringify({ ...failure, version: 'latest' }) }, {}],
    ['a failure at no time', { [FAILED]: JSON.stringify({ ...failure, at: 'yesterday' }) }, {}],
    ['a failure with more members than we know', { [FAILED]: JSON.stringify({ ...failure, more: 1 }) }, { failure }],
    // A bad mark does not spoil the other marks on the same record.
    ['one bad mark beside a good one', { [PROVEN]: at('02:05'), [FAILED]: '{' }, { provenAt: at('02:05') }],
  ])('%s', (_, annotations, mark) => {
    expect(parseMark(annotations)).toEqual(mark);
  });
});

it('a mark is for exactly the record that was seen, and says all that is known of it', () => {
  const one = record(2, { resourceVersion: '77' });
  const { kind, child, object } = marking(installation(), one, { provenAt: at('02:05'), asked: 'abc' });

  expect({ kind, child }).toEqual({ kind: 'mark', child: 'ControllerRevision' });
  expect(object).toEqual({
    metadata: {
      name: 'web-2',
      namespace: 'shop',
      uid: 'uid-web-2',
      resourceVersion: '77',
      ownerReferences: [expect.objectContaining({ uid: 'uid-web', controller: true })],
      annotations: { [ANNOTATION.proven]: at('02:05'), [ANNOTATION.asked]: 'abc' },
    },
  });
});

/** Marks by the numbers of their records. */
type Marks = Readonly<Record<number, Mark>>;

function marksIn(pieces: Pieces, decided: Decided): Marks {
  const [observed, now] = [seen(pieces), clock(pieces.now ?? NOW)];
  const marks = marksOf(observed, readState(observed, now), decided, now);
  expect(new Set(marks.map(({ object }) => object.metadata.name)).size, 'one write for each').toBe(marks.length);
  return Object.fromEntries(
    marks.map(({ object: { metadata } }) => [Number(metadata.name.slice(4)), parseMark(metadata.annotations)]),
  );
}

const [done1, open2] = [proven(1), record(2)];
const consenting = (number: number, mark?: Mark) => proven(number, { consent: '1.0.0', ...(mark && { mark }) });
const provenAt = at('01:05');

describe('what a look finds out of the rollouts is marked:', () => {
  it.each<[string, Pieces, Decided, Marks]>([
    [
      'it is done',
      { records: [done1, open2], deployment: deployment(open2), now: '02:03' },
      { decision: stay(open2) },
      { 2: { provenAt: at('02:03') } },
    ],
    ['it was done before', { records: [done1], deployment: deployment(done1) }, { decision: stay(done1) }, {}],
    [
      'it is done after all: what was called a failure is none, nor was it given up',
      { records: [done1, failed(2)], deployment: deployment(open2) },
      { decision: stay(open2) },
      { 2: { provenAt: at(NOW) } },
    ],
    [
      'it failed, and goes back',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:10' },
      { decision: comeBack(done1, 'Failed', { ends: open2 }), failure },
      { 2: { failure } },
    ],
    [
      'it failed, and does not go back',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:10' },
      { decision: stay(open2), failure },
      { 2: { failure } },
    ],
    [
      'it was marked as failed before it went back',
      { records: [done1, failed(2)], deployment: deployment(open2, MIDWAY), now: '02:10:10' },
      { decision: comeBack(done1, 'Failed') },
      {},
    ],
    [
      'it was cancelled',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:04' },
      { decision: comeBack(done1, 'Cancelled', { ends: open2 }) },
      { 2: { supersededAt: at('02:04') } },
    ],
    [
      'it was undone in its midst',
      { records: [done1, open2], deployment: deployment(open2, undoneTo(done1)), now: '02:04' },
      { decision: comeBack(done1, 'Undone', { ends: open2 }) },
      { 2: { supersededAt: at('02:04') } },
    ],
    [
      'its Deployment was deleted in its midst, which nobody asked for',
      { records: [done1, open2], now: '02:04' },
      { decision: comeBack(done1, 'Lost', { ends: open2 }) },
      { 2: { supersededAt: at('02:04'), why: 'The Deployment was deleted' } },
    ],
    ['its Deployment was deleted at rest', { records: [done1] }, { decision: comeBack(done1, 'Lost') }, {}],
    [
      'it was cancelled within the second in which it began: it ends after that',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:00' },
      { decision: comeBack(done1, 'Cancelled', { ends: open2 }) },
      { 2: { supersededAt: at('02:00:01') } },
    ],
    [
      'another one begins: what was refused or given up before keeps its mark',
      { records: [done1, refused(2), superseded(3)], deployment: deployment(done1) },
      { decision: start(record(4)) },
      {},
    ],
    [
      'the spec says something else of system software, which comes to the same pods',
      { records: [done1], deployment: deployment(done1) },
      { decision: stay(done1, { askedAnew: 'abc' }) },
      { 1: { provenAt, asked: 'abc' } },
    ],
    [
      'the spec says nothing of system software any more',
      { records: [proven(1, { mark: { asked: 'abc' } })], deployment: deployment(done1) },
      { decision: stay(done1, { askedAnew: NOTHING_ASKED }) },
      { 1: { provenAt, asked: NOTHING_ASKED } },
    ],
    [
      'of a rollout under way, too',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:01' },
      { decision: stay(open2, { askedAnew: 'abc' }) },
      { 2: { asked: 'abc' } },
    ],
    [
      'it is done, and the spec says something else: one write',
      { records: [done1, open2], deployment: deployment(open2), now: '02:03' },
      { decision: stay(open2, { askedAnew: 'abc' }) },
      { 2: { provenAt: at('02:03'), asked: 'abc' } },
    ],
    [
      'the consent that it used is taken away',
      { records: [consenting(1)], deployment: deployment(done1) },
      { decision: stay(done1) },
      { 1: { provenAt, isConsentReturned: true } },
    ],
    [
      'another consent is given instead',
      { records: [consenting(1)], deployment: deployment(done1), spec: { upgrade: { allowDowngradeTo: '0.9.0' } } },
      { decision: stay(done1) },
      { 1: { provenAt, isConsentReturned: true } },
    ],
    [
      'the consent is still in the spec',
      { records: [consenting(1)], deployment: deployment(done1), spec: { upgrade: { allowDowngradeTo: '1.0.0' } } },
      { decision: stay(done1) },
      {},
    ],
    [
      'it was marked before that the consent is gone',
      { records: [consenting(1, { isConsentReturned: true })], deployment: deployment(done1) },
      { decision: stay(done1) },
      {},
    ],
    [
      'it is done only now, and its consent was taken away meanwhile',
      { records: [record(1, { consent: '1.0.0' })], deployment: deployment(done1), now: '01:03' },
      { decision: stay(done1) },
      { 1: { provenAt: at('01:03'), isConsentReturned: true } },
    ],
    [
      'the consent of what is stable is taken away while something else is under way',
      { records: [consenting(1), open2], deployment: deployment(open2, MIDWAY), now: '02:01' },
      { decision: stay(open2) },
      { 1: { provenAt, isConsentReturned: true } },
    ],
    [
      'records of an earlier installation of this name become ours, each with the mark that it has',
      {
        records: [orphaned(done1), orphaned(failed(2))],
        deployment: deployment(orphaned(done1)),
      },
      { decision: stay(done1) },
      { 1: { provenAt }, 2: { failure: failureOf(open2) } },
    ],
  ])('%s', (_, pieces, decided, marks) => {
    expect(marksIn(pieces, decided)).toEqual(marks);
  });
});

describe('while it is suspended, what ends is marked and nothing else:', () => {
  const spec = { suspend: true };

  it.each<[string, Pieces, Decided, Marks]>([
    [
      'it is done',
      { records: [done1, open2], deployment: deployment(open2), now: '02:03', spec },
      { decision: stay(open2, { askedAnew: 'abc' }) },
      { 2: { provenAt: at('02:03') } },
    ],
    [
      'it failed',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:10', spec },
      { decision: comeBack(done1, 'Failed', { ends: open2 }), failure },
      { 2: { failure } },
    ],
    ['no consent', { records: [consenting(1)], deployment: deployment(done1), spec }, { decision: stay(done1) }, {}],
    [
      'no adoption',
      { records: [orphaned(done1)], deployment: deployment(orphaned(done1)), spec },
      { decision: stay(done1) },
      {},
    ],
  ])('%s', (_, pieces, decided, marks) => {
    expect(marksIn(pieces, decided)).toEqual(marks);
  });
});
