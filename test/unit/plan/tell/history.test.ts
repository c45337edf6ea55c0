import { describe, expect, it } from 'vitest';
import type { InstallationStatus } from '../../../../src/api/installation.ts';
import { historyOf } from '../../../../src/plan/tell/history.ts';
import {
  at,
  deployment,
  failed,
  failureOf,
  findings,
  MIDWAY,
  proven,
  record,
  refused,
  service,
  superseded,
  undoneTo,
  type Pieces,
} from '../../../support/records.ts';

type Entry = NonNullable<InstallationStatus['history']>[number];

/** An entry as a person would tell it: `1.1.0 from 1.0.0 by Policy, 02:00 to 02:05 Succeeded`. */
function inWords({ version, from, trigger, startedAt, completedAt, result, message }: Entry): string {
  const time = (text: string) => text.slice(11, 16);
  const end = result === undefined ? '' : ` to ${completedAt === undefined ? '?' : time(completedAt)} ${result}`;
  const why = message === undefined ? '' : `: ${message}`;
  return `${version}${from === undefined ? '' : ` from ${from}`} by ${trigger}, ${time(startedAt)}${end}${why}`;
}

const told = (pieces: Pieces) => historyOf(findings(pieces)).map(inWords);

const [done1, done2, open2] = [proven(1), proven(2), record(2)];
const first = '1.0.0 by Install, 01:00 to 01:05 Succeeded';
const running = (of: typeof done1, more: Parameters<typeof deployment>[1] = {}) => ({
  deployment: deployment(of, more),
  service: service(of),
});
const back = { ...MIDWAY, appliedAt: at('02:11') };
const lost = superseded(2, { mark: { why: 'The Deployment was deleted' } });
const to = (version: string) => ({ spec: { version } });

describe('what the records tell, newest first:', () => {
  it.each<[string, Pieces, readonly string[]]>([
    ['nothing', { catalogue: undefined }, []],
    [
      'what was done',
      { records: [done1, done2], ...running(done2), ...to('1.1.0') },
      ['1.1.0 from 1.0.0 by Spec, 02:00 to 02:05 Succeeded', first],
    ],
    [
      'what is under way',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      ['1.1.0 from 1.0.0 by Spec, 02:00', first],
    ],
    [
      'what is under way, while another record is written and not applied',
      { records: [done1, open2, record(3)], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      ['1.1.0 from 1.0.0 by Spec, 02:00', first],
    ],
    [
      'what is done by this very look',
      { records: [done1, open2], ...running(open2), ...to('1.1.0'), now: '02:03' },
      ['1.1.0 from 1.0.0 by Spec, 02:00 to 02:03 Succeeded', first],
    ],
    [
      'a change that leaves the version as it is',
      {
        records: [done1, proven(2, { version: '1.0.0', trigger: 'Tier' })],
        ...running(proven(2, { version: '1.0.0' })),
        ...to('1.0.0'),
      },
      ['1.0.0 by Tier, 02:00 to 02:05 Succeeded', first],
    ],
    [
      'which system software moved by its own policy',
      {
        records: [
          proven(1, { software: 'node=22.0.0 php=8.2.0' }),
          proven(2, { version: '1.0.0', trigger: 'SystemSoftware', software: 'node=22.0.0 php=8.3.0' }),
        ],
        ...running(proven(2, { version: '1.0.0', software: 'node=22.0.0 php=8.3.0' })),
        ...to('1.0.0'),
      },
      ['1.0.0 by SystemSoftware, 02:00 to 02:05 Succeeded: php 8.3.0', first],
    ],
    [
      'what somebody else asked for in its midst',
      { records: [done1, open2, record(3)], ...running(record(3), MIDWAY), ...to('1.2.0'), now: '03:01' },
      ['1.2.0 from 1.1.0 by Spec, 03:00', '1.1.0 from 1.0.0 by Spec, 02:00 to 03:00 Superseded', first],
    ],
  ])('%s', (_, pieces, expected) => {
    expect(told(pieces)).toEqual(expected);
  });
});

describe('an entry begins with the write of its Deployment:', () => {
  it.each<[string, Pieces, readonly string[]]>([
    ['a first install', { ...to('1.0.0') }, ['1.0.0 by Install, 12:00']],
    ['an upgrade', { records: [done1], ...running(done1), ...to('1.1.0') }, ['1.1.0 from 1.0.0 by Spec, 12:00', first]],
    [
      'not while it is suspended',
      { records: [done1], ...running(done1), spec: { version: '1.1.0', suspend: true } },
      [first],
    ],
    [
      'once, where its record was written before',
      { records: [done1, record(2, { startedAt: at('11:59') })], ...running(done1), ...to('1.1.0') },
      ['1.1.0 from 1.0.0 by Spec, 11:59', first],
    ],
    [
      'not for a record that was never applied',
      { records: [done1, open2], ...running(done1), ...to('1.0.0') },
      [first],
    ],
    [
      'not for one that the API server refused before the newest was done',
      { records: [done1, refused(2), proven(3)], ...running(proven(3)), ...to('1.2.0') },
      ['1.2.0 from 1.1.0 by Spec, 03:00 to 03:05 Succeeded', first],
    ],
    [
      'not for one that the API server refused',
      { records: [done1, refused(2)], ...running(done1), ...to('1.0.0') },
      [first],
    ],
  ])('%s', (_, pieces, expected) => {
    expect(told(pieces)).toEqual(expected);
  });
});

describe('what failed, and the way back:', () => {
  const upgrade = '1.1.0 from 1.0.0 by Spec, 02:00';
  const returned = '1.0.0 from 1.1.0 by Rollback, 02:10';

  it.each<[string, Pieces, readonly string[]]>([
    [
      'it failed, and what is stable is being applied',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' },
      [returned, `${upgrade} to 02:10 RolledBack: the new pods were not available within 600 s`, first],
    ],
    [
      'it is on its way back',
      { records: [done1, failed(2)], ...running(done1, back), ...to('1.1.0'), now: '02:12' },
      [returned, `${upgrade} to 02:10 RolledBack: it crashed`, first],
    ],
    [
      'it is back',
      { records: [done1, failed(2)], ...running(done1, { appliedAt: at('02:11') }), ...to('1.1.0'), now: '02:12' },
      [`${returned} to 02:12 Succeeded`, `${upgrade} to 02:10 RolledBack: it crashed`, first],
    ],
    [
      'it does not go back, where that is switched off',
      {
        records: [done1, failed(2)],
        ...running(open2, MIDWAY),
        spec: { version: '1.1.0', upgrade: { rollback: { enabled: false } } },
        now: '02:12',
      },
      [`${upgrade} to 02:10 Failed: it crashed`, first],
    ],
    [
      'a first install that failed has nowhere to go',
      { records: [failed(1)], ...running(record(1), MIDWAY), ...to('1.0.0'), now: '01:11' },
      ['1.0.0 by Install, 01:00 to 01:10 Failed: it crashed'],
    ],
    [
      'another one follows a first install that failed: nothing went back',
      { records: [failed(1), record(2, { from: undefined })], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      ['1.1.0 by Spec, 02:00', '1.0.0 by Install, 01:00 to 01:10 Failed: it crashed'],
    ],
    [
      'it was cancelled',
      { records: [done1, superseded(2)], ...running(done1, { appliedAt: at('02:05') }), ...to('1.0.0'), now: '02:07' },
      ['1.0.0 by Spec, 02:05 to 02:07 Succeeded', `${upgrade} to 02:05 Superseded`, first],
    ],
    [
      'it was lost in its midst: nobody asked for that',
      { records: [done1, lost], ...running(done1, { appliedAt: at('02:05') }), ...to('1.0.0'), now: '02:07' },
      [
        '1.0.0 from 1.1.0 by Rollback, 02:05 to 02:07 Succeeded',
        `${upgrade} to 02:05 RolledBack: The Deployment was deleted`,
        first,
      ],
    ],
    [
      'it went back, and something newer was done since: the way back was told at its time',
      { records: [done1, failed(2), proven(3)], ...running(proven(3)), ...to('1.2.0') },
      ['1.2.0 from 1.1.0 by Spec, 03:00 to 03:05 Succeeded', `${upgrade} to 02:10 RolledBack: it crashed`, first],
    ],
    [
      'somebody undid what was done: that is no rollout',
      { records: [done1, done2], ...running(done2, undoneTo(done1)), ...to('1.1.0') },
      ['1.1.0 from 1.0.0 by Spec, 02:00 to 02:05 Succeeded', first],
    ],
    ['what was lost at rest is made again: that is none either', { records: [done1], ...to('1.0.0') }, [first]],
  ])('%s', (_, pieces, expected) => {
    expect(told(pieces)).toEqual(expected);
  });

  it('a way back begins after what failed, also where that failed within a second', () => {
    const quick = failed(2, { mark: { failure: failureOf(open2, { at: open2.startedAt }) } });
    const [entry] = historyOf(
      findings({ records: [done1, quick], ...running(done1, back), ...to('1.1.0'), now: '02:12' }),
    );
    expect(entry).toMatchObject({ trigger: 'Rollback', startedAt: at('02:00:01') });
  });

  it('nothing ends before it began, wherever the clock was', () => {
    const early = proven(2, { mark: { provenAt: at('01:59') } });
    const [entry] = historyOf(findings({ records: [done1, early], ...running(early), ...to('1.1.0') }));
    expect(entry).toMatchObject({ startedAt: at('02:00'), completedAt: at('02:00') });
  });
});

describe('what was told before:', () => {
  const before = (...history: Entry[]): Pieces => ({
    records: [done2],
    ...running(done2),
    ...to('1.1.0'),
    installation: { status: { history } },
  });
  const now = '1.1.0 from 1.0.0 by Spec, 02:00 to 02:05 Succeeded';
  const entry = (more: Partial<Entry>): Entry => ({
    version: '1.0.0',
    trigger: 'Install',
    startedAt: at('01:00'),
    ...more,
  });

  it.each<[string, Pieces, readonly string[]]>([
    [
      'of a record that is gone is told on',
      before(entry({ result: 'Succeeded', completedAt: at('01:05') })),
      [now, first],
    ],
    ['of a record that is here is told once', before(entry({ version: '1.1.0', startedAt: at('02:00') })), [now]],
    [
      'had no end, and its record is gone: something else is there',
      before(entry({})),
      [now, '1.0.0 by Install, 01:00 to 12:00 Superseded'],
    ],
    [
      'had no end, and is what runs',
      before(entry({ version: '1.1.0', trigger: 'Rollback', startedAt: at('01:30') })),
      [now, '1.1.0 by Rollback, 01:30 to 12:00 Succeeded'],
    ],
    [
      'had its end at another time',
      before(
        entry({
          version: '1.1.0',
          trigger: 'Spec',
          startedAt: at('02:00'),
          result: 'Succeeded',
          completedAt: at('02:06'),
        }),
      ),
      ['1.1.0 from 1.0.0 by Spec, 02:00 to 02:06 Succeeded'],
    ],
    [
      'had another end than its record says',
      before(
        entry({
          version: '1.1.0',
          trigger: 'Spec',
          startedAt: at('02:00'),
          result: 'Failed',
          completedAt: at('02:06'),
        }),
      ),
      [now],
    ],
  ])('%s', (_, pieces, expected) => {
    expect(told(pieces)).toEqual(expected);
  });

  it('is told of as much as tells a story: the newest ten', () => {
    const many = Array.from({ length: 12 }, (_, i) =>
      entry({
        startedAt: `2025-12-${i + 10}T00:00:00Z`,
        completedAt: `2025-12-${i + 10}T00:05:00Z`,
        result: 'Succeeded',
      }),
    );
    const history = historyOf(findings(before(...many)));
    expect(history).toHaveLength(10);
    expect(history.map((e) => e.startedAt).slice(0, 3)).toEqual([
      at('02:00'),
      '2025-12-21T00:00:00Z',
      '2025-12-20T00:00:00Z',
    ]);
  });

  it('tells the same again when nothing happened', () => {
    const pieces: Pieces = {
      records: [done1, failed(2)],
      ...running(done1, { appliedAt: at('02:11') }),
      ...to('1.1.0'),
      now: '02:12',
    };
    const once = historyOf(findings(pieces));
    const twice = historyOf(findings({ ...pieces, now: '02:30', installation: { status: { history: [...once] } } }));
    expect(twice).toEqual(once);
  });
});
