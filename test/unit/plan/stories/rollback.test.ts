import { describe, expect, it } from 'vitest';
import { catalogue, release } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

const HOUR = 3_600_000;

function condition(world: World, type: string): string | undefined {
  const found = world.status.conditions?.find((c) => c.type === type);
  return found && `${found.status} ${found.reason}`;
}

function results(world: World): string[] {
  return (world.status.history ?? []).map(
    (entry) => `${entry.trigger} ${entry.from ?? '-'} to ${entry.version}: ${entry.result ?? 'under way'}`,
  );
}

/** Runs 1.0.0, and begins to roll out something that does not work. */
function failing(policy: 'auto' | 'manual', begin: (world: World) => void, hasStarted = true): World {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: policy, version: '1.0.0', config: { A: 'good' } });
  world.converge();
  begin(world);
  world.settle();
  world.journal.length = 0;
  world.pod({ hasStarted });
  world.fail();
  world.settle();
  return world;
}

const bad = (world: World) => world.publish(catalogue('1.0.0', '1.1.0'));
const askFor = (version: string) => (world: World) => {
  world.publish(catalogue('1.0.0', version));
  world.edit({ version });
};

describe('a release that automation chose and that fails', () => {
  it('goes back once, is Ready, and is not tried again, whatever is lost', () => {
    const world = failing('auto', bad);
    expect(world.journal).toEqual(['mark ControllerRevision', 'restore Deployment']);
    expect(world.ready()).toBe('Unknown RollingBack');
    world.rollOut();
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.0.0');
    expect(world.ready()).toMatch(/^True/);
    expect(condition(world, 'UpgradeHealthy')).toBe('False RolledBack');
    expect(world.status.failedVersions).toMatchObject([{ version: '1.1.0', reason: 'DeadlineExceeded', attempts: 1 }]);

    world.journal.length = 0;
    world.loseStatus();
    world.pass(48 * HOUR);
    world.settle();
    expect(world.journal).toEqual([]);
    expect(world.status.failedVersions).toMatchObject([{ version: '1.1.0' }]);
  });

  it('gives way to a newer one, and the memory of it ends well', () => {
    const world = failing('auto', bad);
    world.converge();
    world.publish(catalogue('1.0.0', '1.1.0', '1.2.0'));
    world.converge();

    expect(world.observed.deployment?.version).toBe('1.2.0');
    expect(condition(world, 'UpgradeHealthy')).toBe('True Succeeded');
    expect(results(world)).toEqual([
      'Policy 1.0.0 to 1.2.0: Succeeded',
      'Rollback 1.1.0 to 1.0.0: Succeeded',
      'Policy 1.0.0 to 1.1.0: RolledBack',
      'Install - to 1.0.0: Succeeded',
    ]);
  });

  it('is tried again when somebody asks for it', () => {
    const world = failing('auto', bad);
    world.converge();
    world.retry('1');
    world.converge();

    expect(world.observed.deployment?.version).toBe('1.1.0');
  });

  it('takes no configuration with it that was edited meanwhile: that rolls out alone', () => {
    const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto', config: { A: 'old' } });
    world.converge();
    world.publish(catalogue('1.0.0', '1.1.0'));
    world.settle();
    world.edit({ config: { A: 'new' } });
    world.fail();
    world.settle();
    world.converge();
    world.converge();

    expect(world.head).toMatchObject({ number: 3, version: '1.0.0', trigger: 'Spec' });
    expect(world.ready()).toMatch(/^True/);
  });
});

describe('what the spec asked for and that fails', () => {
  it.each<[string, (world: World) => void]>([
    ['a version', askFor('1.1.0')],
    ['a configuration', (world) => world.edit({ config: { A: 'bad' } })],
    ['a tier', (world) => world.edit({ resourceTier: 'performance' })],
    [
      'a version and a configuration',
      (world) => {
        askFor('1.1.0')(world);
        world.edit({ config: { A: 'bad' } });
      },
    ],
  ])('%s: goes back whole, is held, and says what to do', (_, begin) => {
    const world = failing('manual', begin);
    world.converge();
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'False RolledBack']);
    expect([condition(world, 'Stalled'), condition(world, 'Available')]).toEqual([
      'True RolledBack',
      'True PodsAvailable',
    ]);

    world.journal.length = 0;
    world.edit({ description: 'Not a change of the wish' });
    world.pass(48 * HOUR);
    world.settle();
    expect(world.journal).toEqual([]);
    expect(world.ready()).toBe('False RolledBack');
  });

  it('is tried whole when the wish changes, and when somebody asks for it', () => {
    const world = failing('manual', askFor('1.1.0'));
    world.converge();
    world.edit({ config: { A: 'better' } });
    world.converge();
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'True UpToDate']);

    const other = failing('manual', askFor('1.1.0'));
    other.converge();
    other.retry('1');
    other.converge();
    expect(other.observed.deployment?.version).toBe('1.1.0');
  });

  it('is withdrawn by asking for what runs', () => {
    const world = failing('manual', askFor('1.1.0'));
    world.converge();
    world.journal.length = 0;
    world.edit({ version: '1.0.0' });
    world.settle();

    expect([world.journal, world.ready()]).toEqual([[], 'True UpgradeAvailable']);
    expect(condition(world, 'UpgradeHealthy')).not.toBe('False RolledBack');
  });

  it('is tried once more after six hours where nothing had started, and then ever more seldom', () => {
    const world = failing('manual', askFor('1.1.0'), false);
    world.converge();
    expect(world.status.failedVersions).toMatchObject([{ attempts: 1 }]);
    world.pass(6 * HOUR);
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.1.0');
    world.fail();
    world.settle();
    world.converge();
    world.pass(6 * HOUR);
    world.settle();
    expect(world.status.failedVersions).toMatchObject([{ attempts: 2 }]);
    expect(world.observed.deployment?.version).toBe('1.0.0');
  });
});

it('a verdict that turns good before the way back began is a success', () => {
  const world = new World(catalogue('1.0.0'), { version: '1.0.0' });
  world.converge();
  askFor('1.1.0')(world);
  world.settle();
  world.fail();
  world.rollOut();
  world.settle();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'True UpToDate']);
});

it('going back to what is stable before the end is a cancel', () => {
  const world = new World(catalogue('1.0.0'), { version: '1.0.0' });
  world.converge();
  askFor('1.1.0')(world);
  world.settle();
  world.edit({ version: '1.0.0' });
  world.converge();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpgradeAvailable']);
  expect(results(world)).toEqual([
    'Spec - to 1.0.0: Succeeded',
    'Spec 1.0.0 to 1.1.0: Superseded',
    'Install - to 1.0.0: Succeeded',
  ]);
});

it('a first install that fails stays, says so, and gives way to a newer release', () => {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
  world.settle();
  world.fail();
  world.settle();
  expect(world.ready()).toBe('False InstallFailed');
  world.publish(catalogue('1.0.0', '1.0.1'));
  world.converge();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.1', 'True UpToDate']);
});

it('a first install above a floor that fails gives way to the floor, and automation goes on from there', () => {
  const world = new World(catalogue('1.0.0', '1.1.0', '1.2.0'), { upgradePolicy: 'auto', version: '1.0.0' });
  world.settle();
  world.fail();
  world.converge();
  world.converge();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'True UpgradeAvailable']);
  expect(results(world)).toEqual([
    'Policy 1.0.0 to 1.1.0: Succeeded',
    'Spec - to 1.0.0: Succeeded',
    'Install - to 1.2.0: Failed',
  ]);
});

it('where the floor fails as well, the next best is tried, and then no more', () => {
  const world = new World(catalogue('1.0.0', '1.1.0', '1.2.0', '1.3.0'), { upgradePolicy: 'auto', version: '1.0.0' });
  for (let i = 0; i < 6; i += 1) {
    world.settle();
    world.fail();
  }
  world.settle();

  expect([world.ready(), results(world).length]).toEqual(['False InstallFailed', 3]);
});

it('a way back that fails is the end of it: what serves is left alone', () => {
  const world = failing('auto', bad);
  world.fail();
  const { deployment } = world.observed;
  world.observed = { ...world.observed, deployment: deployment && { ...deployment, available: 1 } };
  world.journal.length = 0;
  world.settle();
  world.pass(48 * HOUR);
  world.settle();

  // The failure is marked once, so that it stays known.
  expect([world.journal, world.ready()]).toEqual([['mark ControllerRevision'], 'False RollbackFailed']);
});

it('keeps the record of what runs and the one that ran before it', () => {
  const versions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4', '1.0.5'];
  const world = new World(catalogue(...versions.map((v) => release(v))), { version: '1.0.0' });
  world.converge();
  for (const version of versions.slice(1)) {
    world.edit({ version });
    world.converge();
    world.settle();
  }

  expect(world.state.records.map(({ version }) => version)).toEqual(['1.0.5', '1.0.4']);
});

describe('goes back whole', () => {
  const ports = (...numbers: number[]) => ({
    runtime: { ports: numbers.map((n) => ({ name: `p${n}`, containerPort: n })) },
  });

  it('with the ports of its Service, once no pod of the failed rollout is left', () => {
    const world = new World(catalogue(release('1.0.0', ports(80))), { version: '1.0.0' });
    world.converge();
    const before = world.observed.service?.ports;
    world.publish(catalogue(release('1.0.0', ports(80)), release('1.1.0', ports(81))));
    world.edit({ version: '1.1.0' });
    world.settle();
    expect(world.observed.service?.ports).toHaveLength(2);
    world.fail();
    world.settle();
    expect(world.observed.service?.ports).toHaveLength(2);
    world.rollOut();
    world.settle();

    expect([world.ready(), world.observed.service?.ports]).toEqual(['False RolledBack', before]);
  });

  it('with the PodDisruptionBudget of its tier, which is healed while the wish is held', () => {
    const world = new World(catalogue('1.0.0'), { resourceTier: 'performance' });
    world.converge();
    world.edit({ resourceTier: 'free' });
    world.settle();
    expect(world.observed.budget).toBeUndefined();
    world.fail();
    world.settle();
    world.rollOut();
    world.settle();

    expect([world.ready(), world.observed.budget]).toMatchObject(['False RolledBack', { uid: expect.any(String) }]);
    world.observed = { ...world.observed, service: undefined };
    world.settle();
    expect(world.observed.service?.ports).toHaveLength(1);
  });
});

it('what runs well is not taken back, whatever becomes of the pods of a restart by hand', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
  world.converge();
  world.edit({ version: '1.1.0' });
  world.converge();
  world.pass(48 * HOUR);
  world.fail();
  world.journal.length = 0;
  world.settle();

  expect([world.journal, world.observed.deployment?.version, world.ready()]).toEqual([
    [],
    '1.1.0',
    'False RolloutFailed',
  ]);
});

it('an edit in the midst of a bad automatic upgrade is tried with it, and alone after it', () => {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto', config: { A: 'old' } });
  world.converge();
  world.publish(catalogue('1.0.0', '1.1.0'));
  world.settle();
  world.edit({ config: { A: 'new' } });
  world.settle();
  world.fail();
  world.settle();
  world.converge();
  world.converge();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpgradeAvailable']);
  expect(world.status.failedVersions).toMatchObject([{ version: '1.1.0' }]);
  expect(results(world).slice(0, 2)).toEqual(['Spec - to 1.0.0: Succeeded', 'Rollback 1.1.0 to 1.0.0: Superseded']);
});

it('is tried at most three times more where nothing had started', () => {
  const world = failing('manual', askFor('1.1.0'), false);
  const attempts: number[] = [];
  for (let day = 0; day < 8; day += 1) {
    world.converge();
    attempts.push(world.status.failedVersions?.[0]?.attempts ?? 0);
    world.pass(24 * HOUR);
    world.settle();
    world.pod({ hasStarted: false });
    world.fail();
    world.settle();
  }
  expect(attempts).toEqual([1, 2, 3, 4, 4, 4, 4, 4]);
});

it('a release that is yanked while it is rolled out goes back', () => {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
  world.converge();
  world.publish(catalogue('1.0.0', '1.1.0'));
  world.settle();
  world.publish(catalogue('1.0.0', release('1.1.0', { lifecycle: { stage: 'yanked', message: 'loses data' } })));
  world.converge();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpToDate']);
  expect(condition(world, 'UpgradeHealthy')).toBe('False RolledBack');
});
