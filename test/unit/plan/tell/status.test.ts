import { describe, expect, it } from 'vitest';
import { findCondition } from '../../../../src/api/conditions.ts';
import type { FieldPath } from '../../../../src/plan/state/observed.ts';
import { InstallationStatus } from '../../../../src/api/installation.ts';
import { statusOf } from '../../../../src/plan/tell/status.ts';
import { catalogue, release, shelf, software } from '../../../support/builders.ts';
import {
  ANNOTATED,
  at,
  BEGINNING,
  clock,
  deployment,
  edited,
  failed,
  failureOf,
  findings,
  inputsOf,
  MIDWAY,
  ofAnother,
  orphaned,
  proven,
  record,
  refused,
  service,
  superseded,
  undoneTo,
  UNSEEN,
  type Pieces,
} from '../../../support/records.ts';

const told = (pieces: Pieces) => statusOf(findings(pieces));

const [done1, done2, done3, open2] = [proven(1), proven(2), proven(3), record(2)];
const failed2 = failed(2, { spec: { version: '1.1.0' } });
const running = (of: typeof done1, more: Parameters<typeof deployment>[1] = {}) => ({
  deployment: deployment(of, more),
  service: service(of),
});
const back = { ...MIDWAY, appliedAt: at('02:11') };
const arrived = running(done1, { appliedAt: at('02:11') });
const to = (version: string, more: Pieces['spec'] = {}) => ({ spec: { version, ...more } });
const auto = { spec: { upgradePolicy: 'auto' as const } };
const php = { systemSoftwareDependencies: [{ name: 'php', range: '>=8' }] };
const with82 = proven(1, {
  release: release('1.0.0', php),
  software: 'php=8.2.0',
  requiredBy: { php: ['acme/web 1.0.0'] },
});

/** Lives of an installation, each at the moment of a look. */
const LOOKS: readonly (readonly [sentence: string, pieces: Pieces])[] = [
  ['nothing is there', { ...to('1.0.0') }],
  [
    'a first install is under way',
    { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' },
  ],
  ['a first install is done', { records: [record(1)], ...running(record(1)), ...to('1.0.0'), now: '01:03' }],
  ['a first install failed', { records: [failed(1)], ...running(record(1), MIDWAY), ...to('1.0.0') }],
  ['it is at rest', { records: [done1, done2], ...running(done2), ...to('1.1.0') }],
  ['it is at rest under automation', { records: [done1], ...running(done1), ...auto, catalogue: catalogue('1.0.0') }],
  ['it was annotated', { records: [done1], ...running(done1, ANNOTATED), ...to('1.0.0') }],
  ['it was changed', { records: [done1], ...running(done1, edited()), ...to('1.0.0') }],
  ['an upgrade begins', { records: [done1], ...running(done1), ...to('1.1.0') }],
  ['an upgrade is under way', { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' }],
  [
    'an upgrade is not looked at yet',
    { records: [done1, open2], ...running(open2, UNSEEN), ...to('1.1.0'), now: '02:01' },
  ],
  ['an upgrade is done', { records: [done1, open2], ...running(open2), ...to('1.1.0'), now: '02:03' }],
  ['an upgrade failed', { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' }],
  [
    'an upgrade failed, and was marked',
    { records: [done1, failed2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:11' },
  ],
  [
    'an upgrade is on its way back',
    { records: [done1, failed2], ...running(done1, back), ...to('1.1.0'), now: '02:12' },
  ],
  ['the way back failed, too', { records: [done1, failed2], ...running(done1, back), ...to('1.1.0'), now: '02:40' }],
  ['it is back, and held', { records: [done1, failed2], ...arrived, ...to('1.1.0') }],
  ['it is back, and nobody asks any more', { records: [done1, failed2], ...arrived, ...to('1.0.0') }],
  [
    'another one is tried after that',
    {
      records: [done1, failed2, record(3, { isMending: true, failures: [failureOf(failed2)] })],
      ...running(record(3), MIDWAY),
      ...to('1.2.0'),
      now: '03:01',
    },
  ],
  [
    'another one was done after that',
    { records: [done1, failed2, proven(3, { isMending: true })], ...running(done3), ...to('1.2.0') },
  ],
  [
    'it was cancelled',
    { records: [done1, superseded(2)], ...running(done1, { appliedAt: at('02:05') }), ...to('1.0.0') },
  ],
  [
    'it was refused',
    {
      records: [
        done1,
        refused(2, {
          trigger: 'Policy',
          mark: { failure: failureOf(open2, { reason: 'Refused', wish: undefined, retryAfter: at('18:00') }) },
        }),
      ],
      ...running(done1),
      ...auto,
      catalogue: catalogue('1.0.0', '1.1.0'),
    },
  ],
  ['it was deleted', { records: [done1], ...to('1.0.0') }],
  ['it was deleted in the midst of a rollout', { records: [done1, open2], ...to('1.1.0') }],
  ['it was undone', { records: [done1, done2], ...running(done2, undoneTo(done1)), ...to('1.1.0') }],
  ['an older one is back', { records: [done1, done2], ...running(done1), ...to('1.1.0') }],
  ['its record is gone', { records: [done1], ...running(done2), ...to('1.1.0') }],
  [
    'it is to be adopted',
    {
      records: [orphaned(done1)],
      deployment: deployment(orphaned(done1)),
      service: orphaned(service(done1)),
      ...to('1.0.0'),
    },
  ],
  [
    'it is suspended in the midst of a rollout',
    { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0', { suspend: true }), now: '02:01' },
  ],
  [
    'its release is not published any more',
    { records: [done1], ...running(done1), ...to('1.0.0'), catalogue: catalogue('1.1.0') },
  ],
  [
    'its tier comes with system software',
    {
      records: [with82],
      ...running(with82),
      ...to('1.0.0'),
      catalogue: catalogue(release('1.0.0', php)),
      software: shelf(software('php', '8.2.0', '8.3.0')),
    },
  ],
  [
    'a consent was used',
    {
      records: [done2, proven(3, { version: '1.0.0', consent: '1.0.0' })],
      ...running(proven(3, { version: '1.0.0' })),
      ...to('1.0.0', { upgrade: { allowDowngradeTo: '1.0.0' } }),
    },
  ],
  [
    'a retry is asked for',
    { records: [done1, failed2], ...arrived, ...to('1.1.0'), installation: { retry: 'a' }, retries: ['a'] },
  ],
];

/** Returns the status without the times that only a clock knows. */
function withoutTimes(status: InstallationStatus): InstallationStatus {
  return JSON.parse(
    JSON.stringify(status, (name, value: unknown) =>
      ['lastTransitionTime', 'installedAt', 'updatedAt', 'completedAt'].includes(name) ? undefined : value,
    ),
  ) as InstallationStatus;
}

/** One life, look by look: its Deployment is deleted, an upgrade fails, and another one takes its place. */
const mending = record(3, {
  isMending: true,
  failures: [failureOf(failed2)],
  from: '1.0.0',
  previousVersion: '1.0.0',
});
const mended = { ...mending, mark: { provenAt: at('03:05') } };
const LIFE: typeof LOOKS = [
  ['nothing is there', { ...to('1.0.0'), now: '01:00' }],
  ['it is installed', { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' }],
  ['that is done', { records: [record(1)], ...running(record(1)), ...to('1.0.0'), now: '01:05' }],
  ['it is at rest', { records: [done1], ...running(done1), ...to('1.0.0'), now: '01:06' }],
  ['it is deleted', { records: [done1], ...to('1.0.0'), now: '01:30' }],
  [
    'it is made again',
    { records: [done1], ...running(done1, { ...BEGINNING, appliedAt: at('01:30') }), ...to('1.0.0'), now: '01:31' },
  ],
  ['an upgrade begins', { records: [done1], ...running(done1), ...to('1.1.0'), now: '02:00' }],
  ['is under way', { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' }],
  ['fails', { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' }],
  ['goes back', { records: [done1, failed2], ...running(done1, back), ...to('1.1.0'), now: '02:12' }],
  ['is back', { records: [done1, failed2], ...arrived, ...to('1.1.0'), now: '02:13' }],
  ['another one begins', { records: [done1, failed2], ...arrived, ...to('1.2.0'), now: '03:00' }],
  ['is under way', { records: [done1, failed2, mending], ...running(mending, MIDWAY), ...to('1.2.0'), now: '03:01' }],
  ['is done', { records: [done1, failed2, mending], ...running(mending), ...to('1.2.0'), now: '03:05' }],
  ['is at rest', { records: [done1, mended], ...running(mended), ...to('1.2.0'), now: '03:06' }],
  ['is suspended', { records: [done1, mended], ...running(mended), ...to('1.2.0', { suspend: true }), now: '03:30' }],
];

/** The looks of that life, each with the status that the one before it has left. */
const steps = LIFE.reduce<readonly (readonly [sentence: string, pieces: Pieces])[]>((before, [sentence, pieces]) => {
  const last = before.at(-1);
  const status = last ? told(last[1]) : { observedGeneration: -1 };
  return [...before, [sentence, { ...pieces, installation: { status } }]];
}, []);

describe('lost, it comes back the same but for times:', () => {
  const lose = (pieces: Pieces): Pieces => ({
    ...pieces,
    installation: { ...pieces.installation, status: { observedGeneration: -1 } },
  });

  it.each(LOOKS)('%s', (_, pieces) => {
    const known = { ...pieces, installation: { ...pieces.installation, status: told(pieces) } };
    expect(withoutTimes(told(lose(pieces)))).toEqual(withoutTimes(told(known)));
  });

  it.each(steps)('in the course of a life: %s', (_, pieces) => {
    const [{ history: before = [], ...kept }, { history: after = [], ...lost }] = [
      withoutTimes(told(pieces)),
      withoutTimes(told(lose(pieces))),
    ];
    expect(lost).toEqual(kept);
    // Without the status, nothing tells of rollouts from before the records.
    expect(before).toEqual(expect.arrayContaining(after));
  });

  it.each([...LOOKS, ...steps])('and the same is written to the children: %s', (_, pieces) => {
    const known = { ...pieces, installation: { ...pieces.installation, status: told(pieces) } };
    expect(findings(lose(pieces)).actions).toEqual(findings(known).actions);
  });
});

describe('told again, it is the same to the last byte:', () => {
  it.each(LOOKS)('%s', (_, pieces) => {
    const status = told(pieces);
    const again = told({ ...pieces, installation: { ...pieces.installation, status } });
    expect(JSON.stringify(told({ ...pieces, installation: { ...pieces.installation, status: again } }))).toBe(
      JSON.stringify(again),
    );
    // The API server drops fields that the schema does not have.
    expect(InstallationStatus.parse(again)).toEqual(again);
  });
});

type Facts = Partial<{ readonly [K in keyof InstallationStatus]: unknown }>;

function facts(pieces: Pieces, expected: Facts): Facts {
  const status = told(pieces);
  return Object.fromEntries(Object.keys(expected).map((name) => [name, status[name as keyof InstallationStatus]]));
}

describe('which version is which:', () => {
  const version = (
    targetVersion?: string,
    installedVersion?: string,
    currentVersion?: string,
    previousVersion?: string,
  ) => ({
    targetVersion,
    installedVersion,
    currentVersion,
    previousVersion,
  });

  it.each<[string, Pieces, Facts]>([
    ['a first install begins', { ...to('1.0.0') }, version('1.0.0', '1.0.0')],
    [
      'a first install is under way',
      { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' },
      version('1.0.0', '1.0.0'),
    ],
    [
      'a first install is done',
      { records: [record(1)], ...running(record(1)), ...to('1.0.0'), now: '01:03' },
      version('1.0.0', '1.0.0', '1.0.0'),
    ],
    [
      'an upgrade is under way',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      version('1.1.0', '1.1.0', '1.0.0'),
    ],
    [
      'an upgrade is done',
      { records: [done1, open2], ...running(open2), ...to('1.1.0'), now: '02:03' },
      version('1.1.0', '1.1.0', '1.1.0', '1.0.0'),
    ],
    [
      'an upgrade failed',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' },
      version('1.0.0', '1.0.0', '1.0.0'),
    ],
    ['it is back', { records: [done1, failed2], ...arrived, ...to('1.1.0') }, version('1.0.0', '1.0.0', '1.0.0')],
    ['it was deleted', { records: [done1, done2], ...to('1.1.0') }, version('1.1.0', '1.1.0', '1.1.0', '1.0.0')],
    [
      'its record is gone, and it is suspended: nothing is recorded now',
      { records: [done1], ...running(done2), ...to('1.1.0', { suspend: true }) },
      version('1.1.0', '1.1.0', '1.0.0'),
    ],
    [
      'it was deleted while it is suspended: nothing is installed',
      { records: [done1, done2], ...to('1.1.0', { suspend: true }) },
      version('1.1.0', undefined, '1.1.0', '1.0.0'),
    ],
    [
      'somebody undid a rollout in its midst, and it is tried anew',
      { records: [done1, open2], ...running(open2, undoneTo(done1)), ...to('1.1.0') },
      version('1.1.0', '1.1.0', '1.0.0'),
    ],
    [
      'suspended, an upgrade is only aimed at',
      { records: [done1], ...running(done1), ...to('1.1.0', { suspend: true }) },
      version('1.1.0', '1.0.0', '1.0.0'),
    ],
    [
      'what cannot be had moves nothing',
      { records: [done1], ...running(done1), ...to('9.9.9') },
      version('1.0.0', '1.0.0', '1.0.0'),
    ],
  ])('%s', (_, pieces, expected) => {
    expect(facts(pieces, expected)).toEqual(expected);
  });
});

describe('what else it says:', () => {
  const one = { records: [done1], ...running(done1), ...to('1.0.0') };
  const needy = {
    records: [with82],
    ...running(with82),
    ...to('1.0.0'),
    catalogue: catalogue(release('1.0.0', php)),
    software: shelf(software('php', '8.2.0', '8.3.0')),
  };
  const consenting = proven(3, { version: '1.0.0', consent: '1.0.0' });
  const byPolicy = failed(2, { trigger: 'Policy', mark: { failure: failureOf(open2, { wish: undefined }) } });

  it.each<[string, Pieces, Facts]>([
    ['of which generation it speaks', { ...one, installation: { generation: 7 } }, { observedGeneration: 7 }],
    [
      'the image of what is stable, and not of what is tried',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      { currentImage: 'registry.example.com/acme/web:1.0.0' },
    ],
    ['the highest version for everybody', one, { latestVersion: '1.3.0' }],
    ['none, where there is no Provider', { ...one, catalogue: undefined }, { latestVersion: undefined }],
    ['the names of what there is', one, { deploymentName: 'web', serviceName: 'web' }],
    ['none before anything is there', { ...to('9.9.9') }, { deploymentName: undefined, serviceName: undefined }],
    ['both, from the first write on', { ...to('1.0.0') }, { deploymentName: 'web', serviceName: 'web' }],
    [
      'no Service, where the release has no ports',
      { records: [proven(1, { ports: undefined })], ...running(done1), ...to('1.0.0') },
      { serviceName: undefined },
    ],
    [
      'a Service that somebody deleted',
      { records: [done1], deployment: deployment(done1), ...to('1.0.0') },
      { serviceName: 'web' },
    ],
    ['what holds for the pods', one, { effective: done1.effective }],
    [
      'what will hold for them, from the write on',
      { ...one, ...to('1.0.0', { resourceTier: 'performance' }) },
      {
        effective: { tier: expect.objectContaining({ replicas: 3 }), configHash: inputsOf('1.0.0').configuration.hash },
      },
    ],
    [
      'what held, as soon as it comes back',
      { records: [done1, record(2, { effective: {} })], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' },
      { effective: done1.effective },
    ],
    [
      'what holds, while it is suspended',
      { ...one, ...to('1.0.0', { resourceTier: 'performance', suspend: true }) },
      { effective: done1.effective },
    ],
    [
      'the consent that is used up',
      {
        records: [done2, consenting],
        ...running(consenting),
        ...to('1.0.0', { upgrade: { allowDowngradeTo: '1.0.0' } }),
      },
      { usedConsent: '1.0.0' },
    ],
    [
      'no consent that is not in the spec any more',
      { records: [done2, consenting], ...running(consenting), ...to('1.0.0') },
      { usedConsent: undefined },
    ],
    [
      'what failed, and is avoided',
      { records: [done1, byPolicy], ...arrived, ...auto, catalogue: catalogue('1.0.0', '1.1.0') },
      { failedVersions: [failureOf(open2, { wish: undefined })].map(({ wish: _, ...f }) => f) },
    ],
    [
      'not that settings of what runs well failed',
      { records: [done1, failed(2, { version: '1.0.0' })], ...arrived, ...to('1.0.0') },
      { failedVersions: undefined },
    ],
    ['nothing failed, where nothing did', one, { failedVersions: undefined }],
    [
      'its system software',
      needy,
      { systemSoftware: [expect.objectContaining({ name: 'php', currentVersion: '8.2.0', targetVersion: '8.2.0' })] },
    ],
    ['none, where there is none', one, { systemSoftware: undefined }],
    [
      'when it was installed',
      { ...one, installation: { status: { installedAt: at('01:04') } } },
      { installedAt: at('01:04') },
    ],
    [
      'not when it was installed, while it is',
      { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' },
      { installedAt: undefined, updatedAt: undefined },
    ],
    [
      'the time of its record, where something else is under way',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      { updatedAt: at('01:05') },
    ],
  ])('%s', (_, pieces, expected) => {
    expect(facts(pieces, expected)).toEqual(expected);
  });
});

describe('the value of the annotation that is obeyed:', () => {
  const retry = { installation: { retry: 'b' }, retries: ['b'] };
  const atAnEnd = {
    records: [failed(1, { retries: ['a'] })],
    ...running(record(1), MIDWAY),
    ...to('1.0.0', { suspend: true }),
  };

  it.each<[string, Pieces, string | undefined]>([
    ['none, where there is none', { records: [done1], ...running(done1), ...to('1.0.0') }, undefined],
    ['at once, where nothing failed', { records: [done1], ...running(done1), ...to('1.0.0'), ...retry }, 'b'],
    ['at once, where it begins something', { records: [done1, failed2], ...arrived, ...to('1.1.0'), ...retry }, 'b'],
    ['not by what failed and is left as it is', { ...atAnEnd, ...retry }, undefined],
    [
      'the one that this very rollout obeys, although it failed',
      { ...atAnEnd, installation: { retry: 'a' }, retries: ['a'] },
      'a',
    ],
  ])('%s', (_, pieces, expected) => {
    expect(told(pieces).lastHandledRetry).toBe(expected);
  });
});

describe('whether it serves, and whether a heal holds:', () => {
  const condition = (pieces: Pieces, type: 'Available' | 'Drifted') => {
    const found = findCondition(told(pieces).conditions, type);
    return found && `${found.status} ${found.reason}`;
  };
  const culprit = 'spec.replicas was changed by "hpa"';
  const changed = { records: [done1], ...running(done1, edited('hpa')), ...to('1.0.0') };

  it.each<[string, Pieces, string]>([
    ['all that are asked for', { records: [done1], ...running(done1), ...to('1.0.0') }, 'True PodsAvailable'],
    [
      'the old ones, in an upgrade',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      'True PodsAvailable',
    ],
    [
      'none yet',
      { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' },
      'False PodsUnavailable',
    ],
    ['nothing is there yet', { ...to('1.0.0') }, 'False PodsUnavailable'],
    ['nothing is there, and nothing can be', { ...to('7.0.0') }, 'False NothingInstalled'],
    [
      'what has the name is somebody else’s',
      { deployment: ofAnother(deployment(done1)), ...to('1.0.0') },
      'False NothingInstalled',
    ],
  ])('pods serve: %s', (_, pieces, expected) => {
    expect(condition(pieces, 'Available')).toBe(expected);
  });

  it.each<[string, Pieces, string | undefined]>([
    ['it is healed at once', changed, undefined],
    [
      'two in a row did not hold',
      { ...changed, heals: { Deployment: { count: 3, burst: 3, culprit, lastAt: clock('11:59') } } },
      'True HealsDoNotHold',
    ],
    [
      'its time has come',
      { ...changed, heals: { Deployment: { count: 3, burst: 3, culprit, lastAt: clock('11:57') } } },
      undefined,
    ],
  ])('drifted: %s', (_, pieces, expected) => {
    expect(condition(pieces, 'Drifted')).toBe(expected);
  });

  it.each<[string, FieldPath[], string]>([
    ['one', [['spec', 'replicas']], 'spec.replicas of the Deployment'],
    [
      'many',
      ['a', 'b', 'c', 'd', 'e'].map((name) => ['spec', name]),
      'spec.a of the Deployment, spec.b of the Deployment, spec.c of the Deployment and 2 more',
    ],
  ])('what admission rewrites is no drift: %s', (_, rewritten, fields) => {
    const { conditions } = told({ records: [done1], ...running(done1, { rewritten }), ...to('1.0.0') });
    expect(conditions?.find(({ type }) => type === 'Drifted')).toMatchObject({
      status: 'False',
      reason: 'RewrittenOnAdmission',
      message: `A mutating webhook or policy changes ${fields}: that is accepted, and nothing has to be done`,
    });
  });
});

it('an update is told of once something is there that could be updated', () => {
  const installing: Pieces = { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' };
  expect(told(installing)).not.toHaveProperty('updateCandidates');
  expect(told({ ...installing, ...running(record(1)) }).updateCandidates?.map((c) => c.version)).toEqual([
    '1.3.0',
    '1.2.0',
    '1.1.0',
  ]);
});
