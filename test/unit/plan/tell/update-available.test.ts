import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import type { Release } from '../../../../src/api/provider.ts';
import { catalogue, release } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** `UpdateAvailable` speaks of what can be had, and what it offers to change is enough. */

const MARKS: Readonly<Record<string, Partial<Release>>> = {
  deprecated: { lifecycle: { stage: 'deprecated' } },
  preview: { lifecycle: { stage: 'preview' } },
  yanked: { lifecycle: { stage: 'yanked' } },
  breaking: { breaking: { note: 'words' } },
  stone: { required: true, lifecycle: { stage: 'preview' } },
  security: { fixes: ['security'] },
  cluster: { requires: { kubernetes: '>=99' } },
};

/** Reads `'1.1.0 2.0.0:breaking'`. */
const published = (text: string) =>
  text.split(' ').map((word) => {
    const [version = '', mark = ''] = word.split(':');
    return release(version, MARKS[mark]);
  });

const AUTO = { upgradePolicy: 'auto' } as const;
const MANUAL = { upgradePolicy: 'manual' } as const;

/** 1.0.0 runs; then these come out. */
function running(spec: Partial<InstallationSpec>, releases: readonly Release[]): World {
  const world = new World(catalogue('1.0.0'), spec);
  world.observed = { ...world.observed, kubernetesVersion: 'v1.36.0' };
  world.converge();
  world.publish(catalogue('1.0.0', ...releases));
  return world;
}

const told = (world: World) => world.status.conditions?.find((c) => c.type === 'UpdateAvailable')?.message ?? '';

describe('it offers to change a setting only where that is enough', () => {
  it.each<[what: string, upgrade: InstallationSpec['upgrade'], releases: string, message: string]>([
    ['the level', { level: 'patch' }, '1.1.0', 'Set version 1.1.0 to take it, or set upgrade.level minor'],
    ['the range', { range: '<1.1.0' }, '1.1.0', 'Set version 1.1.0 to take it, or widen upgrade.range "<1.1.0"'],
    [
      'what is skipped',
      { skipVersions: ['1.1.0'] },
      '1.1.0',
      'Set version 1.1.0 to take it, or remove it from upgrade.skipVersions',
    ],
    [
      'not the level, where only security is wanted',
      { level: 'patch', securityOnly: true },
      '1.1.0',
      'Set version 1.1.0 to take it, it is further than upgrade.level allows',
    ],
    [
      'not the level, where a preview is on the way',
      { level: 'minor' },
      '2.0.0:stone 3.0.0',
      'Set version 3.0.0 to take it, it is further than upgrade.level allows; it goes by 2.0.0',
    ],
    [
      'not the range, where the level forbids it as well',
      { level: 'patch', range: '<1.1.0' },
      '1.1.0',
      'Set version 1.1.0 to take it, it is outside of upgrade.range "<1.1.0"',
    ],
    [
      'not what is skipped, where the level forbids it as well',
      { level: 'patch', skipVersions: ['1.1.0'] },
      '1.1.0',
      'Set version 1.1.0 to take it, it is in upgrade.skipVersions',
    ],
    [
      'the level, of what does not fade',
      { level: 'patch' },
      '1.1.0 1.2.0:deprecated',
      'Set version 1.1.0 to take it, or set upgrade.level minor',
    ],
  ])('%s', (_, upgrade, releases, message) => {
    const world = running({ ...AUTO, upgrade }, published(releases));
    world.settle();
    expect(told(world)).toBe(message);
  });

  const releases = fc.uniqueArray(
    fc.record({
      version: fc.constantFrom('1.0.1', '1.0.2', '1.1.0', '1.2.0', '2.0.0', '3.0.0'),
      mark: fc.constantFrom('', '', ...Object.keys(MARKS)),
    }),
    { selector: ({ version }) => version, minLength: 1 },
  );
  const settings = fc.record(
    {
      level: fc.constantFrom('patch', 'minor', 'major'),
      range: fc.constantFrom('<1.1.0', '<2.0.0', '*'),
      skipVersions: fc.subarray(['1.0.2', '1.1.0', '3.0.0']),
      securityOnly: fc.boolean(),
    },
    { requiredKeys: [] },
  );

  it('whatever is published: who sets the level that it names gets the version that it names', () => {
    fc.assert(
      fc.property(releases, settings, (all, upgrade) => {
        const world = running(
          { ...AUTO, upgrade },
          all.map(({ version, mark }) => release(version, MARKS[mark])),
        );
        world.converge();
        world.converge();
        const [, version, level] = /^Set version (\S+) to take it, or set upgrade\.level (\w+)/.exec(told(world)) ?? [];
        if (version === undefined || level === undefined) {
          return;
        }
        world.edit({ upgrade: { ...upgrade, level: level as 'major' } });
        all.forEach(() => world.converge());
        expect(world.observed.deployment?.version).toBe(version);
      }),
    );
  });

  it('whatever is published: who sets the version that it names gets that', () => {
    fc.assert(
      fc.property(releases, settings, fc.constantFrom(AUTO, MANUAL), (all, upgrade, policy) => {
        const world = running(
          { ...policy, upgrade },
          all.map(({ version, mark }) => release(version, MARKS[mark])),
        );
        world.converge();
        world.converge();
        const [, version] = /^Set version (\S+) to take it/.exec(told(world)) ?? [];
        if (version === undefined) {
          return;
        }
        world.edit({ version });
        all.forEach(() => world.converge());
        expect(world.observed.deployment?.version).toBe(version);
      }),
    );
  });
});

describe('it speaks of', () => {
  it.each<[what: string, releases: string, message: string]>([
    ['the newest', '1.1.0 1.2.0', 'Set version 1.2.0 to take it'],
    ['the newest that does not fade', '1.1.0 1.2.0:deprecated', 'Set version 1.1.0 to take it'],
    [
      'what fades where there is nothing else',
      '1.1.0:deprecated',
      'Set version 1.1.0 to take it, it is deprecated or expired',
    ],
    ['the newest that this cluster can run', '1.1.0 1.2.0:cluster', 'Set version 1.1.0 to take it'],
    ['what it cannot run where there is nothing else', '1.2.0:cluster', '1.2.0 needs Kubernetes ">=99"'],
    ['nothing that was yanked', '1.1.0 1.2.0:yanked', 'Set version 1.1.0 to take it'],
    ['no preview', '1.1.0 1.2.0:preview', 'Set version 1.1.0 to take it'],
    ['no prerelease', '1.1.0 1.2.0-rc.1', 'Set version 1.1.0 to take it'],
    [
      'what breaks something, once',
      '2.0.0-rc.1:breaking 2.0.0:breaking',
      'Set version 2.0.0 to take it, it is breaking: words',
    ],
  ])('%s, under manual', (_, releases, message) => {
    const world = running(MANUAL, published(releases));
    world.settle();
    expect(told(world)).toBe(message);
  });

  it('the newest that did not fail here', () => {
    const world = running(MANUAL, published('1.1.0 1.2.0'));
    world.edit({ version: '1.2.0' });
    world.settle();
    world.fail();
    world.converge();
    world.edit({ version: '1.0.0' });
    world.converge();

    expect(world.ready()).toBe('True UpgradeAvailable');
    expect(told(world)).toBe('Set version 1.1.0 to take it');
  });
});

describe('Ready says', () => {
  it('that the support of what runs has ended', () => {
    const world = running(MANUAL, []);
    world.publish(catalogue(release('1.0.0', { lifecycle: { expiresAt: '2025-01-01T00:00:00Z' } }), '1.1.0'));
    world.settle();
    const { message } = world.status.conditions?.find((c) => c.type === 'Ready') ?? {};
    expect(message).toBe('Runs 1.0.0, whose support has ended; 1.1.0 is published');
  });
});
