import { describe, expect, it } from 'vitest';
import { catalogueOf, release, shelf, software } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** What proves something, and what does not: no pods, pods that are down, and pods that others break. */

const MINUTE = 60_000;
/** A tier that leaves the number of pods to an autoscaler. */
const free = (...versions: Parameters<typeof release>[0][]) =>
  catalogueOf({ versions: versions.map((v) => release(v)), tiers: { standard: {} } });
const message = (world: World, type: string) => world.status.conditions?.find((c) => c.type === type)?.message;
const condition = (world: World, type: string) => {
  const found = world.status.conditions?.find((c) => c.type === type);
  return found && `${found.status} ${found.reason}`;
};

function running(...spec: ConstructorParameters<typeof World>) {
  const world = new World(...spec);
  world.converge();
  expect(world.status.currentVersion).toBe('1.0.0');
  return world;
}

// wetware/ww#570, argoproj/argo-rollouts#4950: scaled to zero, everything succeeds
describe('without a pod', () => {
  const asleep = (spec: object) => {
    const world = running(free('1.0.0'), spec);
    world.scale(0);
    world.settle();
    world.publish(free('1.0.0', '1.1.0'));
    world.settle();
    return world;
  };

  it('automation waits, and goes on with the first pod', () => {
    const world = asleep({ upgradePolicy: 'auto' });
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpgradeAvailable']);
    expect(message(world, 'UpdateAvailable')).toBe(
      '1.1.0 is taken automatically when a pod is asked for: without one nothing shows whether it works',
    );

    world.scale(1);
    world.serve(1);
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.1.0');
  });

  it('system software stays', () => {
    const version = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '>=8.0.0' }] });
    const catalogue = catalogueOf({ versions: [version], tiers: { standard: {} } });
    const world = running(catalogue, { upgradePolicy: 'auto' }, [software('php', '8.3.0')]);
    world.scale(0);
    world.settle();
    world.observed = { ...world.observed, software: shelf(software('php', '8.3.0', '8.3.1')) };
    world.settle();
    expect(world.observed.deployment?.software).toBe('php=8.3.0');
  });

  it('a version that somebody names is applied, and stays unproven', () => {
    const world = asleep({ version: '1.0.0' });
    world.edit({ version: '1.1.0' });
    world.settle();
    world.rollOut();
    world.settle();

    expect([world.observed.deployment?.version, world.status.currentVersion]).toEqual(['1.1.0', '1.0.0']);
    expect(message(world, 'Ready')).toBe('Runs 1.1.0 without a pod, so that nothing has shown yet whether it works');
    expect(world.head?.mark.provenAt).toBeUndefined();
  });

  /** Months later somebody asks for a pod. */
  const woken = () => {
    const world = asleep({ version: '1.0.0' });
    world.edit({ version: '1.1.0' });
    world.settle();
    world.rollOut();
    world.settle();
    world.pass(90 * 24 * 60 * MINUTE);
    world.scale(1);
    world.settle();
    return world;
  };

  it('its time begins with the first pod that is asked for', () => {
    const world = woken();
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'Unknown RollingOut']);
    world.pass(9 * MINUTE);
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.1.0');

    world.serve(1);
    world.settle();
    expect([world.status.currentVersion, world.ready()]).toEqual(['1.1.0', 'True UpToDate']);
  });

  it('goes back where its first pod crashes', () => {
    const world = woken();
    world.pod({ restarts: 3, waiting: { reason: 'CrashLoopBackOff', message: '' } });
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.0.0');
  });

  it('goes back where its first pod does not get ready in time', () => {
    const world = woken();
    world.pod({});
    world.pass(11 * MINUTE);
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.0.0');
  });
});

// elastic/cloud-on-k8s#1748
describe('while pods are down', () => {
  it('nothing is available, and automation waits', () => {
    const world = running(free('1.0.0'), { upgradePolicy: 'auto' });
    world.serve(0);
    world.publish(free('1.0.0', '1.1.0'));
    world.settle();

    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'False Unavailable']);
    expect(condition(world, 'Available')).toBe('False PodsUnavailable');
    expect(condition(world, 'UpdateAvailable')).toBe('True Unhealthy');
  });

  it('also where its Deployment was deleted and a quota lets no pod of the new one be made', () => {
    const world = running(free('1.0.0'), { upgradePolicy: 'auto' });
    world.deleteDeployment();
    world.settle();
    world.fail();
    const { deployment } = world.observed;
    const none = { total: 0, updated: 0, available: 0, failure: 'exceeded quota' };
    world.observed = { ...world.observed, deployment: deployment && { ...deployment, ...none } };
    world.publish(free('1.0.0', '1.1.0'));
    world.settle();

    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'False Unavailable']);
    expect(message(world, 'Ready')).toContain('new pods cannot be created');
    expect(condition(world, 'UpdateAvailable')).toBe('True Unhealthy');
  });

  it('that ends as Stalled after the deadline, by the clock alone, and is over when they are back', () => {
    const world = running(free('1.0.0'));
    world.serve(0);
    world.settle();
    expect(condition(world, 'Stalled')).toBeUndefined();

    const { requeueAfterMs } = world.reconcile();
    expect(requeueAfterMs).toBeLessThanOrEqual(10 * MINUTE);
    world.pass(requeueAfterMs!);
    world.settle();
    expect(condition(world, 'Stalled')).toBe('True Unavailable');

    world.serve(2);
    world.settle();
    expect([world.ready(), condition(world, 'Stalled')]).toEqual(['True UpToDate', undefined]);
  });

  it('a floor that somebody raises is taken all the same', () => {
    const world = running(free('1.0.0', '1.1.0'), { version: '1.0.0' });
    world.serve(0);
    world.edit({ version: '1.1.0' });
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.1.0');
  });
});

// linkerd/linkerd2#4973, hashicorp/vault#24253
describe('what others put into the pods', () => {
  const stranger = { container: 'istio-proxy', why: 'CrashLoopBackOff' };

  it('fails no release for good: the wish is tried again', () => {
    const world = running(free('1.0.0', '1.1.0'), { version: '1.0.0' });
    world.edit({ version: '1.1.0' });
    world.settle();
    world.pod({ isReady: true, stranger });
    world.settle();
    expect(world.ready()).toBe('Unknown RollingOut');

    world.fail();
    world.settle();
    const [failure] = world.status.failedVersions ?? [];
    expect(failure).toMatchObject({ version: '1.1.0', reason: 'DeadlineExceeded' });
    expect(failure?.message).toContain('the container "istio-proxy", which others put into them, is not ready');
    expect(failure?.retryAfter).toBeDefined();
  });
});
