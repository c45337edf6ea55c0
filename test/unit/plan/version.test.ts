import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { InstallationSpec } from '../../../src/api/installation.ts';
import type { Release } from '../../../src/api/provider.ts';
import { isPrerelease } from '../../../src/api/version.ts';
import { OperatorConfig } from '../../../src/api/operator-config.ts';
import { decideVersion, type VersionInput } from '../../../src/plan/version.ts';
import { catalogue, config, release } from '../../support/builders.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function input(more: Partial<Omit<VersionInput, 'spec'>> & { spec?: Partial<InstallationSpec> } = {}): VersionInput {
  const installed = more.installed;
  return {
    catalogue: catalogue('1.0.0'),
    config,
    installed,
    stable: installed,
    isHeld: false,
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
};

/** `'1.0.0 1.1.0:breaking'` as a catalogue. */
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
    ${'1.5.0'}   | ${'1.0.0'}   | ${'1.0.0 1.1.0'}                | ${'VersionNotFound'} | ${'a floor must be published'}
    ${'0.9.0'}   | ${'1.0.0'}   | ${'1.0.0 1.1.0'}                | ${'VersionNotFound'} | ${'also one below'}
  `('floor $floor over $installed: $decided ($why)', ({ floor, installed, releases, decided }) => {
    expect(decide({ spec: { upgradePolicy: 'auto', version: floor }, installed, catalogue: published(releases) })).toBe(
      decided,
    );
  });

  it('lets a rollout end before it begins the next', () => {
    const more = {
      spec: { upgradePolicy: 'auto' },
      stable: '1.0.0',
      installed: '1.1.0',
      catalogue: published('1.0.0 1.1.0 1.2.0'),
    } as const;
    expect(decide({ ...more, isHeld: true })).toBe('1.1.0');
    expect(decide({ ...more, isHeld: false })).toBe('1.2.0');
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

describe('laws', () => {
  const version = fc
    .tuple(fc.nat(2), fc.nat(3), fc.nat(3), fc.constantFrom('', '', '-rc.1'))
    .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);
  const releases = fc
    .uniqueArray(version, { maxLength: 8 })
    .chain((versions) =>
      fc.tuple(
        ...versions.map((v) => fc.constantFrom('', '', ...Object.keys(marks)).map((mark) => release(v, marks[mark]))),
      ),
    );
  const anyInput = fc.record({
    releases,
    installed: fc.option(version, { nil: undefined }),
    asked: fc.option(version, { nil: undefined }),
    consent: fc.option(version, { nil: undefined }),
    policy: fc.constantFrom('manual' as const, 'auto' as const),
  });

  function decided({
    releases: all,
    installed,
    asked,
    consent,
    policy,
  }: Parameters<Parameters<typeof anyInput.map>[0]>[0]) {
    const spec = {
      upgradePolicy: policy,
      version: asked,
      upgrade: consent === undefined ? undefined : { allowDowngradeTo: consent },
    };
    return decideVersion(input({ spec, installed, catalogue: catalogue(...all) }));
  }

  it('never goes lower without consent to exactly that version', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const decision = decided(any);
        const isLower =
          decision.kind === 'target' && any.installed !== undefined && semver.lt(decision.version, any.installed);
        return (
          !isLower || (any.policy === 'manual' && any.consent === decision.version && any.asked === decision.version)
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('never moves by itself under manual', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const decision = decided({ ...any, policy: 'manual' });
        return (
          decision.kind !== 'target' ||
          any.installed === undefined ||
          [any.installed, any.asked].includes(decision.version)
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('automation never takes what is yanked, breaking, a preview or a prerelease', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const decision = decided({ ...any, policy: 'auto', asked: undefined });
        if (decision.kind !== 'target' || any.installed === undefined || decision.version === any.installed) {
          return true;
        }
        const taken = any.releases.find((r) => r.version === decision.version);
        const stage = taken?.lifecycle?.stage;
        return (
          taken !== undefined &&
          !taken.breaking &&
          stage !== 'yanked' &&
          stage !== 'preview' &&
          !isPrerelease(taken.version)
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on the order of the catalogue', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        expect(decided(any)).toEqual(decided({ ...any, releases: any.releases.toReversed() }));
      }),
    );
  });
});
