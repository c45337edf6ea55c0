import { describe, expect, it } from 'vitest';
import type { Installation } from '../../../../src/plan/state/observed.ts';
import { catalogueOf, release, software, softwareRelease } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** System software over the life of an installation: who moves it, when, and what happens if that fails. */

const HOUR = 3_600_000;
const php = (range: string) => ({ systemSoftwareDependencies: [{ name: 'php', range }] });
const needsPhp = catalogueOf({ versions: [release('1.0.0', php('>=8.2.0'))] });

function condition(world: World, type: string): string | undefined {
  const found = world.status.conditions?.find((c) => c.type === type);
  return found && `${found.status} ${found.reason}`;
}

function message(world: World, type = 'Ready'): string | undefined {
  return world.status.conditions?.find((c) => c.type === type)?.message;
}

/** The version and the software of the Deployment, as `1.0.0 with php=8.2.0`. */
function committed(world: World): string {
  const { version = '', software: made = 'nothing' } = world.observed.deployment ?? {};
  return `${version} with ${made}`;
}

function entries(world: World): string[] {
  return (world.status.history ?? []).map((e) => `${e.trigger} ${e.version}: ${e.result ?? 'under way'}`);
}

/** Runs 1.0.0 with php 8.2.0. */
function running(spec: Partial<Installation['spec']> = {}): World {
  const world = new World(needsPhp, spec, [software('php', '8.2.0')]);
  world.converge();
  world.journal.length = 0;
  return world;
}

describe('a first install', () => {
  it('brings what the release needs and what the tenant asks for, and says so', () => {
    const world = new World(needsPhp, { systemSoftware: [{ name: 'imagick', version: '7.1.0' }] }, [
      software('php', '8.2.0', '8.3.0'),
      software('imagick', '7.1.0', '7.2.0'),
    ]);
    world.converge();

    expect(committed(world)).toBe('1.0.0 with imagick=7.1.0 php=8.3.0');
    expect(world.ready()).toBe('True UpToDate');
    expect(world.status.systemSoftware).toEqual([
      {
        name: 'imagick',
        currentVersion: '7.1.0',
        targetVersion: '7.1.0',
        updatePolicy: 'none',
        updateAvailable: true,
        requiredBy: [],
      },
      {
        name: 'php',
        currentVersion: '8.3.0',
        targetVersion: '8.3.0',
        updatePolicy: 'none',
        updateAvailable: false,
        requiredBy: ['acme/web 1.0.0'],
      },
    ]);
  });

  it('waits for software that Git may deliver later, and takes no older release instead', () => {
    const both = catalogueOf({ versions: [release('1.0.0'), release('1.1.0', php('*'))] });
    const world = new World(both);
    world.settle();
    expect([world.ready(), condition(world, 'Stalled')]).toEqual(['False SoftwareNotFound', undefined]);
    expect(message(world)).toBe('Publish SystemSoftware "php": acme/web 1.1.0 needs "*"');

    world.pass(61_000);
    world.settle();
    expect(condition(world, 'Stalled')).toBe('True SoftwareNotFound');

    world.shelve(software('php', '8.2.0'));
    world.converge();
    expect(committed(world)).toBe('1.1.0 with php=8.2.0');
  });

  it('takes an older release where the newest can never run', () => {
    const both = catalogueOf({ versions: [release('1.0.0'), release('1.1.0', php('>=9.0.0'))] });
    const world = new World(both, {}, [software('php', '8.2.0')]);
    world.converge();

    expect(committed(world)).toBe('1.0.0 with nothing');
  });
});

describe('what is committed', () => {
  it('stays when newer software is published, under manual', () => {
    const world = running();
    world.shelve(software('php', '8.2.0', '8.2.1', '8.3.0'));
    world.settle();

    expect([world.journal, committed(world)]).toEqual([[], '1.0.0 with php=8.2.0']);
    expect(world.status.systemSoftware).toMatchObject([{ name: 'php', updateAvailable: true }]);
  });

  it.each<[string, (world: World) => void]>([
    ['its software is not published any more', (world) => world.shelve()],
    [
      'its software was yanked',
      (world) => {
        world.shelve(software('php', '8.3.0', softwareRelease('php', '8.2.0', { lifecycle: { stage: 'yanked' } })));
      },
    ],
    [
      'its software needs more by now',
      (world) => {
        world.shelve(
          software('php', softwareRelease('php', '8.2.0', { dependencies: [{ name: 'icu', range: '*' }] })),
          software('icu', '74.1.0'),
        );
      },
    ],
    [
      'its release needs something else by now',
      (world) => {
        world.publish(catalogueOf({ versions: [release('1.0.0', php('>=8.3.0'))] }));
      },
    ],
    ['the status is lost', (world) => world.loseStatus()],
  ])('stays when %s', (_, happen) => {
    const world = running();
    happen(world);
    world.settle();
    world.pass(HOUR);
    world.settle();

    expect([world.journal, committed(world), world.ready().split(' ')[0]]).toEqual([
      [],
      '1.0.0 with php=8.2.0',
      'True',
    ]);
  });

  it('stays when only its policy is edited, which its record remembers and no pod sees', () => {
    const world = running();
    world.edit({ systemSoftware: [{ name: 'php', updatePolicy: 'patchLevel' }] });
    world.settle();

    expect([world.journal, world.ready()]).toEqual([['mark ControllerRevision'], 'True UpToDate']);
  });

  it('is needed again for an edit: without it nothing is rolled out', () => {
    const world = running();
    world.shelve();
    world.edit({ config: { A: '1' } });
    world.settle();

    expect([world.journal, world.ready()]).toEqual([[], 'False SoftwareNotFound']);
    expect(message(world)).toBe(
      'Publish version 8.2.0 of system software "php" again, or set another one: the change needs its content',
    );
  });

  it('moves as far as a newer release demands, and goes back with it', () => {
    const world = running({ version: '1.0.0' });
    world.publish(catalogueOf({ versions: [release('1.0.0', php('>=8.2.0')), release('1.1.0', php('>=8.3.0'))] }));
    world.shelve(software('php', '8.2.0', '8.3.0', '8.3.1'));
    world.edit({ version: '1.1.0' });
    world.settle();
    expect(committed(world)).toBe('1.1.0 with php=8.3.1');

    world.fail();
    world.settle();
    world.converge();
    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'False RolledBack']);
  });
});

describe('an edit of systemSoftware', () => {
  const newer = [software('php', '8.2.0', '8.2.1', '8.3.0')];

  it('rolls out alone, asked for by the spec', () => {
    const world = running();
    world.shelve(...newer);
    world.edit({ systemSoftware: [{ name: 'php', version: '8.3.0' }] });
    world.converge();

    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.3.0', 'True UpToDate']);
    expect(entries(world)[0]).toBe('Spec 1.0.0: Succeeded');
  });

  it('that fails goes back whole and is held, until it asks for something else', () => {
    const world = running();
    world.shelve(...newer);
    world.edit({ systemSoftware: [{ name: 'php', version: '8.3.0' }] });
    world.settle();
    world.pod({ hasStarted: true });
    world.fail();
    world.settle();
    world.converge();
    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'False RolledBack']);
    expect([condition(world, 'Stalled'), condition(world, 'Available')]).toEqual([
      'True RolledBack',
      'True PodsAvailable',
    ]);

    world.journal.length = 0;
    world.edit({ description: 'No change of the wish' });
    world.loseStatus();
    world.pass(48 * HOUR);
    world.settle();
    expect([world.journal, world.ready()]).toEqual([[], 'False RolledBack']);

    world.edit({ systemSoftware: [{ name: 'php', version: '8.2.1' }] });
    world.converge();
    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.1', 'True UpToDate']);
  });

  it('that is withdrawn in the midst of it is a cancel', () => {
    const world = running();
    world.shelve(...newer);
    world.edit({ systemSoftware: [{ name: 'php', version: '8.3.0' }] });
    world.settle();
    world.edit({ systemSoftware: [] });
    world.converge();

    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'True UpToDate']);
  });

  it.each([
    [
      'that nobody published',
      '8.9.0',
      'SoftwareNotFound',
      'Set a published version of system software "php" instead of 8.9.0, such as 8.3.0, 8.2.1, 8.2.0',
    ],
    [
      'that the release cannot run with',
      '8.1.0',
      'SoftwareConflict',
      'Set another version of system software "php", such as 8.3.0, 8.2.1, 8.2.0: systemSoftware asks for version 8.1.0, and acme/web 1.0.0 needs ">=8.2.0"',
    ],
  ])('to a version %s disturbs nothing', (_, version, reason, expected) => {
    const world = running();
    world.shelve(software('php', '8.1.0', '8.2.0', '8.2.1', '8.3.0'));
    world.edit({ systemSoftware: [{ name: 'php', version }] });
    world.settle();

    expect([world.journal, committed(world), world.ready()]).toEqual([[], '1.0.0 with php=8.2.0', `False ${reason}`]);
    expect(message(world)).toBe(expected);
  });
});

describe('software under a policy of its own', () => {
  const patches = [software('php', '8.2.0', '8.2.1', '8.3.0')];
  const patchLevel = { systemSoftware: [{ name: 'php', updatePolicy: 'patchLevel' as const }] };

  it('moves by itself, also under manual, while the release stays', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    const { takesSlot } = world.reconcile();
    expect([takesSlot, message(world)]).toEqual([true, 'Moving 1.0.0 to php 8.2.1']);
    world.converge();

    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.1', 'True UpToDate']);
    expect(entries(world)[0]).toBe('SystemSoftware 1.0.0: Succeeded');
  });

  it('waits for its turn in the fleet', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.observed = { ...world.observed, slot: 'queued' };
    const { writes, isQueued } = world.reconcile();
    expect([writes, isQueued, world.ready()]).toEqual([[], true, 'True UpToDate']);

    world.observed = { ...world.observed, slot: 'free' };
    world.converge();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
  });

  it('waits for a window, and for nothing else', () => {
    const nights = [{ kind: 'allow' as const, schedule: '0 2 * * *', duration: '1h' }];
    const world = running({ ...patchLevel, upgrade: { windows: nights } });
    world.shelve(...patches);
    const { requeueAfterMs = 0 } = world.reconcile();
    expect([world.journal, committed(world)]).toEqual([[], '1.0.0 with php=8.2.0']);

    world.pass(requeueAfterMs);
    world.converge();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
  });

  it('does not move while it is suspended', () => {
    const world = running({ ...patchLevel, suspend: true });
    const before = committed(world);
    world.shelve(...patches);
    world.settle();

    expect([world.journal, committed(world)]).toEqual([[], before]);
  });

  it('that fails goes back once, is Ready and is not tried again, until newer software comes', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.settle();
    world.pod({ hasStarted: true });
    world.fail();
    world.settle();
    world.converge();
    expect([committed(world), world.ready()]).toEqual(['1.0.0 with php=8.2.0', 'True UpToDate']);
    expect(condition(world, 'UpgradeHealthy')).toBe('False RolledBack');
    expect(message(world, 'UpgradeHealthy')).toMatch(/^Rolling out php 8\.2\.1 failed: /);
    expect(world.status.failedVersions).toMatchObject([{ version: '1.0.0', software: 'php=8.2.1', attempts: 1 }]);

    world.journal.length = 0;
    world.loseStatus();
    world.pass(48 * HOUR);
    world.settle();
    expect([world.journal, world.ready()]).toEqual([[], 'True UpToDate']);

    world.edit({ config: { A: '1' } });
    world.converge();
    expect([committed(world), condition(world, 'UpgradeHealthy')]).toEqual(['1.0.0 with php=8.2.0', 'True Succeeded']);

    world.shelve(software('php', '8.2.0', '8.2.1', '8.2.2'));
    world.converge();
    expect([committed(world), condition(world, 'UpgradeHealthy')]).toEqual(['1.0.0 with php=8.2.2', undefined]);
    expect(world.status.failedVersions).toBeUndefined();
  });

  it('that fails is tried again when somebody asks for it', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.settle();
    world.fail();
    world.settle();
    world.converge();
    world.retry('1');
    world.converge();

    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
  });

  it('leaves the release that runs alone: nothing of it counts as failed', () => {
    const world = running({ ...patchLevel, upgradePolicy: 'auto' });
    world.shelve(...patches);
    world.settle();
    world.fail();
    world.settle();
    world.converge();
    world.publish(catalogueOf({ versions: [release('1.0.0', php('>=8.2.0')), release('1.1.0', php('>=8.2.0'))] }));
    world.converge();

    expect(committed(world)).toBe('1.1.0 with php=8.2.0');
  });

  it('does not come between a configuration and its verdict: what is edited meanwhile goes first', () => {
    const world = running(patchLevel);
    world.shelve(...patches);
    world.settle();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
    world.edit({ ...patchLevel, config: { A: '1' } });
    world.settle();
    expect([committed(world), entries(world)[0]]).toEqual(['1.0.0 with php=8.2.0', 'Spec 1.0.0: under way']);

    world.converge();
    world.converge();
    expect(committed(world)).toBe('1.0.0 with php=8.2.1');
  });
});

describe('a release that cannot run with the software that there is', () => {
  it('is not taken by automation, which says why', () => {
    const world = running({ upgradePolicy: 'auto' });
    world.publish(catalogueOf({ versions: [release('1.0.0', php('>=8.2.0')), release('1.1.0', php('>=8.3.0'))] }));
    world.settle();

    expect([world.journal, world.status.updateCandidates?.[0]?.blockedBy]).toEqual([[], ['SoftwareConflict']]);
    expect(message(world, 'UpdateAvailable')).toBe(
      'Publish a version of system software "php" that all can run with: acme/web 1.1.0 needs ">=8.3.0", to take 1.1.0',
    );
  });

  it('is refused by its name, and what runs stays', () => {
    const world = running({ version: '1.0.0' });
    world.publish(catalogueOf({ versions: [release('1.0.0', php('>=8.2.0')), release('1.1.0', php('>=8.3.0'))] }));
    world.edit({ version: '1.1.0' });
    world.settle();

    expect([world.journal, world.ready()]).toEqual([[], 'False SoftwareConflict']);
    expect(message(world)).toBe(
      'Publish a version of system software "php" that all can run with: acme/web 1.1.0 needs ">=8.3.0"; 1.0.0 stays',
    );
  });

  it('is taken as soon as there is some', () => {
    const world = running({ upgradePolicy: 'auto' });
    world.publish(catalogueOf({ versions: [release('1.0.0', php('>=8.2.0')), release('1.1.0', php('>=8.3.0'))] }));
    world.settle();
    world.shelve(software('php', '8.2.0', '8.3.0'));
    world.converge();

    expect(committed(world)).toBe('1.1.0 with php=8.3.0');
  });
});
