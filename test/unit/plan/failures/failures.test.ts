import { describe, expect, it } from 'vitest';
import {
  addFailure,
  avoidedSoftware,
  failureBefore,
  heldFailure,
  isAbove,
  mayTryAgain,
  recordedFailures,
  rememberedFailures,
  type Failure,
  type NewFailure,
} from '../../../../src/plan/failures/failures.ts';
import { readState } from '../../../../src/plan/state/state.ts';
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

const look = (pieces: Pieces) => readState(seen(pieces), clock(pieces.now ?? NOW));
const fail = (version: string, more: Partial<Failure> = {}): Failure => {
  const { wish: _, ...failure } = failureOf(record(2, { version }));
  return { ...failure, ...more };
};

describe('one more failure', () => {
  const fresh = (version: string, more: Partial<NewFailure> = {}): NewFailure => {
    const { version: v, image, reason, message } = fail(version);
    return { version: v, image, reason, message, expires: 'later', ...more };
  };
  const add = (before: readonly Failure[], one: NewFailure) => addFailure(before, one, clock(NOW));

  it.each<[string, readonly Failure[], NewFailure, { attempts: number; retryAfter?: string }]>([
    ['the first time is tried again after six hours', [], fresh('1.1.0'), { attempts: 1, retryAfter: '18:00' }],
    ['the second time after twelve', [fail('1.1.0')], fresh('1.1.0'), { attempts: 2, retryAfter: '24:00' }],
    [
      'the fourth time it is no hiccup of the cluster',
      [fail('1.1.0', { attempts: 3 })],
      fresh('1.1.0'),
      { attempts: 4 },
    ],
    ['what containers did once they do again', [], fresh('1.1.0', { expires: 'never' }), { attempts: 1 }],
    [
      'what was yanked is held by nothing else',
      [],
      fresh('1.1.0', { expires: 'at once' }),
      { attempts: 1, retryAfter: NOW },
    ],
    [
      'it counts for its version alone',
      [fail('1.2.0', { attempts: 3 })],
      fresh('1.1.0'),
      { attempts: 1, retryAfter: '18:00' },
    ],
    [
      'and for its wish',
      [fail('1.1.0', { wish: 'w', attempts: 3 })],
      fresh('1.1.0'),
      { attempts: 1, retryAfter: '18:00' },
    ],
    [
      'and for its image',
      [fail('1.1.0', { image: 'other', attempts: 3 })],
      fresh('1.1.0'),
      { attempts: 1, retryAfter: '18:00' },
    ],
    [
      'and for its software',
      [fail('1.1.0', { software: 'php=8.3.0', attempts: 3 })],
      fresh('1.1.0'),
      { attempts: 1, retryAfter: '18:00' },
    ],
    [
      'it is counted up to a bound',
      [fail('1.1.0', { attempts: 99 })],
      fresh('1.1.0', { expires: 'never' }),
      { attempts: 99 },
    ],
  ])('%s', (_, before, one, { attempts, retryAfter }) => {
    const [added] = add(before, one);
    expect({ attempts: added?.attempts, retryAfter: added?.retryAfter, at: added?.at }).toEqual({
      attempts,
      retryAfter: retryAfter === '24:00' ? '2026-01-02T00:00:00Z' : retryAfter && at(retryAfter),
      at: at(NOW),
    });
  });

  it('is told first, and once', () => {
    const after = add([fail('1.2.0'), fail('1.1.0')], fresh('1.1.0'));
    expect(after.map((f) => f.version)).toEqual(['1.1.0', '1.2.0']);
  });

  it('drives out the lowest release, and of software the oldest, and neither the other', () => {
    const releases = Array.from({ length: 20 }, (_, i) => fail(`1.${i}.0`));
    const ofSoftware = Array.from({ length: 6 }, (_, i) => fail('1.0.0', { software: `php=8.${i}.0` }));
    const kept = add([...releases, ...ofSoftware], fresh('0.1.0'));

    expect(kept).toHaveLength(16);
    expect(kept[0]?.version).toBe('0.1.0');
    expect(kept.slice(1).flatMap((f) => f.software ?? f.version)).toEqual([
      ...releases.slice(9).map((f) => f.version),
      ...ofSoftware.slice(0, 4).map((f) => f.software),
    ]);
  });
});

describe('what the records tell of failures:', () => {
  const told = (pieces: Pieces) =>
    recordedFailures(look(pieces)).map(
      ({ version, at: when, attempts }) => `${version} at ${when.slice(11, 16)} (${attempts})`,
    );

  it.each<[string, Pieces, readonly string[]]>([
    ['nothing', {}, []],
    ['nothing of what was done or given up', { records: [proven(1), superseded(2)] }, []],
    ['the newest first', { records: [proven(1), failed(2), failed(3)] }, ['1.2.0 at 03:10 (1)', '1.1.0 at 02:10 (1)']],
    ['what was refused, too', { records: [proven(1), refused(2)] }, ['1.1.0 at 02:10 (1)']],
    ['what the newest has taken over', { records: [proven(3, { failures: [fail('1.1.0')] })] }, ['1.1.0 at 02:10 (1)']],
    [
      'not what an older one had taken over and the newest has not',
      { records: [proven(3), proven(2, { failures: [fail('1.5.0')] })] },
      [],
    ],
    [
      'once, as it was the last time',
      {
        records: [
          proven(1),
          failed(3, {
            version: '1.1.0',
            mark: { failure: fail('1.1.0', { at: at('03:10'), attempts: 2 }) },
            failures: [fail('1.1.0')],
          }),
        ],
      },
      ['1.1.0 at 03:10 (2)'],
    ],
    [
      'each wish for itself',
      {
        records: [
          proven(1),
          failed(2, { mark: { failure: fail('1.1.0', { wish: 'a' }) }, failures: [fail('1.1.0', { wish: 'b' })] }),
        ],
      },
      ['1.1.0 at 02:10 (1)', '1.1.0 at 02:10 (1)'],
    ],
    // openshift/origin#4330: an object that is deleted and made again with the same name takes over what the former one
    // left.
    [
      'nothing of an earlier installation of this name',
      { records: [{ ...failed(2), owner: { kind: 'ProviderInstallation', name: 'web', uid: 'other' } }] },
      [],
    ],
  ])('%s', (_, pieces, expected) => {
    expect(told(pieces)).toEqual(expected);
  });
});

describe('what still matters of them:', () => {
  const wishes = { spec: 'now', tier: 'now, tier' };
  const php = (version: string) => ({ software: `php=${version}` });
  const marked = (failure: Failure) => failed(2, { mark: { failure } });
  const done1 = proven(1, { wish: 'then', software: 'php=8.2.0' });

  it.each<[string, Pieces, readonly Failure[], readonly Failure[]]>([
    [
      'it failed with the wish of now',
      { records: [done1] },
      [fail('1.1.0', { wish: 'now' })],
      [fail('1.1.0', { wish: 'now' })],
    ],
    [
      'with the tier of now',
      { records: [done1] },
      [fail('1.0.0', { wish: 'now, tier' })],
      [fail('1.0.0', { wish: 'now, tier' })],
    ],
    [
      'with another wish: its version is avoided, the wish is let go',
      { records: [done1] },
      [fail('1.1.0', { wish: 'other' })],
      [fail('1.1.0')],
    ],
    [
      'with another wish, and a version that nobody chooses',
      { records: [done1] },
      [fail('0.9.0', { wish: 'other' })],
      [],
    ],
    ['as automation chose it', { records: [done1] }, [fail('1.1.0')], [fail('1.1.0')]],
    ['as automation chose it, while nothing was ever done', {}, [fail('1.1.0')], [fail('1.1.0')]],
    [
      'settings of what runs well, with the wish of now',
      { records: [done1] },
      [fail('1.0.0', { wish: 'now' })],
      [fail('1.0.0', { wish: 'now' })],
    ],
    ['settings of what runs well, with another wish', { records: [done1] }, [fail('1.0.0', { wish: 'other' })], []],
    ['newer system software', { records: [done1] }, [fail('1.0.0', php('8.3.0'))], [fail('1.0.0', php('8.3.0'))]],
    [
      'system software that runs well by now',
      { records: [proven(1, { software: 'php=8.3.0' })] },
      [fail('1.0.0', php('8.3.0'))],
      [],
    ],
    ['system software below what runs well', { records: [done1] }, [fail('1.0.0', php('8.1.0'))], []],
  ])('%s', (_, { records = [] }, [failure], expected) => {
    const state = look({ records: [...records, ...(failure ? [marked(failure)] : [])] });
    expect(rememberedFailures(state, wishes)).toEqual(expected);
  });

  it.each<[string, Partial<Failure>, number]>([
    ['its version runs well', { version: '1.2.0' }, 0],
    ['its wish runs well with an older version', { version: '1.5.0', wish: 'then' }, 1],
    ['its wish runs well with a newer version', { version: '1.1.0', wish: 'then' }, 0],
    ['neither', { version: '1.5.0', wish: 'other' }, 1],
    ['its system software runs well', { version: '1.2.0', ...php('8.2.0') }, 0],
    ['newer system software failed with its version', { version: '1.2.0', ...php('8.3.0') }, 1],
  ])('what was taken over is disproved by what was done since, or not: %s', (_, failure, count) => {
    const done3 = proven(3, { wish: 'then', software: 'php=8.2.0', failures: [fail('1.0.0', failure)] });
    expect(rememberedFailures(look({ records: [done3] }), { spec: 'then', tier: '' })).toHaveLength(count);
  });

  it('a wish that runs well with an older version holds nobody, and the version is left alone', () => {
    const done3 = proven(3, { wish: 'then', failures: [fail('1.0.0', { version: '1.5.0', wish: 'then' })] });
    const [left] = rememberedFailures(look({ records: [done3] }), { spec: 'then', tier: '' });
    expect([left?.version, left?.wish]).toEqual(['1.5.0', undefined]);
  });

  it('what failed before is disproved by what was done since, also where its record is still there', () => {
    const done3 = proven(3, { version: '1.1.0', wish: 'now' });
    const state = look({ records: [done1, marked(fail('1.1.0', { wish: 'now' })), done3] });
    expect(rememberedFailures(state, wishes)).toEqual([]);
  });

  it('what failed since is not disproved by what was done before it', () => {
    const state = look({ records: [done1, marked(fail('1.0.0', { wish: 'then' }))] });
    expect(rememberedFailures(state, { spec: 'then', tier: '' })).toEqual([fail('1.0.0', { wish: 'then' })]);
  });
});

describe('it may be tried again', () => {
  it.each<[string, Partial<Failure>, readonly string[], boolean]>([
    ['not while nobody asks, and time does not let it go', {}, [], false],
    ['once its time has come', { retryAfter: at('11:59') }, [], true],
    ['at that very moment', { retryAfter: at(NOW) }, [], true],
    ['not before', { retryAfter: at('12:01') }, [], false],
    ['when somebody asks', {}, ['a'], true],
    ['when somebody asks anew', { retries: ['a'] }, ['b'], true],
    ['not by what was asked before it failed', { retries: ['a', 'Provider b'] }, ['a', 'Provider b'], false],
    ['not because what was asked is gone', { retries: ['a'] }, [], false],
  ])('%s', (_, more, retries, expected) => {
    expect(mayTryAgain(fail('1.1.0', more), retries, clock(NOW))).toBe(expected);
  });
});

it.each<[string, readonly Failure[], string | undefined]>([
  ['the wish of now', [fail('1.1.0', { wish: 'now' })], '1.1.0'],
  ['the wish of now with its tier', [fail('1.1.0', { wish: 'now, tier' })], '1.1.0'],
  ['no other one', [fail('1.1.0', { wish: 'other' })], undefined],
  ['none, where automation chose', [fail('1.1.0')], undefined],
  ['none that may be tried again', [fail('1.1.0', { wish: 'now', retryAfter: at('11:00') })], undefined],
])('a failure holds %s', (_, failures, version) => {
  const wishes = { spec: 'now', tier: 'now, tier' };
  expect(heldFailure(failures, { wishes, retries: [], now: clock(NOW) })?.version).toBe(version);
});

it('avoids each software that was moved to in vain, until it may be tried again', () => {
  const failures = [
    fail('1.0.0', { software: 'node=22.0.0 php=8.3.0' }),
    fail('1.0.0', { software: 'php=8.4.0', retryAfter: at('11:00') }),
    fail('1.1.0'),
  ];
  const avoided = avoidedSoftware(failures, { retries: [], now: clock(NOW) });
  expect([...avoided].sort()).toEqual(['node=22.0.0', 'php=8.3.0']);
});

it.each<[string, Pieces, string | undefined]>([
  ['it went back from that', { records: [proven(1), failed(2)], deployment: deployment(proven(1)) }, '1.1.0'],
  [
    'it went back from something that had not failed',
    { records: [proven(1), superseded(2)], deployment: deployment(proven(1)) },
    undefined,
  ],
  [
    'what is tried now is to mend it',
    {
      records: [proven(1), record(2, { isMending: true, failures: [fail('1.5.0')] })],
      deployment: deployment(record(2), MIDWAY),
      now: '02:01',
    },
    '1.5.0',
  ],
  [
    'what is tried now follows nothing that counts',
    {
      records: [proven(1), record(2, { failures: [fail('1.5.0')] })],
      deployment: deployment(record(2), MIDWAY),
      now: '02:01',
    },
    undefined,
  ],
  [
    'what was to mend it is done',
    {
      records: [proven(1), record(2, { isMending: true, failures: [fail('1.5.0')] })],
      deployment: deployment(record(2)),
      now: '02:03',
    },
    undefined,
  ],
  ['it was refused', { records: [proven(1), refused(2)], deployment: deployment(proven(1)) }, '1.1.0'],
])('what runs now followed a failure, or none: %s', (_, pieces, version) => {
  expect(failureBefore(look(pieces))?.version).toBe(version);
});

it.each([
  ['1.1.0', '1.0.0', true],
  ['1.0.0', '1.0.0', false],
  ['0.9.0', '1.0.0', false],
  ['1.0.0', undefined, true],
  ['latest', '1.0.0', false],
  ['', undefined, false],
])('%j is newer than %j: %s', (version, stable, expected) => {
  expect(isAbove(version, stable)).toBe(expected);
});
