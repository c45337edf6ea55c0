import { describe, expect, it } from 'vitest';
import { InstallationSpec, InstallationStatus } from '../../../../src/api/installation.ts';
import type { Release } from '../../../../src/api/provider.ts';
import type { BlockReason } from '../../../../src/api/upgrade-status.ts';
import { assess } from '../../../../src/plan/version/assessment.ts';
import { newestTakeable, pendingUpgrade, updateCandidates } from '../../../../src/plan/tell/candidates.ts';
import { explain } from '../../../../src/plan/tell/explanation.ts';
import type { VersionInput } from '../../../../src/plan/version/version-input.ts';
import { decideVersion } from '../../../../src/plan/version/version.ts';
import { catalogue, config, release } from '../../../support/builders.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
/** A window on the first of January from 10 to 12 o'clock. */
const LATER = [{ kind: 'allow' as const, schedule: '0 10 1 1 *', duration: '2h' }];

function input(more: Partial<Omit<VersionInput, 'spec'>> & { spec?: Partial<InstallationSpec> } = {}): VersionInput {
  const installed = more.installed ?? '1.0.0';
  return {
    catalogue: catalogue('1.0.0', '1.1.0'),
    config,
    installed,
    stable: installed,
    isBusy: false,
    usedConsent: undefined,
    now: NOW,
    ...more,
    spec: InstallationSpec.parse({ provider: 'acme/web', upgradePolicy: 'auto', ...more.spec }),
  };
}

/** Each newer release with its blockers, as `1.1.0: Level Policy`, newest first. */
function blockers(more: Parameters<typeof input>[0]): string[] {
  return assess(input(more)).map(({ release, blockedBy }) => [`${release.version}:`, ...blockedBy].join(' '));
}

function pending(more: Parameters<typeof input>[0]) {
  const all = input(more);
  return pendingUpgrade(decideVersion(all), assess(all));
}

describe('a newer release that does not run', () => {
  it.each<[string, Parameters<typeof input>[0], string[]]>([
    ['is free', {}, ['1.1.0:']],
    ['is not taken under manual', { spec: { upgradePolicy: 'manual' } }, ['1.1.0: Policy']],
    ['is not taken while suspended', { spec: { suspend: true }, isBusy: true }, ['1.1.0: Suspended']],
    ['waits for its pods', { isHealthy: false }, ['1.1.0: Unhealthy']],
    ['waits for the fleet', { slot: 'queued' }, ['1.1.0: Queued']],
    ['waits for the rollout under way', { isBusy: true }, ['1.1.0: Queued']],
    ['waits for a window', { spec: { upgrade: { windows: LATER } } }, ['1.1.0: OutsideWindow']],
    ['waits for its age', { spec: { upgrade: { minReleaseAge: '1h' } } }, ['1.1.0: Soaking']],
    [
      'waits for both',
      { spec: { upgrade: { minReleaseAge: '1h', windows: LATER } } },
      ['1.1.0: Soaking OutsideWindow'],
    ],
    [
      'does not wait where something else is in the way',
      { spec: { upgradePolicy: 'manual', upgrade: { minReleaseAge: '1h', windows: LATER } } },
      ['1.1.0: Policy'],
    ],
    [
      'is deprecated while something better is there',
      { catalogue: catalogue('1.0.0', release('1.1.0', { lifecycle: { stage: 'deprecated' } })) },
      ['1.1.0: Deprecated'],
    ],
    [
      'is expired while something better is published',
      {
        catalogue: catalogue(
          release('1.0.0', { lifecycle: { stage: 'deprecated' } }),
          '1.1.0',
          release('1.2.0', { lifecycle: { stage: 'deprecated', expiresAt: '2025-01-01T00:00:00Z' } }),
        ),
      },
      ['1.2.0: Deprecated Expired', '1.1.0:'],
    ],
    [
      'has no way',
      { catalogue: catalogue('1.0.0', release('1.1.0', { upgradesFrom: '>=1.0.5' })) },
      ['1.1.0: PathMissing'],
    ],
    [
      'has no way over what automation does not take',
      { catalogue: catalogue('1.0.0', release('1.1.0', { required: true, breaking: {} }), '1.2.0') },
      ['1.2.0: Breaking', '1.1.0: Breaking'],
    ],
  ])('%s', (_, more, expected) => {
    expect(blockers(more)).toEqual(expected);
  });

  it('is taken first by who asks for the newest, unless it fades', () => {
    const all = catalogue('1.0.0', '1.1.0', '2.0.0', release('2.1.0', { lifecycle: { stage: 'deprecated' } }));
    expect(newestTakeable(assess(input({ catalogue: all })), NOW)?.release.version).toBe('2.0.0');
    const fading = catalogue('1.0.0', release('1.1.0', { lifecycle: { stage: 'deprecated' } }));
    expect(newestTakeable(assess(input({ catalogue: fading })), NOW)?.release.version).toBe('1.1.0');
    expect(newestTakeable(assess(input({ catalogue: catalogue('1.0.0') })), NOW)).toBeUndefined();
  });
});

describe('the age of a release', () => {
  const spec = { upgrade: { minReleaseAge: '72h' } };
  it.each`
    releasedAt                | firstSeen                 | until                     | why
    ${'2025-12-31T00:00:00Z'} | ${'2025-12-30T00:00:00Z'} | ${'2026-01-03T00:00:00Z'} | ${'from when it was published'}
    ${'2025-12-01T00:00:00Z'} | ${'2025-12-31T12:00:00Z'} | ${'2026-01-03T12:00:00Z'} | ${'from when it was seen, if that is later'}
    ${undefined}              | ${'2025-12-31T12:00:00Z'} | ${'2026-01-03T12:00:00Z'} | ${'from when it was seen'}
    ${undefined}              | ${'2025-12-29T00:00:00Z'} | ${undefined}              | ${'old enough'}
  `('counts $why', ({ releasedAt, firstSeen, until }) => {
    const releases = catalogue('1.0.0', release('1.1.0', releasedAt && { releasedAt }));
    const all = input({ spec, catalogue: releases, firstSeen: { '1.1.0': firstSeen } });
    const [candidate] = updateCandidates(all, assess(all), undefined);
    expect(candidate).toMatchObject({ eligible: until === undefined, blockedBy: until ? ['Soaking'] : [] });
    expect(candidate?.notBefore).toBe(until);
    expect(decideVersion(all).notBefore).toBe(until && Date.parse(until));
  });

  it('is not known before it was seen, and soon looked at again', () => {
    const all = input({ spec });
    expect(updateCandidates(all, assess(all), undefined)[0]).not.toHaveProperty('notBefore');
    expect(decideVersion(all).notBefore).toBe(NOW + 5_000);
  });

  it('lets an older release go first', () => {
    const firstSeen = { '1.1.0': '2025-12-01T00:00:00Z', '1.2.0': '2025-12-31T00:00:00Z' };
    const all = input({ spec, catalogue: catalogue('1.0.0', '1.1.0', '1.2.0'), firstSeen });
    expect(decideVersion(all)).toMatchObject({ version: '1.1.0' });
    expect(pendingUpgrade(decideVersion(all), assess(all))).toEqual({
      version: '1.2.0',
      reason: 'Soaking',
      path: ['1.2.0'],
      notBefore: '2026-01-03T00:00:00Z',
    });
  });
});

describe('the age of a stepping stone', () => {
  const spec = { upgrade: { minReleaseAge: '72h', level: 'major' } } as const;
  const young = { '1.6.0': '2025-12-01T00:00:00Z', '1.8.0': '2025-12-31T00:00:00Z', '2.0.0': '2025-12-01T00:00:00Z' };
  const goal = release('2.0.0', { upgradesFrom: '>=1.6.0' });

  it('is waited for where there is no other way', () => {
    const all = input({ spec, catalogue: catalogue('1.2.0', '1.8.0', goal), installed: '1.2.0', firstSeen: young });
    expect(assess(all).map((a) => a.blockedBy)).toEqual([['Soaking'], ['Soaking']]);
    expect(decideVersion(all)).toMatchObject({ version: '1.2.0', notBefore: Date.parse('2026-01-03T00:00:00Z') });
  });

  it('is not waited for where there is another way', () => {
    const releases = catalogue('1.2.0', '1.6.0', '1.8.0', goal);
    expect(decideVersion(input({ spec, catalogue: releases, installed: '1.2.0', firstSeen: young }))).toMatchObject({
      path: ['1.6.0', '2.0.0'],
    });
  });
});

describe('the candidates of a status', () => {
  const many = catalogue(
    '1.0.0',
    ...Array.from({ length: 14 }, (_, i) => `1.${i + 1}.0`),
    release('2.0.0', { breaking: {} }),
  );

  it('are ten: the target, the newest that one may have, then the newest', () => {
    const all = input({ catalogue: many, spec: { upgradePolicy: 'manual', version: '1.2.0' } });
    const shown = updateCandidates(all, assess(all), '1.2.0');
    expect(shown.map((c) => c.version).slice(0, 4)).toEqual(['1.2.0', '1.14.0', '2.0.0', '1.13.0']);
    expect(shown).toHaveLength(10);
    expect(assess(all)).toHaveLength(15);
    expect(shown[2]).toEqual({
      version: '2.0.0',
      change: 'major',
      takeable: false,
      eligible: false,
      blockedBy: ['Breaking', 'Level', 'Policy'],
      missingUserInputs: [],
    });
    expect(InstallationStatus.parse({ updateCandidates: shown }).updateCandidates).toEqual(shown);
  });

  it('are none before anything is installed', () => {
    expect(assess({ ...input(), installed: undefined, stable: undefined })).toEqual([]);
    expect(assess(input({ catalogue: undefined }))).toEqual([]);
  });
});

describe('a pending upgrade', () => {
  const hops = catalogue('1.2.0', release('1.6.0', { required: true }), '2.0.0');

  it('is what is left of a path', () => {
    const spec = { upgradePolicy: 'manual', version: '2.0.0' } as const;
    const whole = { version: '2.0.0', reason: 'UnderWay', path: ['1.6.0', '2.0.0'] };
    expect(pending({ spec, installed: '1.2.0', catalogue: hops })).toEqual(whole);
    expect(pending({ spec, stable: '1.2.0', installed: '1.6.0', isBusy: true, catalogue: hops })).toEqual(whole);
    expect(pending({ spec, installed: '1.6.0', catalogue: hops })).toBeUndefined();
  });

  it('is the rest of an automatic path, while a hop rolls out and while a window is closed', () => {
    const spec = { upgrade: { level: 'major' } } as const;
    expect(pending({ spec, stable: '1.2.0', installed: '1.6.0', isBusy: true, catalogue: hops })).toMatchObject({
      version: '2.0.0',
      reason: 'UnderWay',
    });
    const closed = { upgrade: { level: 'major' as const, windows: LATER } };
    expect(pending({ spec: closed, installed: '1.2.0', catalogue: hops })).toMatchObject({
      reason: 'OutsideWindow',
      path: ['1.6.0', '2.0.0'],
    });
    expect(pending({ spec: closed, installed: '1.6.0', catalogue: hops })).toEqual({
      version: '2.0.0',
      reason: 'OutsideWindow',
      path: ['2.0.0'],
      notBefore: '2026-01-01T10:00:00Z',
    });
  });

  it('is none where only a person can help', () => {
    expect(pending({ spec: { upgradePolicy: 'manual' } })).toBeUndefined();
    expect(pending({ catalogue: catalogue('1.0.0', '2.0.0') })).toBeUndefined();
  });
});

describe('what is told of a newer release', () => {
  /** The assessment of one release, as of the given reasons only. */
  const told = (of: Release, blockedBy: readonly BlockReason[], more: Partial<Parameters<typeof input>[0]> = {}) => {
    const all = input(more);
    const found = assess(all).find(({ release: { version } }) => version === of.version);
    return explain({ ...found!, blockedBy }, all, '1.0.0');
  };
  const newest = release('2.0.0', { breaking: { note: 'Move your files' } });
  const all = { catalogue: catalogue('1.0.0', newest), spec: { upgrade: { range: '<2.0.0' } } };

  it.each(['Breaking', 'Range', 'Level', 'Skipped', 'Prerelease', 'Preview'] as const)(
    'says what to do: %s',
    (reason) => {
      expect(told(newest, [reason], all)).toEqual({
        reason,
        message: expect.stringMatching(/^Set version 2\.0\.0 to take it.*[^.]$/) as string,
      });
    },
  );

  it('is that it can be had, where nothing is against it', () => {
    expect(told(newest, [], all).reason).toBe('NewerRelease');
  });

  const major = { upgrade: { level: 'major' } } as const;
  const manual = { upgradePolicy: 'manual' } as const;
  const stone = (more: Partial<Release> = {}) =>
    catalogue('1.0.0', release('1.5.0', { required: true, ...more }), '2.0.0');
  // Each is a way in which a major was crossed, or a stop left out, elsewhere.
  it.each<[string, Partial<Parameters<typeof input>[0]>, string, string]>([
    [
      'a breaking release',
      { catalogue: catalogue('1.0.0', release('1.1.0', { breaking: { note: 'needs Java 21' } })) },
      'Breaking',
      'Set version 1.1.0 to take it, it is breaking: needs Java 21',
    ],
    [
      'one behind a breaking release',
      { catalogue: catalogue('1.0.0', release('1.1.0', { breaking: { note: 'needs Java 21' } }), '1.1.1') },
      'Breaking',
      'Set version 1.1.1 to take it, it passes what is breaking: 1.1.0 (needs Java 21)',
    ],
    [
      'one behind several, one of them yanked',
      {
        catalogue: catalogue(
          '1.0.0',
          release('1.1.0', { breaking: {} }),
          release('1.2.0', { breaking: { note: 'a' }, lifecycle: { stage: 'yanked' } }),
          release('1.3.0', { breaking: {} }),
          release('1.4.0', { breaking: {} }),
        ),
      },
      'Breaking',
      'Set version 1.4.0 to take it, it passes what is breaking: 1.1.0, 1.2.0 (a), 1.3.0 and 1 more',
    ],
    [
      'one by name, over a step',
      { spec: manual, catalogue: stone() },
      'NewerRelease',
      'Set version 2.0.0 to take it; it goes by 1.5.0',
    ],
    [
      'one by name, over a step that automation would not take',
      { spec: manual, catalogue: stone({ lifecycle: { stage: 'preview' } }) },
      'NewerRelease',
      'Set version 2.0.0 to take it; it goes by 1.5.0',
    ],
    [
      'one over a step that automation does not take',
      { spec: major, catalogue: stone({ lifecycle: { stage: 'preview' } }) },
      'PathMissing',
      'Set version 2.0.0 to take it, automation leaves out 1.5.0 (Preview); it goes by 1.5.0',
    ],
    [
      'one over a breaking step',
      { spec: major, catalogue: stone({ breaking: { note: 'b' } }) },
      'Breaking',
      'Set version 2.0.0 to take it, it passes what is breaking: 1.5.0 (b); it goes by 1.5.0',
    ],
    [
      'one over a step that nobody can have',
      { spec: manual, catalogue: stone({ requires: { kubernetes: '>=1.99.0' } }), kubernetesVersion: 'v1.36.0' },
      'PathMissing',
      'Wait for another release than 1.5.0 (Kubernetes), it is on the way from 1.0.0 to 2.0.0 and cannot be installed',
    ],
    [
      'one to which nothing leads',
      { spec: manual, catalogue: catalogue('1.0.0', release('2.0.0', { upgradesFrom: '>=1.5.0' })) },
      'PathMissing',
      'Wait for a release on the way, none leads from 1.0.0 to 2.0.0',
    ],
  ])('%s', (_, more, reason, message) => {
    const seen = input(more);
    const [first] = assess(seen);
    expect(explain(first!, seen, '1.0.0')).toEqual({ reason, message });
  });

  it('names what is breaking also while that is being rolled out', () => {
    const all = catalogue('1.0.0', release('2.0.0', { breaking: { note: 'a' } }), '2.0.1');
    const seen = input({ spec: manual, catalogue: all, stable: '1.0.0', installed: '2.0.0', isBusy: true });
    const [first] = assess(seen);
    expect(explain(first!, seen, '2.0.0')).toEqual({
      reason: 'Breaking',
      message: 'Set version 2.0.1 to take it, it passes what is breaking: 2.0.0 (a)',
    });
  });

  it('has no more than five steps', () => {
    const steps = Array.from({ length: 7 }, (_, i) => release(`1.${i + 1}.0`, { required: true }));
    const seen = input({ spec: manual, catalogue: catalogue('1.0.0', ...steps, '2.0.0') });
    expect(explain(assess(seen)[0]!, seen, '1.0.0').message).toBe(
      'Set version 2.0.0 to take it; it goes by 1.1.0, 1.2.0, 1.3.0, 1.4.0, 1.5.0 and 2 more',
    );
  });
});
