import { describe, expect, it } from 'vitest';
import { InstallationSpec } from '../../../../src/api/installation.ts';
import { OperatorConfig } from '../../../../src/api/operator-config.ts';
import type { Release } from '../../../../src/api/provider.ts';
import type { Failure } from '../../../../src/plan/failures/failures.ts';
import { blockersOf, type Mode } from '../../../../src/plan/version/gates.ts';
import type { VersionInput } from '../../../../src/plan/version/version-input.ts';
import { catalogue, config, release } from '../../../support/builders.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const MODES = ['install', 'auto', 'explicit', 'newest'] as const satisfies readonly Mode[];

function input(more: Partial<Omit<VersionInput, 'spec'>> & { spec?: Partial<InstallationSpec> } = {}): VersionInput {
  return {
    catalogue: catalogue('1.0.0'),
    config,
    installed: '1.0.0',
    stable: '1.0.0',
    isBusy: false,
    usedConsent: undefined,
    now: NOW,
    ...more,
    spec: InstallationSpec.parse({ provider: 'acme/web', ...more.spec }),
  };
}

function failure(version: string, more: Partial<Failure> = {}): Failure {
  const image = release(version).image;
  return { version, image, reason: 'CrashLoop', message: '', at: '2025-12-31T00:00:00Z', attempts: 1, ...more };
}

const NO_INPUTS = { env: [], inputs: [], generated: [], missing: [], unfit: [], tooLate: [], waiting: [] };
const strict = OperatorConfig.parse({ allowedImagePrefixes: ['registry.example.com/other'] });
const upgrade = (upgrade: InstallationSpec['upgrade']) => ({ spec: { upgrade } });

describe('a gate is there for', () => {
  it.each<[string, string, string, Partial<Release>, Parameters<typeof input>[0]]>([
    ['Yanked', '1.1.0', 'install auto explicit newest', { lifecycle: { stage: 'yanked' } }, {}],
    ['Yanked, but what runs', '1.0.0', '', { lifecycle: { stage: 'yanked' } }, { installed: '1.1.0' }],
    ['Yanked, but what rolls out', '1.1.0', '', { lifecycle: { stage: 'yanked' } }, { installed: '1.1.0' }],
    ['ImageNotAllowed', '1.1.0', 'install auto explicit newest', {}, { config: strict }],
    [
      'Kubernetes',
      '1.1.0',
      'install auto explicit newest',
      { requires: { kubernetes: '>=1.34.0' } },
      { kubernetesVersion: 'v1.33.9+k3s1' },
    ],
    [
      'MissingUserInputs',
      '1.1.0',
      'install auto explicit newest',
      {},
      { answers: () => ({ ...NO_INPUTS, missing: [{ name: 'a', rule: 'must not be empty' }] }) },
    ],
    [
      'InvalidUserInput',
      '1.1.0',
      'install auto explicit newest',
      {},
      { answers: () => ({ ...NO_INPUTS, unfit: [{ name: 'a', rule: 'must not be empty' }] }) },
    ],
    ['MissingUserInputs, all answered', '1.1.0', '', {}, { answers: () => NO_INPUTS }],
    ['PreviouslyFailed', '1.1.0', 'install auto newest', {}, { failures: [failure('1.1.0')] }],
    [
      'PreviouslyFailed as it is asked for',
      '1.1.0',
      'install auto explicit newest',
      {},
      { failures: [failure('1.1.0', { wish: 'a' })], wish: 'a' },
    ],
    [
      'PreviouslyFailed, asked for otherwise',
      '1.1.0',
      'install auto newest',
      {},
      { failures: [failure('1.1.0', { wish: 'a' })], wish: 'b' },
    ],
    ['Skipped', '1.1.0', 'install auto newest', {}, upgrade({ skipVersions: ['1.1.0'] })],
    ['Preview', '1.1.0', 'install auto newest', { lifecycle: { stage: 'preview' } }, {}],
    ['Prerelease', '1.1.0-rc.1', 'install auto newest', {}, {}],
    ['Prerelease, welcome', '1.1.0-rc.1', '', {}, upgrade({ prereleases: true })],
    ['Breaking', '1.1.0', 'auto newest', {}, { catalogue: catalogue(release('1.1.0', { breaking: {} })) }],
    // operator-framework/operator-lifecycle-manager and others mark only the first release of a line.
    ['Breaking, behind it', '1.1.1', 'auto newest', {}, { catalogue: catalogue(release('1.1.0', { breaking: {} })) }],
    [
      'Breaking, though it was yanked',
      '1.1.1',
      'auto newest',
      {},
      { catalogue: catalogue(release('1.1.0', { breaking: {}, lifecycle: { stage: 'yanked' } })) },
    ],
    [
      'Breaking, though nobody can install it',
      '1.1.1',
      'auto newest',
      {},
      {
        catalogue: catalogue(
          release('1.1.0', { breaking: {}, runtime: { volumeMounts: [{ name: 'a', mountPath: '/a' }] } }),
        ),
      },
    ],
    ['Breaking, crossed already', '1.1.1', '', {}, { catalogue: catalogue(release('1.0.0', { breaking: {} })) }],
    ['Breaking, beyond it', '1.1.0', '', {}, { catalogue: catalogue(release('1.1.1', { breaking: {} })) }],
    [
      'Breaking, crossed by a floor',
      '1.1.1',
      'auto newest',
      {},
      {
        catalogue: catalogue(release('1.1.0', { breaking: {} })),
        spec: { upgradePolicy: 'auto', version: '1.0.5' },
        stable: undefined,
      },
    ],
    ['Range', '1.1.0', 'install auto newest', {}, upgrade({ range: '>=1.2.0' })],
    ['Level', '2.0.0', 'auto', {}, {}],
    ['Level, allowed', '2.0.0', '', {}, upgrade({ level: 'major' })],
    ['Level', '1.1.0', 'auto', {}, upgrade({ level: 'patch' })],
    ['SecurityOnly', '1.1.0', 'auto', { fixes: ['bugfix'] }, upgrade({ securityOnly: true })],
    ['SecurityOnly, fixed', '1.1.0', '', { fixes: ['bugfix', 'security'] }, upgrade({ securityOnly: true })],
    ['Deprecated is a matter of rank', '1.1.0', '', { lifecycle: { stage: 'deprecated' } }, {}],
    ['nothing', '1.1.0', '', {}, {}],
  ])('%s %s: %s', (title, version, modes, marks, more) => {
    const shut = MODES.filter((mode) => blockersOf(release(version, marks), mode, input(more)).length > 0);
    expect(shut.join(' ')).toBe(modes);
    const [reason = ''] = title.split(/[ ,]/);
    for (const mode of shut) {
      expect(blockersOf(release(version, marks), mode, input(more))).toEqual([reason]);
    }
  });

  it('each reason, all of them are said', () => {
    const worst = release('2.0.0-rc.1', {
      lifecycle: { stage: 'preview' },
      breaking: {},
      requires: { kubernetes: '>=1.99.0' },
    });
    const more = {
      catalogue: catalogue('1.0.0', worst),
      config: strict,
      kubernetesVersion: '1.33.0',
      ...upgrade({ range: '<2.0.0', securityOnly: true, skipVersions: ['2.0.0-rc.1'] }),
    };
    expect(blockersOf(worst, 'auto', input(more))).toEqual([
      'ImageNotAllowed',
      'Kubernetes',
      'Skipped',
      'Preview',
      'Prerelease',
      'Breaking',
      'Range',
      'Level',
      'SecurityOnly',
    ]);
    expect(blockersOf(worst, 'explicit', input(more))).toEqual(['ImageNotAllowed', 'Kubernetes']);
  });
});

describe('requires.kubernetes', () => {
  it.each`
    range                 | cluster              | open
    ${'>=1.30.0'}         | ${'v1.30.0'}         | ${true}
    ${'>=1.30.0'}         | ${'v1.30.0-gke.100'} | ${true}
    ${'>=1.30.0'}         | ${'v1.30.0-rc.1'}    | ${true}
    ${'>=1.30.0'}         | ${'v1.29.9+k3s1'}    | ${false}
    ${'>=1.30.0 <1.34.0'} | ${'v1.34.0'}         | ${false}
    ${'>=1.30.0'}         | ${undefined}         | ${true}
  `('$range on $cluster: $open', ({ range, cluster, open }) => {
    const blockers = blockersOf(
      release('1.1.0', { requires: { kubernetes: range } }),
      'auto',
      input({ kubernetesVersion: cluster }),
    );
    expect(blockers).toEqual(open ? [] : ['Kubernetes']);
  });
});

describe('what failed', () => {
  it.each<[string, readonly Failure[], string | undefined, string, boolean]>([
    ['is left alone', [failure('1.1.0')], undefined, '1.1.0', false],
    ['is another thing with another image', [failure('1.1.0', { image: 'other' })], undefined, '1.1.0', true],
    ['is tried again in time', [failure('1.1.0', { retryAfter: '2026-01-01T00:00:00Z' })], undefined, '1.1.0', true],
    ['is not tried too early', [failure('1.1.0', { retryAfter: '2026-01-01T00:00:01Z' })], undefined, '1.1.0', false],
    ['is tried again when asked', [failure('1.1.0', { retries: ['a'] })], 'b', '1.1.0', true],
    ['is not tried again for what was asked before', [failure('1.1.0', { retries: ['a'] })], 'a', '1.1.0', false],
    ['stops no other after one attempt', [failure('1.2.0')], undefined, '1.1.0', true],
    ['stops older ones after two', [failure('1.3.0'), failure('1.2.0')], undefined, '1.1.0', false],
    ['stops what lies between after two', [failure('1.3.0'), failure('1.1.0')], undefined, '1.2.0', false],
    ['lets newer ones through', [failure('1.3.0'), failure('1.2.0')], undefined, '1.4.0', true],
    ['counts attempts', [failure('1.3.0', { attempts: 2 })], undefined, '1.2.0', false],
    ['is over with a success above it', [failure('0.9.0'), failure('0.8.0')], undefined, '1.1.0', true],
    ['does not count where it was asked to be tried again', [failure('1.3.0'), failure('1.2.0')], 'new', '1.1.0', true],
    ['does not count where a wish named it', [failure('1.3.0', { wish: 'a', attempts: 2 })], undefined, '1.2.0', true],
  ])('%s', (_, failures, retry, version, open) => {
    expect(
      blockersOf(release(version), 'auto', input({ failures, retries: retry === undefined ? [] : [retry] })),
    ).toEqual(open ? [] : ['PreviouslyFailed']);
  });

  it('is forgotten where nothing is installed', () => {
    const more = { failures: [failure('1.1.0')], installed: undefined, stable: undefined };
    expect(blockersOf(release('1.1.0'), 'install', input(more))).toEqual([]);
  });
});
