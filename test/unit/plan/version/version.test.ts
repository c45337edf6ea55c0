import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { InstallationSpec } from '../../../../src/api/installation.ts';
import type { Release } from '../../../../src/api/provider.ts';
import type { Window } from '../../../../src/api/window.ts';
import { isPrerelease } from '../../../../src/api/version.ts';
import { OperatorConfig } from '../../../../src/api/operator-config.ts';
import { assess } from '../../../../src/plan/version/assessment.ts';
import type { VersionInput } from '../../../../src/plan/version/version-input.ts';
import { decideVersion } from '../../../../src/plan/version/version.ts';
import { catalogue, config, release } from '../../../support/builders.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const DAY = 24 * 3_600_000;
const strictConfig = OperatorConfig.parse({ allowedImagePrefixes: ['registry.example.com/acme'] });

function input(more: Partial<Omit<VersionInput, 'spec'>> & { spec?: Partial<InstallationSpec> } = {}): VersionInput {
  const installed = more.installed;
  return {
    catalogue: catalogue('1.0.0'),
    config,
    installed,
    stable: installed,
    isBusy: false,
    usedConsent: undefined,
    now: NOW,
    ...more,
    spec: InstallationSpec.parse({ provider: 'acme/web', ...more.spec }),
  };
}

/** The version decided on, or the reason why there is none. */
function decide(more: Parameters<typeof input>[0]): string {
  const decision = decideVersion(input(more));
  return decision.kind === 'target' ? decision.version : decision.reason;
}

const marks: Readonly<Record<string, Partial<Release>>> = {
  yanked: { lifecycle: { stage: 'yanked' } },
  preview: { lifecycle: { stage: 'preview' } },
  deprecated: { lifecycle: { stage: 'deprecated' } },
  expired: { lifecycle: { expiresAt: '2025-12-31T00:00:00Z' } },
  breaking: { breaking: {} },
  required: { required: true },
  security: { fixes: ['security'] },
};

/** Reads `'1.0.0 1.1.0:breaking'` as a catalogue. */
function published(text: string) {
  return catalogue(
    ...text.split(' ').map((word) => {
      const [version = '', mark = ''] = word.split(':');
      return release(version, marks[mark]);
    }),
  );
}

describe('the first install without a version', () => {
  it.each`
    releases                               | decided        | why
    ${'1.0.0 1.1.0'}                       | ${'1.1.0'}     | ${'the newest'}
    ${'1.0.0 2.0.0-rc.1'}                  | ${'1.0.0'}     | ${'no prerelease'}
    ${'1.0.0 1.1.0:yanked'}                | ${'1.0.0'}     | ${'nothing yanked'}
    ${'1.0.0 1.1.0:preview'}               | ${'1.0.0'}     | ${'no preview'}
    ${'1.0.0 2.0.0:breaking'}              | ${'2.0.0'}     | ${'breaking breaks nothing yet'}
    ${'1.0.0 1.1.0:deprecated'}            | ${'1.0.0'}     | ${'deprecated comes last'}
    ${'1.0.0 1.1.0:expired'}               | ${'1.0.0'}     | ${'expired comes last'}
    ${'1.0.0:deprecated 1.1.0:deprecated'} | ${'1.1.0'}     | ${'the newest of the last'}
    ${'1.10.0 1.9.0'}                      | ${'1.10.0'}    | ${'numbers, not text'}
    ${'1.0.0:yanked 2.0.0-rc.1'}           | ${'NoRelease'} | ${'nothing is left'}
  `('$releases: $decided ($why)', ({ releases, decided }) => {
    expect(decide({ catalogue: published(releases) })).toBe(decided);
    expect(decide({ catalogue: published(releases), spec: { upgradePolicy: 'auto' } })).toBe(decided);
  });

  it.each<[string, InstallationSpec['upgrade'], string]>([
    [
      '1.0.0',
      { skipVersions: ['1.0.0'] },
      'Remove 1.0.0 from upgrade.skipVersions, no other release could be chosen, or set version 1.0.0 to name one',
    ],
    [
      '1.0.0 1.1.0 2.0.0-rc.1',
      { skipVersions: ['1.1.0'], range: '>=1.1.0' },
      'Remove 1.1.0 from upgrade.skipVersions, no other release could be chosen, or set version 1.1.0 to name one',
    ],
    [
      '1.0.0',
      { skipVersions: ['1.0.0'], range: '>=1.1.0' },
      'Remove 1.0.0 from upgrade.skipVersions and widen upgrade.range ">=1.1.0", no other release could be chosen, or set version 1.0.0 to name one',
    ],
    ['1.0.0:yanked 1.1.0:yanked', {}, 'Publish another release of "acme/web": all that are published were yanked'],
    [
      '1.0.0:preview',
      { skipVersions: ['1.0.0'] },
      'Publish a release of "acme/web" that is no preview and no prerelease, or set version 1.0.0 to name one',
    ],
  ])('of %s under %j says what keeps it out', (releases, upgrade, message) => {
    expect(decideVersion(input({ spec: { upgrade }, catalogue: published(releases) }))).toMatchObject({
      reason: 'NoRelease',
      message,
    });
  });

  it('waits for a Provider that may still be delivered', () => {
    expect(decideVersion(input({ catalogue: undefined }))).toMatchObject({
      reason: 'ProviderNotFound',
      patience: 'grace',
    });
  });
});

describe('manual', () => {
  it.each`
    version         | installed    | releases                  | decided               | why
    ${undefined}    | ${'1.0.0'}   | ${'1.0.0 1.1.0'}          | ${'1.0.0'}            | ${'stays without being asked'}
    ${undefined}    | ${'1.0.0'}   | ${'1.1.0'}                | ${'1.0.0'}            | ${'what runs needs no catalogue'}
    ${'1.0.0'}      | ${undefined} | ${'1.0.0 1.1.0'}          | ${'1.0.0'}            | ${'exactly as asked'}
    ${'1.1.0'}      | ${'1.0.0'}   | ${'1.0.0 1.1.0 1.2.0'}    | ${'1.1.0'}            | ${'exactly as asked'}
    ${'2.0.0'}      | ${'1.0.0'}   | ${'1.0.0 2.0.0:breaking'} | ${'2.0.0'}            | ${'asked for, breaking or not'}
    ${'2.0.0-rc.1'} | ${'1.0.0'}   | ${'1.0.0 2.0.0-rc.1'}     | ${'2.0.0-rc.1'}       | ${'a prerelease by its exact version'}
    ${'1.1.0'}      | ${'1.0.0'}   | ${'1.0.0 1.1.0:preview'}  | ${'1.1.0'}            | ${'a preview by its exact version'}
    ${'1.1.0'}      | ${'1.0.0'}   | ${'1.0.0 1.1.0:yanked'}   | ${'Yanked'}           | ${'yanked is never begun'}
    ${'1.1.0'}      | ${'1.1.0'}   | ${'1.0.0 1.1.0:yanked'}   | ${'1.1.0'}            | ${'yanked after all stays'}
    ${'1.1.0'}      | ${'1.1.0'}   | ${'1.0.0'}                | ${'1.1.0'}            | ${'what runs needs no catalogue'}
    ${'1.3.0'}      | ${'1.0.0'}   | ${'1.0.0 1.1.0'}          | ${'VersionNotFound'}  | ${'never published'}
    ${'1.0.0'}      | ${'1.1.0'}   | ${'1.0.0 1.1.0'}          | ${'DowngradeRefused'} | ${'no consent'}
  `('version $version over $installed: $decided ($why)', ({ version, installed, releases, decided }) => {
    expect(decide({ spec: { version }, installed, catalogue: published(releases) })).toBe(decided);
  });
});

describe('a downgrade', () => {
  it.each`
    version    | consent      | range        | decided               | why
    ${'1.4.0'} | ${'1.4.0'}   | ${undefined} | ${'1.4.0'}            | ${'same minor, with consent'}
    ${'1.4.0'} | ${undefined} | ${undefined} | ${'DowngradeRefused'} | ${'no consent'}
    ${'1.4.0'} | ${'1.3.0'}   | ${undefined} | ${'DowngradeRefused'} | ${'consent to another version'}
    ${'1.3.0'} | ${'1.3.0'}   | ${undefined} | ${'DowngradeRefused'} | ${'another minor without a word of the release'}
    ${'1.3.0'} | ${'1.3.0'}   | ${'>=1.3.0'} | ${'1.3.0'}            | ${'the release says it can be done'}
    ${'1.3.0'} | ${'1.3.0'}   | ${'>=1.4.0'} | ${'DowngradeRefused'} | ${'the release says how far'}
  `('from 1.4.2 to $version with consent to $consent, downgradable to $range: $decided ($why)', (row) => {
    const releases = [release('1.3.0'), release('1.4.0'), release('1.4.2', row.range && { downgradableTo: row.range })];
    const upgrade = row.consent && { allowDowngradeTo: row.consent };
    expect(
      decide({ spec: { version: row.version, upgrade }, installed: '1.4.2', catalogue: catalogue(...releases) }),
    ).toBe(row.decided);
  });

  it('is measured from what is stable: going back before the rollout is done is a cancel', () => {
    expect(
      decide({ spec: { version: '1.0.0' }, stable: '1.0.0', installed: '1.1.0', catalogue: published('1.0.0 1.1.0') }),
    ).toBe('1.0.0');
  });

  it('spends a consent, and says how to renew it', () => {
    const spec = { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } };
    const releases = catalogue('1.0.0', '1.0.1');
    expect(decide({ spec, installed: '1.0.1', catalogue: releases })).toBe('1.0.0');
    expect(decide({ spec, installed: '1.0.1', catalogue: releases, usedConsent: '1.0.0' })).toBe('DowngradeRefused');
  });

  it('is none where nothing but the last rollout is cancelled, even to what was yanked meanwhile', () => {
    const more = { spec: { version: '1.0.0' }, stable: '1.0.0', installed: '1.1.0' };
    expect(decide({ ...more, catalogue: published('1.0.0:yanked 1.1.0') })).toBe('1.0.0');
  });

  it('says how to stay', () => {
    const decision = decideVersion(
      input({ spec: { version: '1.0.0' }, installed: '1.1.0', catalogue: published('1.0.0 1.1.0') }),
    );
    expect(decision).toMatchObject({ message: expect.stringContaining('Set version 1.1.0 to stay') as string });
  });
});

describe('auto', () => {
  it.each`
    floor        | installed    | releases                        | decided              | why
    ${undefined} | ${'1.0.0'}   | ${'1.0.0 1.1.0 1.2.0'}          | ${'1.2.0'}           | ${'the newest'}
    ${undefined} | ${'1.0.0'}   | ${'1.0.0 1.1.0 2.0.0:breaking'} | ${'1.1.0'}           | ${'nothing breaking'}
    ${undefined} | ${'1.0.0'}   | ${'1.0.0 1.1.0-rc.1'}           | ${'1.0.0'}           | ${'no prerelease'}
    ${undefined} | ${'1.0.0'}   | ${'1.0.0 1.1.0:yanked'}         | ${'1.0.0'}           | ${'nothing yanked'}
    ${undefined} | ${'1.0.0'}   | ${'1.0.0 1.1.0:deprecated'}     | ${'1.0.0'}           | ${'not what fades'}
    ${undefined} | ${'1.2.0'}   | ${'1.0.0 1.1.0'}                | ${'1.2.0'}           | ${'never lower'}
    ${'1.1.0'}   | ${undefined} | ${'1.0.0 1.1.0 1.2.0'}          | ${'1.2.0'}           | ${'newer than the floor'}
    ${'1.1.0'}   | ${'1.0.0'}   | ${'1.0.0 1.1.0 1.2.0:breaking'} | ${'1.1.0'}           | ${'the floor itself'}
    ${'2.0.0'}   | ${'1.0.0'}   | ${'1.0.0 2.0.0:breaking'}       | ${'2.0.0'}           | ${'a floor is asked for'}
    ${'1.1.0-b'} | ${'1.0.0'}   | ${'1.0.0 1.1.0-b'}              | ${'1.1.0-b'}         | ${'a floor is asked for'}
    ${'1.0.0'}   | ${'1.1.0'}   | ${'1.0.0 1.1.0'}                | ${'1.1.0'}           | ${'a floor below does nothing'}
    ${'1.0.0'}   | ${'1.0.0'}   | ${'1.0.0 1.1.0'}                | ${'1.1.0'}           | ${'a floor that is reached does nothing'}
    ${'1.5.0'}   | ${'1.0.0'}   | ${'1.0.0 1.1.0'}                | ${'VersionNotFound'} | ${'a floor must be published'}
    ${'0.9.0'}   | ${'1.0.0'}   | ${'1.0.0 1.1.0'}                | ${'VersionNotFound'} | ${'also one below'}
  `('floor $floor over $installed: $decided ($why)', ({ floor, installed, releases, decided }) => {
    expect(decide({ spec: { upgradePolicy: 'auto', version: floor }, installed, catalogue: published(releases) })).toBe(
      decided,
    );
  });

  it.each`
    upgrade                        | releases                                     | decided              | why
    ${{}}                          | ${'1.4.2 1.5.0 2.0.0'}                       | ${'1.5.0'}           | ${'minor where nothing is said'}
    ${{ level: 'patch' }}          | ${'1.4.2 1.4.3 1.5.0'}                       | ${'1.4.3'}           | ${'no further than the level'}
    ${{ level: 'major' }}          | ${'1.4.2 1.4.3 3.0.0:breaking'}              | ${'1.4.3'}           | ${'nothing breaking'}
    ${{ level: 'major' }}          | ${'1.4.2 1.5.0:required 2.0.0'}              | ${'2.0.0'}           | ${'over stepping stones: nothing is there to be led'}
    ${{ securityOnly: true }}      | ${'1.4.2 1.4.3:security 1.4.4'}              | ${'1.4.3'}           | ${'only what fixes security'}
    ${{ skipVersions: ['1.5.0'] }} | ${'1.4.2 1.5.0'}                             | ${'1.4.2'}           | ${'the floor itself'}
    ${{ range: '<1.4.0' }}         | ${'1.4.2 1.4.3'}                             | ${'1.4.2'}           | ${'a floor is asked for'}
    ${{ minReleaseAge: '1h' }}     | ${'1.4.2 1.5.0'}                             | ${'1.4.2'}           | ${'not what is too young'}
    ${{}}                          | ${'1.4.2 1.5.0:deprecated'}                  | ${'1.4.2'}           | ${'not what fades'}
    ${{}}                          | ${'1.4.2:deprecated 1.4.3:deprecated 2.0.0'} | ${'1.4.3'}           | ${'an older line is entered at its end'}
    ${{}}                          | ${'1.4.2:yanked 1.5.0'}                      | ${'Yanked'}          | ${'the floor must be one that can be had'}
    ${{}}                          | ${'1.5.0'}                                   | ${'VersionNotFound'} | ${'a floor must be published'}
  `('first install over the floor 1.4.2 of $releases, $upgrade: $decided ($why)', ({ upgrade, releases, decided }) => {
    const spec = { upgradePolicy: 'auto', version: '1.4.2', upgrade } as const;
    expect(decide({ spec, catalogue: published(releases) })).toBe(decided);
  });

  it('measures from the floor as well where the first install failed', () => {
    const more = { stable: undefined, installed: '1.4.2', isHealthy: false };
    const failed = { version: '1.4.2', image: release('1.4.2').image, reason: 'CrashLoop', message: '', attempts: 1 };
    const failures = [{ ...failed, at: '2025-12-31T00:00:00Z' }];
    const spec = { upgradePolicy: 'auto', version: '1.4.2', upgrade: { level: 'patch' } } as const;
    const all = published('1.4.2 1.4.3 1.5.0 2.0.0:breaking');
    expect(decide({ ...more, spec, failures, catalogue: all })).toBe('1.4.3');
  });

  it.each`
    failed           | releases                | more                                | decided    | why
    ${'1.5.0'}       | ${'1.4.2 1.4.3 1.5.0'}  | ${{}}                               | ${'1.4.2'} | ${'the floor is named'}
    ${'1.5.0 1.4.2'} | ${'1.4.2 1.4.3 1.5.0'}  | ${{ installed: '1.4.2' }}           | ${'1.4.3'} | ${'the next best, where the floor failed as well'}
    ${'1.5.0 1.4.2'} | ${'1.4.2 1.5.0'}        | ${{ installed: '1.4.2' }}           | ${'1.4.2'} | ${'nothing is left'}
    ${'1.5.0'}       | ${'1.4.2 1.5.0'}        | ${{ isBusy: true }}                 | ${'1.5.0'} | ${'what is under way ends first'}
    ${'1.5.0'}       | ${'1.4.2 1.5.0'}        | ${{ retries: ['again'] }}           | ${'1.5.0'} | ${'somebody asks for another try'}
    ${'1.5.0'}       | ${'1.4.2:yanked 1.5.0'} | ${{}}                               | ${'1.5.0'} | ${'the floor cannot be had'}
    ${'1.5.0'}       | ${'1.4.2 1.5.0 1.5.1'}  | ${{}}                               | ${'1.4.2'} | ${'the floor serves soonest: no window and no queue'}
    ${'1.5.0'}       | ${'1.4.1 1.4.2 1.5.0'}  | ${{ spec: { version: undefined } }} | ${'1.5.0'} | ${'without a floor nobody named another'}
    ${'1.5.0'}       | ${'1.4.2 1.5.0'}        | ${{ stable: '1.4.4' }}              | ${'1.5.0'} | ${'something runs: the floor is below it'}
  `('first install of $failed failed, $releases, $more: $decided ($why)', ({ failed, releases, more, decided }) => {
    const spec = { upgradePolicy: 'auto', version: '1.4.2', ...more.spec } as const;
    const wish = 'asked';
    const failures = (failed as string).split(' ').map((version) => ({
      version,
      image: release(version).image,
      reason: 'CrashLoop',
      message: '',
      attempts: 1,
      wish,
      at: '2025-12-31T00:00:00Z',
    }));
    const state = { stable: undefined, installed: '1.5.0', isHealthy: false, wish, failures, ...more, spec };
    expect(decide({ ...state, catalogue: published(releases) })).toBe(decided);
  });

  it('lets a rollout end before it begins the next', () => {
    const more = {
      spec: { upgradePolicy: 'auto' },
      stable: '1.0.0',
      installed: '1.1.0',
      catalogue: published('1.0.0 1.1.0 1.2.0'),
    } as const;
    expect(decide({ ...more, isBusy: true })).toBe('1.1.0');
    expect(decide({ ...more, isBusy: false })).toBe('1.2.0');
  });

  it('names the way out that is really there when a first install finds nothing', () => {
    const strict = OperatorConfig.parse({ allowedImagePrefixes: ['other.example.com'] });
    expect(decide({ catalogue: published('1.0.0'), config: strict })).toBe('ImageNotAllowed');
    const broken = catalogue(release('1.0.0', { runtime: { volumeMounts: [{ name: 'x', mountPath: '/x' }] } }));
    expect(decide({ catalogue: broken })).toBe('ReleaseInvalid');
  });

  it('takes only images that the platform allows', () => {
    const strict = OperatorConfig.parse({ allowedImagePrefixes: ['registry.example.com/acme'] });
    const releases = catalogue('1.0.0', release('1.1.0', { image: 'registry.example.com/acme-evil/web:1.1.0' }));
    expect(decide({ spec: { upgradePolicy: 'auto' }, installed: '1.0.0', catalogue: releases, config: strict })).toBe(
      '1.0.0',
    );
    expect(decide({ spec: { version: '1.1.0' }, installed: '1.0.0', catalogue: releases, config: strict })).toBe(
      'ImageNotAllowed',
    );
  });
});

describe('limits of automation', () => {
  it.each`
    upgrade                        | installed       | releases                        | decided         | why
    ${{}}                          | ${'1.0.0'}      | ${'1.0.0 1.1.0 2.0.0'}          | ${'1.1.0'}      | ${'minor where nothing is said'}
    ${{ level: 'patch' }}          | ${'1.0.0'}      | ${'1.0.0 1.0.1 1.1.0'}          | ${'1.0.1'}      | ${'no further than the level'}
    ${{ level: 'major' }}          | ${'1.0.0'}      | ${'1.0.0 1.1.0 2.0.0'}          | ${'2.0.0'}      | ${'no further than the level'}
    ${{}}                          | ${'0.1.0'}      | ${'0.1.0 0.1.1 0.2.0'}          | ${'0.1.1'}      | ${'of 0.x a minor counts as major'}
    ${{}}                          | ${'0.0.1'}      | ${'0.0.1 0.0.2'}                | ${'0.0.1'}      | ${'of 0.0.x everything does'}
    ${{ level: 'patch' }}          | ${'1.1.0-rc.1'} | ${'1.1.0-rc.1 1.1.0'}           | ${'1.1.0'}      | ${'a prerelease to its release'}
    ${{ range: '>=1.0.0 <1.2.0' }} | ${'1.0.0'}      | ${'1.0.0 1.1.0 1.2.0'}          | ${'1.1.0'}      | ${'inside the range'}
    ${{ prereleases: true }}       | ${'1.0.0'}      | ${'1.0.0 1.1.0-rc.1'}           | ${'1.1.0-rc.1'} | ${'prereleases too'}
    ${{ skipVersions: ['1.2.0'] }} | ${'1.0.0'}      | ${'1.0.0 1.1.0 1.2.0'}          | ${'1.1.0'}      | ${'not what is skipped'}
    ${{ securityOnly: true }}      | ${'1.0.0'}      | ${'1.0.0 1.1.0:security 1.2.0'} | ${'1.1.0'}      | ${'only what fixes security'}
  `('$upgrade over $installed: $decided ($why)', ({ upgrade, installed, releases, decided }) => {
    expect(decide({ spec: { upgradePolicy: 'auto', upgrade }, installed, catalogue: published(releases) })).toBe(
      decided,
    );
  });

  it('hold at the first install, but for those that need something to be measured from', () => {
    const all = '1.0.0 1.1.0 2.0.0 2.1.0-rc.1';
    const first = (upgrade: InstallationSpec['upgrade']) => decide({ spec: { upgrade }, catalogue: published(all) });
    expect(first({ level: 'patch', securityOnly: true, minReleaseAge: '72h' })).toBe('2.0.0');
    expect(first({ range: '<2.0.0' })).toBe('1.1.0');
    expect(first({ skipVersions: ['2.0.0'] })).toBe('1.1.0');
    expect(first({ prereleases: true })).toBe('2.1.0-rc.1');
    expect(decideVersion(input({ spec: { upgrade: { range: '<1.0.0' } }, catalogue: published(all) }))).toMatchObject({
      reason: 'NoRelease',
      message: 'Widen upgrade.range "<1.0.0", no other release could be chosen, or set version 2.0.0 to name one',
    });
  });

  it('a floor above what runs is the goal itself, whatever automation may', () => {
    const windows = [{ kind: 'deny' as const, schedule: '* * * * *', duration: '1h' }];
    const spec = { upgradePolicy: 'auto', version: '2.0.0', upgrade: { windows } } as const;
    const all = { spec, installed: '1.0.0', catalogue: published('1.0.0 2.0.0 2.1.0') };
    expect(decideVersion(input(all))).toMatchObject({ version: '2.0.0', trigger: 'Spec', reason: 'Named' });
    expect(decide({ ...all, installed: '2.0.0' }), 'beyond it automation’s own rules hold').toBe('2.0.0');
  });

  it('a first install that failed is tried again with something newer, windows or not', () => {
    const windows = [{ kind: 'deny' as const, schedule: '* * * * *', duration: '1h' }];
    const failed = { version: '1.1.0', image: release('1.1.0').image, reason: 'CrashLoop', message: '' };
    const failures = [{ ...failed, at: '2025-12-31T00:00:00Z', attempts: 1 }];
    const more = { stable: undefined, installed: '1.1.0', isHealthy: false, failures };
    const auto = { upgradePolicy: 'auto', upgrade: { windows } } as const;
    expect(decide({ ...more, spec: auto, catalogue: published('1.0.0 1.1.0') })).toBe('1.1.0');
    expect(decide({ ...more, spec: auto, catalogue: published('1.0.0 1.1.0 2.0.0') })).toBe('2.0.0');
    expect(decide({ ...more, catalogue: published('1.0.0 1.1.0 2.0.0') }), 'manual stays').toBe('1.1.0');
  });

  it('no automatic hop starts while pods are missing, the fleet is busy or a window is closed', () => {
    const auto = { spec: { upgradePolicy: 'auto' }, installed: '1.0.0', catalogue: published('1.0.0 1.1.0') } as const;
    expect(decide(auto)).toBe('1.1.0');
    expect(decide({ ...auto, isHealthy: false })).toBe('1.0.0');
    expect(decide({ ...auto, slot: 'queued' })).toBe('1.0.0');
    const windows = [{ kind: 'allow' as const, schedule: '0 10 * * *', duration: '2h' }];
    const closed = input({ ...auto, spec: { upgradePolicy: 'auto', upgrade: { windows } } });
    expect(decideVersion(closed)).toMatchObject({ version: '1.0.0', notBefore: Date.parse('2026-01-01T10:00:00Z') });
    const open = { ...closed, now: Date.parse('2026-01-01T10:00:00Z') };
    expect(decideVersion(open)).toMatchObject({ version: '1.1.0', trigger: 'Policy' });
    const turn = 'ffff';
    const due = decideVersion({ ...open, turn }).notBefore ?? 0;
    expect(decideVersion({ ...open, turn })).toMatchObject({ version: '1.0.0' });
    expect(due - open.now).toBeLessThan(600_000);
    expect(decideVersion({ ...open, turn, now: due })).toMatchObject({ version: '1.1.0' });
  });

  it('lets a first install end before it takes something newer', () => {
    const more = { spec: { upgradePolicy: 'auto' }, stable: undefined, installed: '1.0.0' } as const;
    expect(decide({ ...more, isBusy: true, catalogue: published('1.0.0 1.1.0') })).toBe('1.0.0');
    expect(decide({ ...more, isBusy: false, catalogue: published('1.0.0 1.1.0') })).toBe('1.1.0');
  });

  it('tells when time alone changes something', () => {
    const auto = { spec: { upgradePolicy: 'auto' }, installed: '1.0.0' } as const;
    const until = (more: Parameters<typeof input>[0]) => {
      const { notBefore } = decideVersion(input({ ...auto, ...more }));
      return notBefore === undefined ? undefined : (notBefore - NOW) / DAY;
    };
    const after = (days: number) => new Date(NOW + days * DAY).toISOString();
    const expiring = (version: string, days: number) => release(version, { lifecycle: { expiresAt: after(days) } });
    const failed = { version: '1.1.0', image: release('1.1.0').image, reason: 'ImagePull', message: '', at: after(-1) };
    expect(until({})).toBeUndefined();
    expect(until({ catalogue: catalogue(expiring('1.0.0', 3), expiring('1.1.0', 2)) })).toBe(2);
    expect(until({ catalogue: catalogue(expiring('0.9.0', 1), expiring('1.0.0', -1)) })).toBeUndefined();
    const failures = [{ ...failed, attempts: 1, retryAfter: after(0.25) }];
    expect(until({ catalogue: published('1.0.0 1.1.0'), failures })).toBe(0.25);
    expect(until({ catalogue: published('1.0.0'), failures: [{ ...failures[0]!, version: '1.0.0', wish: 'w' }] })).toBe(
      0.25,
    );
    expect(until({ catalogue: published('1.0.0'), failures: [{ ...failures[0]!, version: '0.9.0' }] })).toBeUndefined();
  });

  it('a window that nobody can understand is said, and nothing moves', () => {
    const windows = [{ kind: 'allow' as const, schedule: '0 10 31 2 *', duration: '2h', timeZone: 'Nowhere/Land' }];
    expect(decide({ spec: { upgradePolicy: 'auto', upgrade: { windows } }, installed: '1.0.0' })).toBe('InvalidSpec');
  });
});

describe('hop by hop', () => {
  const hops = catalogue('1.2.0', release('1.6.0', { required: true }), '2.0.0');
  const named = { spec: { version: '2.0.0' }, catalogue: hops } as const;

  it('a path is taken one rollout after the other', () => {
    const first = decideVersion(input({ ...named, installed: '1.2.0' }));
    expect(first).toMatchObject({ version: '1.6.0', goal: '2.0.0', path: ['1.6.0', '2.0.0'], trigger: 'Spec' });
    expect(decide({ ...named, stable: '1.2.0', installed: '1.6.0', isBusy: true })).toBe('1.6.0');
    expect(decide({ ...named, installed: '1.6.0' })).toBe('2.0.0');
  });

  it('automation takes the hops that every gate lets through, and says nothing of others', () => {
    const auto = (level: 'minor' | 'major') => ({ upgradePolicy: 'auto', upgrade: { level } }) as const;
    expect(decide({ spec: auto('major'), installed: '1.2.0', catalogue: hops })).toBe('1.6.0');
    expect(decide({ spec: auto('minor'), installed: '1.2.0', catalogue: hops })).toBe('1.6.0');
    expect(decide({ spec: auto('minor'), installed: '1.6.0', catalogue: hops })).toBe('1.6.0');
  });

  it('an explicit goal passes over what automation would not', () => {
    const preview = { required: true, lifecycle: { stage: 'preview' } } as const;
    const all = catalogue('1.2.0', release('1.6.0', preview), '2.0.0');
    expect(decide({ ...named, installed: '1.2.0', catalogue: all })).toBe('1.6.0');
    const auto = { upgradePolicy: 'auto', upgrade: { level: 'major' } } as const;
    expect(decide({ spec: auto, installed: '1.2.0', catalogue: all })).toBe('1.2.0');
  });

  it('says why there is no way', () => {
    const message = (all: ReturnType<typeof catalogue>, kubernetesVersion = 'v1.33.0') =>
      decideVersion(input({ ...named, installed: '1.2.0', catalogue: all, kubernetesVersion }));
    expect(message(catalogue('1.2.0', release('2.0.0', { upgradesFrom: '>=1.6.0' })))).toMatchObject({
      reason: 'PathMissing',
      message:
        'Set another version than 2.0.0, no published release leads there from 1.2.0: it can be reached from ">=1.6.0" only',
    });
    const stone = release('1.6.0', { required: true, requires: { kubernetes: '>=1.40.0' } });
    expect(message(catalogue('1.2.0', stone, '2.0.0'))).toMatchObject({
      reason: 'PathMissing',
      message:
        'Set another version than 2.0.0, release 1.6.0 (Kubernetes) on the way there cannot be installed and must not be left out',
    });
    const needy = release('2.0.0', { requires: { kubernetes: '>=1.40.0' } });
    expect(message(catalogue('1.2.0', needy))).toMatchObject({
      reason: 'KubernetesUnsupported',
      message: 'Set another version than 2.0.0, it needs Kubernetes ">=1.40.0" and this is v1.33.0; 1.2.0 stays',
    });
  });

  it('a hop under way is not left for a newer one that leads there as well', () => {
    const spec = { version: '2.0.0' };
    const goal = release('2.0.0', { upgradesFrom: '>=1.6.0' });
    const more = {
      spec,
      stable: '1.2.0',
      installed: '1.6.0',
      catalogue: catalogue('1.2.0', '1.3.0', '1.6.0', '1.8.0', goal),
    };
    expect(decide({ ...more, isBusy: true })).toBe('1.6.0');
    expect(decide({ ...more, installed: '1.2.0' })).toBe('1.8.0');
    expect(decide({ ...more, isBusy: true, spec: { version: '1.8.0' } }), 'for another goal it is').toBe('1.8.0');
    expect(decide({ ...more, isBusy: true, installed: '1.3.0' }), 'for a shorter way it is').toBe('1.8.0');
  });

  it('a downgrade is one hop', () => {
    const spec = { version: '1.2.0', upgrade: { allowDowngradeTo: '1.2.0' } };
    const all = catalogue(
      '1.2.0',
      release('1.6.0', { required: true }),
      release('2.0.0', { downgradableTo: '>=1.0.0' }),
    );
    expect(decideVersion(input({ spec, installed: '2.0.0', catalogue: all }))).toMatchObject({
      version: '1.2.0',
      path: ['1.2.0'],
      reason: 'Downgrade',
    });
  });
});

describe('laws', () => {
  const numbers = fc.tuple(fc.nat(2), fc.nat(3), fc.nat(2)).map((all) => all.join('.'));
  const version = fc.tuple(numbers, fc.constantFrom('', '', '', '-rc.1')).map((all) => all.join(''));
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const anyRange = fc.tuple(fc.constantFrom('>=', '<', '^', '~'), numbers).map((all) => all.join(''));
  const day = fc.integer({ min: -4, max: 4 }).map((days) => new Date(NOW + days * DAY).toISOString());

  const anyRelease = fc
    .record({
      version,
      mark: fc.constantFrom('', '', '', ...Object.keys(marks)),
      upgradesFrom: optional(anyRange),
      required: fc.constantFrom(true, false, false, false),
      kubernetes: fc.constantFrom(undefined, undefined, '>=1.30.0', '>=1.40.0'),
      image: fc.constantFrom('', '', '', 'evil.example.com/web'),
      releasedAt: optional(day),
      expiresAt: optional(day),
    })
    .map(({ version, mark, upgradesFrom, required, kubernetes, image, releasedAt, expiresAt }) => {
      const { lifecycle, ...marked } = marks[mark] ?? {};
      return release(version, {
        ...marked,
        ...(image && { image }),
        ...(upgradesFrom && { upgradesFrom }),
        ...(required && { required }),
        ...(kubernetes && { requires: { kubernetes } }),
        ...(releasedAt && { releasedAt }),
        ...((lifecycle ?? expiresAt) && { lifecycle: { ...(expiresAt && { expiresAt }), ...lifecycle } }),
      });
    });

  const anyUpgrade = fc.record(
    {
      level: fc.constantFrom('patch' as const, 'minor' as const, 'major' as const),
      range: anyRange,
      securityOnly: fc.constant(true),
      prereleases: fc.boolean(),
      minReleaseAge: fc.constantFrom('24h', '72h'),
      skipVersions: fc.array(version, { maxLength: 2 }),
      allowDowngradeTo: version,
      windows: fc.constant<Window[]>([{ kind: 'allow', schedule: '0 2 * * *', duration: '1h' }]),
    },
    { requiredKeys: [] },
  );

  const anyFailure = fc
    .record({
      version,
      attempts: fc.integer({ min: 1, max: 3 }),
      retryAfter: optional(day),
      wish: optional(fc.constant('w')),
    })
    .map(({ version, attempts, retryAfter, wish }) => ({
      version,
      image: release(version).image,
      reason: 'CrashLoop',
      message: '',
      at: '2025-12-31T00:00:00Z',
      attempts,
      ...(retryAfter && { retryAfter }),
      ...(wish && { wish }),
    }));

  const anyInput = fc
    .record({
      releases: fc.uniqueArray(anyRelease, { maxLength: 10, selector: (r) => r.version }),
      stable: optional(version),
      moving: optional(version),
      asked: optional(version),
      policy: fc.constantFrom('manual' as const, 'auto' as const),
      upgrade: anyUpgrade,
      failures: fc.array(anyFailure, { maxLength: 3 }),
      isBusy: fc.boolean(),
      isHealthy: fc.constantFrom(true, true, false),
      slot: fc.constantFrom('free' as const, 'free' as const, 'queued' as const),
    })
    .map(({ releases, stable, moving, asked, policy, upgrade, isBusy, ...state }) =>
      input({
        spec: { upgradePolicy: policy, version: asked, upgrade },
        catalogue: catalogue(...releases),
        stable,
        // The installed version is the stable one, or the one that a rollout under way is bringing.
        installed: isBusy ? (moving ?? stable) : stable,
        isBusy: isBusy && moving !== undefined,
        config: strictConfig,
        kubernetesVersion: 'v1.33.1',
        firstSeen: Object.fromEntries(releases.map((r) => [r.version, '2025-12-30T00:00:00Z'])),
        ...state,
      }),
    );

  const releaseOf = ({ catalogue }: VersionInput, version: string) =>
    catalogue?.releases.find((r) => r.version === version);

  /** Whether a release may never be begun, whoever asks for it, by the words of the contract. */
  function isForbidden({ version, image, lifecycle, requires }: Release, { failures = [] }: VersionInput): boolean {
    return (
      lifecycle?.stage === 'yanked' ||
      !image.startsWith('registry.example.com/acme/') ||
      requires?.kubernetes === '>=1.40.0' ||
      failures.some((f) => f.version === version && f.wish === 'never')
    );
  }

  /** Whether automation may never begin a release, by the words of the contract. */
  function isForbiddenToAutomation(release: Release, any: VersionInput): boolean {
    const { version, lifecycle, breaking, fixes, releasedAt } = release;
    const { spec, stable, failures = [], now } = any;
    const { level = 'minor', range, securityOnly, prereleases, minReleaseAge, skipVersions } = spec.upgrade ?? {};
    const from = stable ?? version;
    const isMajor = semver.major(from) !== semver.major(version);
    const isMinor = semver.minor(from) !== semver.minor(version);
    const hours =
      (now - Math.max(Date.parse(any.firstSeen?.[version] ?? ''), Date.parse(releasedAt ?? '1970'))) / 3_600_000;
    const bare = version.replace('-rc.1', '');
    return (
      isForbidden(release, any) ||
      lifecycle?.stage === 'preview' ||
      breaking !== undefined ||
      (!prereleases && isPrerelease(version)) ||
      skipVersions?.includes(version) === true ||
      (range !== undefined && !semver.satisfies(bare, range)) ||
      (securityOnly === true && !fixes?.includes('security')) ||
      (isMajor && level !== 'major') ||
      (isMinor && level === 'patch') ||
      (isMinor && from.startsWith('0.') && level !== 'major') ||
      (minReleaseAge !== undefined && hours < Number.parseInt(minReleaseAge, 10)) ||
      failures.some(
        (f) => f.version === version && f.image === release.image && !(Date.parse(f.retryAfter ?? '') <= now),
      )
    );
  }

  const runs = { numRuns: 1000 };

  it('never goes lower than stable without consent to exactly that version', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const { spec, stable, installed } = any;
        const decision = decideVersion(any);
        const isLower =
          decision.kind === 'target' &&
          decision.version !== installed &&
          stable !== undefined &&
          semver.lt(decision.version, stable);
        const { version, upgradePolicy, upgrade } = spec;
        const wasAsked = version !== undefined && upgrade?.allowDowngradeTo === version && upgradePolicy === 'manual';
        expect(!isLower || (wasAsked && decision.version === version)).toBe(true);
      }),
      runs,
    );
  });

  it('the release never moves by itself under manual', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const manual = { ...any, spec: { ...any.spec, upgradePolicy: 'manual' as const } };
        const decision = decideVersion(manual);
        if (decision.kind !== 'target' || any.installed === undefined || decision.version === any.installed) {
          return;
        }
        expect(decision).toMatchObject({ goal: any.spec.version, trigger: 'Spec' });
        expect(decideVersion({ ...manual, spec: { ...manual.spec, version: undefined } })).toMatchObject({
          version: any.installed,
        });
      }),
      runs,
    );
  });

  it('nothing that the gate table forbids is ever begun, nor anything that automation may not by automation', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const decision = decideVersion(any);
        if (decision.kind !== 'target' || [any.installed, any.stable].includes(decision.version)) {
          return;
        }
        const hops = decision.path.map((hop) => releaseOf(any, hop)!);
        expect(hops.filter((hop) => isForbidden(hop, any))).toEqual([]);
        const isAutomatic = decision.trigger === 'Policy' && any.stable !== undefined;
        expect(hops.filter((hop) => isAutomatic && isForbiddenToAutomation(hop, any))).toEqual([]);
        expect(isAutomatic && (any.isBusy || any.isHealthy === false || any.slot === 'queued')).toBe(false);
      }),
      runs,
    );
  });

  it('a first install under automation chooses once', () => {
    fc.assert(
      fc.property(anyInput, fc.nat(9), (any, nth) => {
        const floor = any.catalogue?.releases[nth]?.version;
        const first: VersionInput = {
          ...any,
          installed: undefined,
          stable: undefined,
          failures: [],
          isBusy: false,
          isHealthy: true,
          slot: 'free',
          spec: { ...any.spec, upgradePolicy: 'auto', version: floor },
        };
        const decision = decideVersion(first);
        if (decision.kind !== 'target') {
          return;
        }
        const { version } = decision;
        expect(decideVersion({ ...first, installed: version, stable: version })).toMatchObject({ version });
      }),
      runs,
    );
  });

  it('does not depend on the order of the catalogue', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const shuffled = { ...any, catalogue: catalogue(...(any.catalogue?.releases.toReversed() ?? [])) };
        expect(decideVersion(shuffled)).toEqual(decideVersion(any));
        expect(assess(shuffled)).toEqual(assess(any));
      }),
      runs,
    );
  });

  it('every newer release that does not run has a reason, and what is free runs in the end', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        let state: VersionInput = { ...any, isBusy: false, isHealthy: true, slot: 'free', installed: any.stable };
        for (let step = 0; step < 100; step += 1) {
          const decision = decideVersion(state);
          const next = decision.kind === 'target' ? decision.version : state.installed;
          if (next === state.installed && decision.notBefore === undefined) {
            break;
          }
          // A rollout succeeds at once. Otherwise time moves on to the moment that the decision named.
          state =
            next === state.installed
              ? { ...state, now: decision.notBefore! }
              : { ...state, installed: next, stable: next, usedConsent: state.spec.upgrade?.allowDowngradeTo };
        }
        const passing = new Set(['Soaking', 'OutsideWindow', 'Queued', 'Unhealthy']);
        const rest = decideVersion(state);
        expect(rest.notBefore, 'comes to rest').toBeUndefined();
        // Nothing moves if the spec itself cannot be followed.
        const unexplained = assess(state).filter((a) => a.blockedBy.every((reason) => passing.has(reason)));
        expect(rest.kind === 'target' ? unexplained.map((a) => a.release.version) : []).toEqual([]);
      }),
      runs,
    );
  });
});
