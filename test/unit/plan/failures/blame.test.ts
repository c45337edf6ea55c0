import { describe, expect, it } from 'vitest';
import { type Asked, failureOf, obeyed } from '../../../../src/plan/failures/blame.ts';
import { UNKNOWN_INPUTS } from '../../../../src/plan/state/committed.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import { wishesOf } from '../../../../src/plan/pods/wish.ts';
import { catalogue, shelf, software } from '../../../support/builders.ts';
import {
  askedBy,
  clock,
  CRASHING,
  deployment,
  failed,
  MIDWAY,
  NOW,
  pod,
  proven,
  record,
  seen,
  undoneTo,
  type Pieces,
} from '../../../support/records.ts';

const look = (pieces: Pieces) => readState(seen(pieces), clock(pieces.now ?? NOW));
const blame = (pieces: Pieces, asked: Asked | undefined = askedBy(seen(pieces))) =>
  failureOf(seen(pieces), look(pieces), asked);

const done1 = proven(1);
const past = { now: '02:10' };

/** The rollout of record 2 fails by its deadline. */
function failing(two: Parameters<typeof record>[1], more: Pieces = {}): Pieces {
  const head = record(2, two);
  return { records: [done1, head], deployment: deployment(head, MIDWAY), ...past, spec: { version: '1.1.0' }, ...more };
}

describe('nothing is to blame where', () => {
  it.each<[string, Pieces]>([
    ['nothing is there', {}],
    ['it is under way', failing({}, { now: '02:09' })],
    ['it is done', { records: [done1, record(2)], deployment: deployment(record(2)) }],
    [
      'it was done before, and fails now',
      { records: [done1], deployment: deployment(done1, { ...MIDWAY, progress: 'ProgressDeadlineExceeded' }) },
    ],
    [
      'its record says already that it failed',
      { records: [done1, failed(2)], deployment: deployment(record(2), MIDWAY), ...past },
    ],
    ['somebody undid it', failing({}, { deployment: deployment(record(2), undoneTo(done1)) })],
    [
      'the way back fails',
      {
        records: [done1, failed(2)],
        deployment: deployment(done1, { ...MIDWAY, appliedAt: '2026-01-01T02:11:00Z' }),
        now: '02:40',
      },
    ],
  ])('%s', (_, pieces) => {
    expect(blame(pieces)).toBeUndefined();
  });
});

it('says what failed, and why, and whether that may pass', () => {
  expect(blame(failing({}, { now: '02:01', pods: [pod({ template: '2' }, CRASHING)] }))).toMatchObject({
    version: '1.1.0',
    image: 'registry.example.com/acme/web:1.1.0',
    reason: 'CrashLoop',
    message: 'its container ended 3 times',
    expires: 'never',
  });
  expect(blame(failing({}))).toMatchObject({ reason: 'DeadlineExceeded', expires: 'later' });
});

it('holds nothing against a release of which it ran what nobody knows', () => {
  const found = record(2, { committed: UNKNOWN_INPUTS });
  expect(blame({ records: [done1, found], deployment: deployment(found, MIDWAY), ...past })).toMatchObject({
    version: '1.1.0',
    expires: 'at once',
  });
});

/**
 * The wish that is held: the present one of the spec, or the one for which the rollout was made. With neither, the
 * version is to blame.
 */
type Held = 'the spec' | 'its own wish' | 'the version';

describe('who is to blame:', () => {
  const GREETING = { config: { GREETING: 'hello' } };
  const auto = { upgradePolicy: 'auto' as const };
  const php = [{ name: 'php', version: '8.3.0' }];
  const published = shelf(software('php', '8.2.0', '8.3.0'));
  const moved = { version: '1.0.0', trigger: 'SystemSoftware', software: 'php=8.3.0' } as const;
  const had = proven(1, { software: 'php=8.2.0' });
  const moving = (more: Pieces): Pieces => {
    const head = record(2, { ...moved, wish: 'own' });
    return {
      records: [had, head],
      deployment: deployment(head, MIDWAY),
      ...past,
      spec: { version: '1.0.0' },
      software: published,
      ...more,
    };
  };

  it.each<[string, Pieces, Held]>([
    ['the spec, which asks for it still', failing({ wish: 'own' }), 'the spec'],
    ['the spec, also in other words: it says now what was only chosen', failing({ wish: 'own', spec: {} }), 'the spec'],
    [
      'the wish of then, where the spec asks for other settings by now',
      failing({ wish: 'own' }, { spec: { version: '1.1.0', ...GREETING } }),
      'its own wish',
    ],
    [
      'the wish of then, where the spec names another version by now',
      failing({ wish: 'own' }, { spec: { version: '1.2.0' } }),
      'its own wish',
    ],
    [
      'the version, which automation chose',
      failing({ wish: 'own', trigger: 'Policy', spec: auto }, { spec: auto }),
      'the version',
    ],
    [
      'the version, which automation chose over the one that the spec names',
      failing({ trigger: 'Policy', spec: auto }, { spec: { ...auto, version: '1.0.0' } }),
      'the version',
    ],
    [
      'the spec, which names the very version that automation chose',
      failing({ trigger: 'Policy', spec: auto }, { spec: { ...auto, version: '1.1.0' } }),
      'the spec',
    ],
    [
      'the version, where settings were edited, too, while automation moved it',
      failing({ trigger: 'Policy', spec: auto }, { spec: { ...auto, ...GREETING } }),
      'the version',
    ],
    [
      'the wish with its tier, where the platform changed that',
      failing({ wish: 'own', version: '1.0.0', trigger: 'Tier' }, { spec: { version: '1.0.0' } }),
      'its own wish',
    ],
    ['the version of system software that its policy chose', moving({}), 'the version'],
    [
      'the spec, which asks for the very system software by now',
      moving({ spec: { version: '1.0.0', systemSoftware: php } }),
      'the spec',
    ],
    [
      'the version of system software, where the release is not published any more',
      moving({ catalogue: catalogue('1.1.0') }),
      'the version',
    ],
    [
      'the spec, where the release is not published any more',
      failing({ wish: 'own' }, { catalogue: catalogue('1.0.0') }),
      'the spec',
    ],
  ])('%s', (_, pieces, held) => {
    const observed = seen(pieces);
    const asked = askedBy(observed);
    const { wish } = blame(pieces, asked) ?? {};
    const spec = wishesOf(observed, asked.configuration, look(pieces).restart).spec;
    const expected: Record<Held, string | undefined> = {
      'the spec': spec,
      'its own wish': 'own',
      'the version': undefined,
    };
    expect(wish).toBe(expected[held]);
  });

  it.each<[string, Parameters<typeof record>[1], string | undefined]>([
    ['the wish of then', { wish: 'own' }, 'own'],
    ['the version that automation chose', { wish: 'own', trigger: 'Policy' }, undefined],
    ['the wish of then with its tier', { wish: 'own', trigger: 'Tier' }, 'own'],
  ])('where the spec cannot be read, %s', (_, two, wish) => {
    expect(failureOf(seen(failing(two)), look(failing(two)), undefined)?.wish).toBe(wish);
  });

  it.each<[string, Pieces, string | undefined]>([
    ['what moved of system software, where the release is the one that runs well', moving({}), 'php=8.3.0'],
    ['nothing of system software, where the release is new', failing({ software: 'php=8.3.0' }), undefined],
    [
      'nothing of system software, where it is as it was',
      failing({ version: '1.0.0' }, { spec: { version: '1.0.0' } }),
      undefined,
    ],
  ])('is to be left alone: %s', (_, pieces, expected) => {
    expect(blame(pieces)?.software).toBe(expected);
  });
});

it.each<[string, readonly string[], readonly string[], readonly string[] | undefined]>([
  ['none, where there is none', [], [], undefined],
  ['those that are there now', ['a'], ['b'], ['a']],
  ['that of the Provider of then, where it has none now', ['a'], ['b', 'Provider c'], ['a', 'Provider c']],
  ['that of the Provider of now, where it has one', ['Provider d'], ['Provider c'], ['Provider d']],
  ['that of the Provider of then alone', [], ['Provider c'], ['Provider c']],
])('the values of the annotation that did not help: %s', (_, now, then, expected) => {
  expect(obeyed({ retries: now }, record(2, { retries: [...then] })).retries).toEqual(expected);
});
