import { describe, expect, it } from 'vitest';
import { InstallationStatus } from '../../../../src/api/installation.ts';
import { assess } from '../../../../src/plan/version/assessment.ts';
import type { DeploymentView, Installation, Observed } from '../../../../src/plan/state/observed.ts';
import type { SoftwareRelease } from '../../../../src/api/software.ts';
import { softwareFinder } from '../../../../src/plan/software/finder.ts';
import type { SoftwareCatalogue } from '../../../../src/plan/catalogue/software-catalogue.ts';
import {
  catalogueOf,
  config,
  installation,
  release,
  shelf,
  software,
  softwareRelease,
} from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** Publishers, people and accidents change system software in a hostile order. */

const HOUR = 3_600_000;
const needs = (name: string, range = '*') => ({ systemSoftwareDependencies: [{ name, range }] });
const needsPhp = catalogueOf({ versions: [release('1.0.0', needs('php', '>=8.2.0'))] });
const patchLevel = { systemSoftware: [{ name: 'php', updatePolicy: 'patchLevel' as const }] };
const patches = [software('php', '8.2.0', '8.2.1')];

function condition(world: World, type: string): string | undefined {
  const found = world.status.conditions?.find((c) => c.type === type);
  return found && `${found.status} ${found.reason}`;
}

function message(world: World, type = 'Ready'): string {
  return world.status.conditions?.find((c) => c.type === type)?.message ?? '';
}

function committed(world: World): string {
  const { version = '', software: made = 'nothing' } = world.observed.deployment ?? {};
  return `${version} with ${made}`;
}

/** The template of the pods. Another template means new pods. */
function pods(world: World): string | undefined {
  return world.observed.deployment?.template;
}

/** Runs 1.0.0 with php 8.2.0. */
function running(
  spec: Partial<Installation['spec']> = {},
  catalogue = needsPhp,
  more: readonly SoftwareCatalogue[] = [],
): World {
  const world = new World(catalogue, spec, [software('php', '8.2.0'), ...more]);
  world.converge();
  world.journal.length = 0;
  return world;
}

/** The new pods start and never get ready, so the former version comes back. */
function failAndGoBack(world: World): void {
  world.pod({});
  world.fail();
  world.settle();
  world.observed = { ...world.observed, pods: [] };
  world.rollOut();
  world.settle();
}

function changeTier(world: World, replicas: number): void {
  world.observed = { ...world.observed, config: { ...config, tiers: { standard: { replicas } } } };
}

describe('an edit that asks for nothing new', () => {
  /** Edits only the policy, for which nothing is rolled out. */
  function withPolicy(catalogue = needsPhp): World {
    const world = running({}, catalogue);
    world.edit(patchLevel);
    const before = pods(world);
    world.settle();
    expect([pods(world), world.ready()]).toEqual([before, 'True UpToDate']);
    return world;
  }

  it('leaves what runs independent of the catalogue', () => {
    const world = withPolicy();
    world.publish(undefined);
    world.settle();

    expect(world.ready()).toBe('True UpToDate');
  });

  it('needs no catalogue itself', () => {
    const world = running();
    world.publish(undefined);
    world.settle();
    world.edit(patchLevel);
    world.settle();

    expect(world.ready()).toBe('True UpToDate');
  });

  it('is not what takes a software away: without its release nobody can make pods that lack it', () => {
    const world = running({ systemSoftware: [{ name: 'php' }] }, catalogueOf({ versions: [release('1.0.0')] }));
    expect(committed(world)).toBe('1.0.0 with php=8.2.0');
    world.publish(catalogueOf({ versions: [release('0.9.0')] }));
    world.edit({ systemSoftware: [] });
    world.converge();
    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'False ReleaseMissing']);

    world.publish(catalogueOf({ versions: [release('1.0.0')] }));
    world.converge();
    expect([committed(world), world.ready()]).toEqual(['1.0.0 with nothing', 'True UpToDate']);
  });

  it('nor what asks for anything where its release needs the software, as is known though the status was lost', () => {
    const needs = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] });
    const world = running({ systemSoftware: [{ name: 'php' }] }, catalogueOf({ versions: [needs] }));
    world.publish(catalogueOf({ versions: [release('0.9.0')] }));
    world.edit({ systemSoftware: [] });
    world.converge();
    world.loseStatus();
    for (let look = 0; look < 3; look += 1) {
      world.reconcile();
      expect(world.ready()).toBe('True UpToDate');
    }
  });

  it('leaves what runs independent of what its software needs by now', () => {
    const world = withPolicy();
    const before = pods(world);
    world.shelve(
      software('php', softwareRelease('php', '8.2.0', { dependencies: [{ name: 'icu', range: '*' }] })),
      software('icu', '74.1.0'),
    );
    world.settle();

    expect([pods(world), committed(world)]).toEqual([before, '1.0.0 with php=8.2.0']);
  });

  it('is no reason to stall when its release needs something by now that nobody has', () => {
    const world = new World(catalogueOf({ versions: [release('1.0.0')] }), { systemSoftware: [{ name: 'php' }] }, [
      software('php', '8.2.0'),
    ]);
    world.converge();
    world.edit({ systemSoftware: [{ name: 'php', version: '8.2.0' }] });
    world.settle();
    expect(world.ready()).toBe('True UpToDate');
    world.publish(catalogueOf({ versions: [release('1.0.0', needs('node'))] }));
    world.settle();
    world.pass(HOUR);
    world.settle();

    expect(world.ready()).toBe('True UpToDate');
  });

  it('makes no new pods when something else is healed', () => {
    const world = withPolicy();
    const before = pods(world);
    world.journal.length = 0;
    world.tamper('kubectl-scale', 'spec.replicas');
    world.settle();

    expect([world.journal, pods(world)]).toEqual([['apply Deployment'], before]);
  });
});

it('a policy that is widened in the midst of a move does not begin it anew', () => {
  const world = running(patchLevel);
  world.shelve(...patches);
  world.settle();
  const before = pods(world);
  world.edit({ systemSoftware: [{ name: 'php', updatePolicy: 'all' }] });
  world.settle();

  expect([pods(world), committed(world)]).toEqual([before, '1.0.0 with php=8.2.1']);
});

it('what nobody asks for any more in the midst of a move does not stay', () => {
  const world = running(
    { systemSoftware: [...patchLevel.systemSoftware, { name: 'icu' }] },
    catalogueOf({ versions: [release('1.0.0')] }),
    [software('icu', '74.1.0')],
  );
  world.shelve(...patches, software('icu', '74.1.0'));
  world.settle();
  const moving = committed(world);
  world.edit(patchLevel);
  world.settle();

  expect([moving, committed(world)]).toEqual(['1.0.0 with icu=74.1.0 php=8.2.1', '1.0.0 with php=8.2.0']);
});

it.each<[string, (deployment: DeploymentView) => Partial<Observed>]>([
  [
    'the label that names its record',
    (deployment) => ({
      deployment: {
        ...deployment,
        record: undefined,
        owned: `stripped.${deployment.owned.split('.')[1]}`,
        changed: { manager: 'kubectl-label', paths: [] },
      },
    }),
  ],
  ['its record', () => ({ revisions: [] })],
])('what the pods have is known though %s and the status are lost', (_, lose) => {
  const world = running();
  const before = pods(world);
  world.shelve(software('php', '8.2.0', '8.3.0'));
  world.loseStatus();
  const { deployment } = world.observed;
  world.observed = { ...world.observed, ...(deployment && lose(deployment)) };
  world.converge();

  expect([pods(world), committed(world), world.ready()]).toEqual([before, '1.0.0 with php=8.2.0', 'True UpToDate']);
});

describe('automation moves software only as the policy of each allows', () => {
  it('software never moves down because the policy of the installation was switched', () => {
    const world = new World(
      catalogueOf({ versions: [release('1.0.0')] }),
      {
        upgradePolicy: 'auto',
        systemSoftware: [
          { name: 'node', updatePolicy: 'patchLevel' },
          { name: 'php', version: '8.2.0' },
        ],
      },
      [software('php', '8.2.0'), software('node', '22.0.0')],
    );
    world.converge();
    world.shelve(software('php', '8.2.0', '8.3.0'), software('node', '22.0.0'));
    world.converge();
    expect(committed(world)).toBe('1.0.0 with node=22.0.0 php=8.3.0');

    world.edit({ upgradePolicy: 'manual' });
    world.settle();
    world.shelve(software('php', '8.2.0', '8.3.0'), software('node', '22.0.0', '22.0.1'));
    world.converge();
    expect(committed(world)).toBe('1.0.0 with node=22.0.1 php=8.3.0');
  });

  it.each([
    ['up', '75.0.0'],
    ['down', '73.0.0'],
  ])('and takes what stays no step %s for it', (_, other) => {
    const world = new World(
      catalogueOf({ versions: [release('1.0.0')] }),
      { systemSoftware: [{ name: 'app', updatePolicy: 'all' }, { name: 'base' }] },
      [software('app', '1.0.0'), software('base', '74.0.0')],
    );
    world.converge();
    world.shelve(
      software('app', '1.0.0', softwareRelease('app', '2.0.0', { dependencies: [{ name: 'base', range: other }] })),
      software('base', '74.0.0', other),
    );
    world.converge();

    expect(committed(world)).toBe('1.0.0 with app=1.0.0 base=74.0.0');
  });
});

describe('what failed with software', () => {
  it('is tried once where somebody names it while automation rolls it out', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    world.edit({ systemSoftware: [{ name: 'php', version: '8.2.1' }] });
    world.settle();
    failAndGoBack(world);

    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'False RolledBack']);
  });

  it('because the spec asked for it is left alone by automation afterwards', () => {
    const world = running();
    world.shelve(software('php', '8.2.0', '8.3.0'));
    world.edit({ systemSoftware: [{ name: 'php', version: '8.3.0' }] });
    world.settle();
    failAndGoBack(world);
    expect(committed(world)).toBe('1.0.0 with php=8.2.0');
    world.edit({ systemSoftware: [{ name: 'php', updatePolicy: 'all' }] });
    world.converge();

    expect(committed(world)).toBe('1.0.0 with php=8.2.0');
  });

  it('is no fault of the spec where its release is unpublished meanwhile', () => {
    const world = running({ ...patchLevel, version: '1.0.0' });
    world.shelve(...patches);
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    world.publish(undefined);
    failAndGoBack(world);

    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'True UpToDate']);
  });

  it('is no fault of the spec where somebody undid it in the midst', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.pass(HOUR);
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    world.undo('1');
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.0');
    world.converge();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    failAndGoBack(world);

    expect([committed(world), condition(world, 'Stalled')]).toEqual(['1.0.0 with php=8.2.0', undefined]);
  });

  it('is not followed by each older version in turn: two in a row are enough', () => {
    const world = running({ systemSoftware: [{ name: 'php', updatePolicy: 'all' }] });
    world.shelve(software('php', '8.2.0', '8.2.1', '8.2.2', '8.2.3', '8.2.4', '8.2.5'));
    const tried = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      world.settle();
      tried.add(committed(world));
      failAndGoBack(world);
    }
    tried.delete('1.0.0 with php=8.2.0');

    expect([...tried]).toEqual(['1.0.0 with php=8.2.5', '1.0.0 with php=8.2.4']);
  });

  it('is not forgotten because more failed than are remembered', () => {
    const world = running({ systemSoftware: [{ name: 'php', updatePolicy: 'patchLevel' }] });
    const tried: string[] = [];
    const versions = ['8.2.0'];
    for (let patch = 1; patch <= 20; patch += 1) {
      versions.push(`8.2.${patch}`);
      world.shelve(software('php', ...versions));
      world.settle();
      if (committed(world) !== '1.0.0 with php=8.2.0') {
        tried.push(committed(world));
        failAndGoBack(world);
      }
      world.pass(HOUR);
    }

    expect(tried).toEqual([...new Set(tried)]);
  });

  it('is not forgotten because many releases failed after it', () => {
    const world = running({ ...patchLevel, upgradePolicy: 'auto' });
    world.shelve(...patches);
    world.settle();
    failAndGoBack(world);
    const versions = [release('1.0.0', needs('php', '>=8.2.0'))];
    for (let patch = 1; patch <= 20; patch += 1) {
      versions.push(release(`1.0.${patch}`, needs('php', '>=8.2.0')));
      world.publish(catalogueOf({ versions }));
      world.settle();
      failAndGoBack(world);
      expect(committed(world)).toBe('1.0.0 with php=8.2.0');
    }
  });

  it('is remembered and told however much moved at once', () => {
    const names = Array.from({ length: 24 }, (_, index) => `quite-an-ordinary-name-${index}`);
    const world = new World(
      catalogueOf({ versions: [release('1.0.0')] }),
      { systemSoftware: names.map((name) => ({ name, updatePolicy: 'all' as const })) },
      names.map((name) => software(name, '1.0.0')),
    );
    world.converge();
    const before = committed(world);
    world.shelve(...names.map((name) => software(name, '1.0.0', '1.0.1')));
    world.settle();
    failAndGoBack(world);
    expect(InstallationStatus.safeParse(world.status).error?.issues).toBeUndefined();

    world.settle();
    world.loseStatus();
    world.settle();
    expect(committed(world)).toBe(before);
  });

  it('counts once where rollback is switched off, however often it is looked at', () => {
    const world = running({ ...patchLevel, upgrade: { rollback: { enabled: false } } });
    world.shelve(...patches);
    world.settle();
    world.pod({});
    world.fail();
    world.reconcile();
    world.reconcile();
    world.reconcile();

    expect(world.status.failedVersions?.map((f) => f.attempts)).toEqual([1]);
  });

  it('is named where rollback is switched off', () => {
    const world = running({ ...patchLevel, upgrade: { rollback: { enabled: false } } });
    world.shelve(...patches);
    world.settle();
    world.pod({});
    world.fail();
    world.settle();

    expect([world.ready(), message(world)]).toEqual([
      'False RolloutFailed',
      expect.stringContaining('Rolling out php 8.2.1 failed'),
    ]);
  });

  it('is not left by automation for what ran before and is not asked for, where rollback is switched off', () => {
    const none = { systemSoftware: [{ name: 'php', updatePolicy: 'none' as const }] };
    const world = running({
      upgradePolicy: 'auto',
      version: '1.0.0',
      upgrade: { rollback: { enabled: false } },
      ...none,
    });
    world.shelve(...patches);
    world.edit({ systemSoftware: [{ name: 'php', version: '8.2.1', updatePolicy: 'none' }] });
    world.settle();
    world.pod({});
    world.fail();
    world.settle();

    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.1', 'False RolloutFailed']);
  });

  it('leaves the way open for newer software where rollback is switched off', () => {
    const world = running({ ...patchLevel, upgrade: { rollback: { enabled: false } } });
    world.shelve(...patches);
    world.settle();
    world.pod({});
    world.fail();
    world.settle();
    world.shelve(software('php', '8.2.0', '8.2.1', '8.2.2'));
    world.settle();

    expect(committed(world)).toBe('1.0.0 with php=8.2.2');
  });

  it('leaves the way open for newer software where it was the first install, under automation', () => {
    const world = new World(needsPhp, { upgradePolicy: 'auto' }, [software('php', '8.2.0')]);
    world.settle();
    world.pod({});
    world.fail();
    world.settle();
    world.shelve(software('php', '8.2.0', '8.2.1'));
    world.settle();

    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
  });

  it('is not told of the release that it failed with', () => {
    const both = catalogueOf({
      versions: [release('1.0.0', needs('php')), release('1.1.0', { ...needs('php'), downgradableTo: '>=1.0.0' })],
    });
    const world = running({ ...patchLevel, version: '1.1.0' }, both);
    world.shelve(...patches);
    world.settle();
    failAndGoBack(world);
    world.edit({ version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } });
    world.converge();

    expect(message(world)).toBe('Runs 1.0.0; 1.1.0 is published');
  });
});

describe('the platform', () => {
  it('is to blame for its table of tiers, also in the midst of a move', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    changeTier(world, 3);
    world.settle();
    expect(world.head?.trigger).toBe('Tier');
    failAndGoBack(world);

    expect(world.ready()).toBe('True UpToDate');
  });

  it('brings nobody by its table of tiers what a release needs only since it runs', () => {
    const world = new World(catalogueOf({ versions: [release('1.0.0')] }), {}, [software('php', '8.2.0')]);
    world.converge();
    world.publish(needsPhp);
    world.settle();
    changeTier(world, 3);
    world.converge();

    expect([world.head?.trigger, world.head?.committed.software]).toEqual(['Tier', undefined]);
    expect(world.ready()).toBe('True UpToDate');
  });

  it('stalls nobody by its table of tiers whose software is not published any more', () => {
    const world = running();
    world.shelve();
    world.settle();
    changeTier(world, 3);
    world.settle();
    world.pass(HOUR);
    world.settle();

    expect(world.ready()).toBe('True UpToDate');
  });
});

describe('a new release', () => {
  it.each<[string, (world: World) => void]>([
    ['is not published any more', (world) => world.shelve(software('php', '8.3.0'))],
    [
      'has an image that is not allowed any more',
      (world) => {
        const { config: before } = world.observed;
        world.observed = {
          ...world.observed,
          config: { ...before, allowedImagePrefixes: ['registry.example.com/acme'] },
        };
      },
    ],
  ])('stalls nobody under automation whose software %s', (_, happen) => {
    const world = running({ upgradePolicy: 'auto', systemSoftware: [{ name: 'php', updatePolicy: 'none' }] });
    happen(world);
    world.settle();
    expect(world.ready()).toBe('True UpToDate');
    world.publish(catalogueOf({ versions: [release('1.0.0', needs('php')), release('1.1.0', needs('php'))] }));
    world.settle();
    world.rollOut();
    world.settle();
    world.pass(HOUR);
    world.settle();

    expect(world.ready()).toMatch(/^True/);
  });
});

describe('what somebody damages', () => {
  it('is restored from its record though its software is gone', () => {
    const world = running();
    world.shelve();
    world.tamper('kubectl-edit', 'spec.replicas');
    world.settle();

    expect(world.journal).toEqual(['restore Deployment']);
  });

  it('comes back as it ran where the Deployment is deleted in the midst of a move', () => {
    const world = running();
    world.shelve(...patches);
    world.edit({ systemSoftware: [{ name: 'php', version: '8.2.1' }] });
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    world.deleteDeployment();
    world.reconcile();

    expect(committed(world)).toBe('1.0.0 with php=8.2.0');
  });
});

describe('software that is yanked in the midst of its rollout', () => {
  it('goes back, as a release does', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.settle();
    world.shelve(software('php', '8.2.0', softwareRelease('php', '8.2.1', { lifecycle: { stage: 'yanked' } })));
    world.converge();

    expect(committed(world)).toBe('1.0.0 with php=8.2.0');
  });
});

describe('what cannot be in one pod', () => {
  it.each([
    ['/opt/php/ext', 'within it'],
    ['/opt', 'around it'],
    ['/opt/php/', 'in the same place, in other words'],
  ])('is refused where the release mounts something at %s, %s', (mountPath) => {
    const runtime = { volumes: [{ name: 'ext', emptyDir: {} }], volumeMounts: [{ name: 'ext', mountPath }] };
    const world = new World(catalogueOf({ versions: [release('1.0.0', { ...needs('php'), runtime })] }), {}, [
      software('php', '8.2.0'),
    ]);
    world.settle();

    expect(world.ready()).toBe('False SoftwareConflict');
  });

  it('is refused where two set the same variable to something else', () => {
    const withEnv = (name: string, value: string) =>
      software(name, softwareRelease(name, '1.0.0', { provides: { env: [{ name: 'PATH', value }] } }));
    const world = new World(
      catalogueOf({ versions: [release('1.0.0')] }),
      { systemSoftware: [{ name: 'node' }, { name: 'php' }] },
      [withEnv('node', '/opt/node/bin'), withEnv('php', '/opt/php/bin')],
    );
    world.settle();

    expect(world.ready()).toBe('False SoftwareConflict');
  });

  it('is left out of the choice where an older version can be', () => {
    const nested = softwareRelease('node', '22.1.0', {
      provides: { image: 'registry.example.com/software/node:22.1.0', path: '/opt/node', mountPath: '/opt/php' },
    });
    const world = new World(
      catalogueOf({ versions: [release('1.0.0')] }),
      { systemSoftware: [{ name: 'node' }, { name: 'php' }] },
      [software('node', '22.0.0', nested), software('php', '8.2.0')],
    );
    world.converge();

    expect(committed(world)).toBe('1.0.0 with node=22.0.0 php=8.2.0');
  });
});

describe('a hostile catalogue', () => {
  const names = Array.from({ length: 16 }, (_, index) => `s${String(index).padStart(2, '0')}`);

  const published = (dependenciesOf: (own: number, v: number) => SoftwareRelease['dependencies'] = () => []) =>
    names.map((name, own) =>
      software(
        name,
        ...Array.from({ length: 200 }, (_, v) =>
          softwareRelease(name, `1.0.${v}`, { dependencies: dependenciesOf(own, v), provides: {} }),
        ),
      ),
    );

  /**
   * Processor time in milliseconds of one decision over so many releases with 16 dependencies each. The better of two
   * runs.
   */
  function costOf(count: number, onShelf: readonly SoftwareCatalogue[]): number {
    const versions = Array.from({ length: count }, (_, v) =>
      release(`1.0.${v}`, {
        systemSoftwareDependencies: names.map((name, index) => ({ name, range: `>=1.0.0 || 9.${index}.${v}` })),
      }),
    );
    const { spec } = installation({ upgradePolicy: 'auto' });
    const catalogue = catalogueOf({ versions });
    const once = () => {
      // Processor time, not wall-clock time: the machine may be busy.
      const begin = process.threadCpuUsage();
      const finder = softwareFinder({
        spec,
        shelf: shelf(...onShelf),
        stable: new Map(),
        avoided: new Set(),
        config,
        now: 0,
      });
      const stable = '1.0.0';
      assess({
        spec,
        catalogue,
        config,
        stable,
        installed: stable,
        isBusy: false,
        usedConsent: undefined,
        now: 0,
        software: finder,
      });
      const { user, system } = process.threadCpuUsage(begin);
      // Some kernels count in ticks, so that less than one is nothing.
      return Math.max(1, (user + system) / 1000);
    };
    return Math.min(once(), once());
  }

  it('of full size costs one decision little', () => {
    // Ten times as many releases cost about four times as much. A quadratic cost would be a hundred times as much.
    expect(costOf(200, published()) / costOf(20, published())).toBeLessThan(30);
  });

  // Only two releases: 200 of them still take a quarter of an hour.
  it('in which nothing goes together costs one decision little', () => {
    const deadEnd = published((own, v) =>
      own === 15 ? [] : [{ name: 's15', range: own === 14 ? `<1.0.0 || 7.0.${v}` : `>=1.0.0 || 7.${own}.${v}` }],
    );

    // The ratio is about 30. Without a limit on the search, it would be a million.
    expect(costOf(2, deadEnd) / costOf(2, published())).toBeLessThan(1000);
  });

  it('makes no status that cannot be written', () => {
    const more = names.flatMap((name) => names.slice(0, 4).map((other) => `${name}-${other}`));
    const crowded = [
      ...names.map((name) =>
        software(
          name,
          softwareRelease(name, '1.0.0', {
            dependencies: names.slice(0, 4).map((other) => ({ name: `${name}-${other}`, range: '*' })),
          }),
        ),
      ),
      ...more.map((name) => software(name, '1.0.0')),
    ];
    const world = new World(
      catalogueOf({
        versions: [release('1.0.0', { systemSoftwareDependencies: names.map((name) => ({ name, range: '*' })) })],
      }),
      {},
      crowded,
    );
    world.converge();

    expect(InstallationStatus.safeParse(world.status).error?.issues).toBeUndefined();
  });

  it('is told as what it is, and not as a conflict that there is not', () => {
    // Only the very last versions fit together, which the limited search does not find.
    const first = names.slice(0, 4);
    const few = [
      ...first.map((name) =>
        software(
          name,
          ...Array.from({ length: 30 }, (_, v) =>
            softwareRelease(name, `1.0.${v}`, { dependencies: [{ name: 'z', range: v === 0 ? '*' : '<1.0.0' }] }),
          ),
        ),
      ),
      software('z', '1.0.0'),
    ];
    const world = new World(
      catalogueOf({
        versions: [release('1.0.0', { systemSoftwareDependencies: first.map((name) => ({ name, range: '*' })) })],
      }),
      {},
      few,
    );
    world.settle();

    expect(message(world)).toMatch(/^Set the versions in systemSoftware|^Installing/);
  });
});

it('both sides of a conflict are named, where one is a software', () => {
  const world = new World(
    catalogueOf({
      versions: [
        release('1.0.0', {
          systemSoftwareDependencies: [
            { name: 'icu', range: '<70.0.0' },
            { name: 'php', range: '*' },
          ],
        }),
      ],
    }),
    { version: '1.0.0' },
    [
      software('icu', '69.0.0', '74.0.0'),
      software('php', softwareRelease('php', '8.3.0', { dependencies: [{ name: 'icu', range: '>=74.0.0' }] })),
    ],
  );
  world.settle();

  expect(message(world)).toContain('php 8.3.0 needs ">=74.0.0"');
  expect(message(world)).toContain('acme/web 1.0.0 needs "<70.0.0"');
});

it('a Deployment from before there was system software is left as it is', () => {
  const world = new World(catalogueOf({ versions: [release('1.0.0')] }), { upgradePolicy: 'auto' }, [
    software('php', '8.2.0', '8.2.1'),
  ]);
  world.converge();
  world.journal.length = 0;
  world.publish(catalogueOf({ versions: [release('1.0.0', needs('php'))] }));
  world.settle();
  world.loseStatus();
  world.settle();

  expect([world.journal, committed(world), world.ready()]).toEqual([[], '1.0.0 with nothing', 'True UpToDate']);
});

it('software that is yanked after it was rolled out is told to who runs it', () => {
  const world = running();
  const yanked = { lifecycle: { stage: 'yanked' as const, message: 'CVE-1' } };
  world.shelve(software('php', softwareRelease('php', '8.2.0', yanked)));
  world.settle();

  expect([world.ready(), message(world)]).toEqual([
    'True UpToDate',
    'Runs 1.0.0; php 8.2.0 was yanked (CVE-1): set another version of it in systemSoftware',
  ]);
});

it('a Deployment that was deleted comes back with the software that it had last, and never with what it had before', () => {
  const spec = { systemSoftware: [{ name: 'php', version: '8.2.0', updatePolicy: 'all' as const }] };
  const world = new World(needsPhp, spec, [software('php', '8.2.0')]);
  world.converge();
  world.shelve(software('php', '8.2.0', '8.3.0'));
  world.converge();
  world.deleteDeployment();
  world.settle();
  expect(committed(world)).toBe('1.0.0 with php=8.3.0');

  failAndGoBack(world);
  expect(committed(world)).toBe('1.0.0 with php=8.3.0');
});
