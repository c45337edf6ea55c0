import { expect, it } from 'vitest';
import { markRefused } from '../../../../src/plan/act/refused-write.ts';
import { parseMark } from '../../../../src/plan/state/record.ts';
import {
  at,
  clock,
  deployment,
  failed,
  failureOf,
  MIDWAY,
  NOW,
  proven,
  record,
  refused,
  seen,
  superseded,
  type Pieces,
} from '../../../support/records.ts';

const mark = (pieces: Pieces, message = 'denied') => markRefused(seen(pieces), message, clock(pieces.now ?? NOW));
const failureIn = (pieces: Pieces, message?: string) => {
  const marking = mark(pieces, message);
  return marking && parseMark(marking.object.metadata.annotations).failure;
};

const done1 = proven(1, { software: 'php=8.2.0' });
const at1 = { deployment: deployment(done1) };
const automatic = record(2, { trigger: 'Policy' });
const tier = record(2, { version: '1.0.0', trigger: 'Tier', wish: 'tier' });

it('what nobody asked for and admission refused is marked like any other failure, and tried again later', () => {
  expect(mark({ records: [done1, automatic], ...at1, retries: ['a'] })).toMatchObject({
    kind: 'mark',
    child: 'ControllerRevision',
    object: { metadata: { name: 'web-2', uid: 'uid-web-2', resourceVersion: '1' } },
  });
  expect(failureIn({ records: [done1, automatic], ...at1, retries: ['a'] })).toEqual({
    version: '1.1.0',
    image: automatic.image,
    reason: 'Refused',
    message: 'denied',
    retries: ['a'],
    at: at(NOW),
    attempts: 1,
    retryAfter: at('18:00'),
  });
});

it.each<[string, Pieces, { wish?: string; software?: string; attempts?: number; retryAfter?: string }]>([
  ['the version that automation chose', { records: [done1, automatic], ...at1 }, {}],
  [
    'the same version for the second time',
    {
      records: [
        done1,
        refused(2, { trigger: 'Policy', mark: { failure: failureOf(automatic, { wish: undefined }) } }),
        record(3, { version: '1.1.0', trigger: 'Policy' }),
      ],
      ...at1,
    },
    { attempts: 2, retryAfter: '2026-01-02T00:00:00Z' },
  ],
  [
    'the system software that moved',
    { records: [done1, record(2, { version: '1.0.0', trigger: 'SystemSoftware', software: 'php=8.3.0' })], ...at1 },
    { software: 'php=8.3.0' },
  ],
  ['the wish with its tier', { records: [done1, tier], ...at1 }, { wish: 'tier' }],
  ['a first install that automation chose', { records: [automatic] }, {}],
])('to blame is %s', (_, pieces, { attempts = 1, retryAfter = at('18:00'), ...more }) => {
  const { wish, software, ...failure } = failureIn(pieces) ?? {};
  expect({ ...(wish && { wish }), ...(software && { software }) }).toEqual(more);
  expect(failure).toMatchObject({ reason: 'Refused', attempts, retryAfter });
});

it.each<[string, Pieces]>([
  ['the spec asked for it', { records: [done1, record(2)], ...at1 }],
  ['it is a first install', { records: [record(1)] }],
  [
    'it is an edit in the midst of what automation chose: again and again it would be tried at once',
    {
      records: [done1, automatic, record(3, { version: '1.1.0', trigger: 'Policy' })],
      deployment: deployment(automatic, MIDWAY),
      now: '02:01',
    },
  ],
  ['no rollout begins: the Deployment of a record was refused', { records: [done1], ...at1 }],
  [
    'the Deployment has it already: a heal was refused',
    { records: [done1, automatic], deployment: deployment(automatic, MIDWAY), now: '02:01' },
  ],
  ['it has ended already', { records: [done1, superseded(2, { trigger: 'Policy' })], ...at1 }],
  ['it is marked already', { records: [done1, failed(2, { trigger: 'Policy' })], ...at1 }],
  // A rollout for the tier is tried again even after a known refusal, since there is nothing to keep instead.
  ['nothing ever ran well that could be kept instead', { records: [tier] }],
  [
    'this very wish is held already, and is tried in spite of it',
    {
      records: [done1, { ...tier, number: 3, name: 'web-3' }, refused(2, { mark: { failure: failureOf(tier) } })],
      ...at1,
    },
  ],
])('nothing is marked where %s', (_, pieces) => {
  expect(mark(pieces)).toBeUndefined();
});

it('a wish with its tier is marked anew once it may be tried again', () => {
  const before = refused(2, { mark: { failure: failureOf(tier, { retryAfter: at('11:00') }) } });
  expect(
    failureIn({ records: [done1, record(3, { ...tier, number: 3, name: 'web-3', template: '3' }), before], ...at1 }),
  ).toMatchObject({
    wish: 'tier',
    attempts: 2,
  });
});

it('remembers of a long message as much as a mark may hold', () => {
  expect(failureIn({ records: [done1, automatic], ...at1 }, 'x'.repeat(5000))?.message).toBe('x'.repeat(300));
});

it('keeps what was known of the record before', () => {
  const asked = record(2, { trigger: 'Policy', mark: { asked: 'abc' } });
  const marking = mark({ records: [done1, asked], ...at1 });
  expect(parseMark(marking?.object.metadata.annotations ?? {})).toMatchObject({
    asked: 'abc',
    failure: { reason: 'Refused' },
  });
});
