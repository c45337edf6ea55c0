import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createInstallationMetrics } from '../../../src/telemetry/installation-metrics.ts';
import { catalogue } from '../../support/builders.ts';
import { World } from '../../support/world.ts';

/** The samples of a metric that are not zero, as `{labels} value`. */
async function samples(registry: Registry, name: string): Promise<string[]> {
  const text = await registry.metrics();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && !line.endsWith(' 0'))
    .map((line) => line.slice(name.length));
}

function measured(world: World) {
  const registry = new Registry();
  const metrics = createInstallationMetrics(registry);
  metrics.watchInstallations(() => [{ key: 'shop/web', status: world.status }]);
  return {
    of: (name: string) => samples(registry, `provider_operator_${name}`),
    /** Reconciles until nothing changes, and reports every status to the metrics. */
    settle() {
      for (let before = world.status, status = ''; status !== JSON.stringify(before); before = world.status) {
        status = JSON.stringify(before);
        world.reconcile();
        metrics.onReported(before, world.status);
      }
    },
  };
}

describe('what the metrics say of installations', () => {
  it('counts them by Ready and its reason, and names those alone that are not ready', async () => {
    const world = new World(catalogue('1.0.0'));
    const metrics = measured(world);
    expect(await metrics.of('installations')).toEqual(['{ready="Unknown",reason="NotSeen"} 1']);

    metrics.settle();
    expect(await metrics.of('installation_not_ready')).toEqual([
      '{tenant="shop",installation="web",reason="RollingOut",stalled="false"} 1',
    ]);

    world.rollOut();
    metrics.settle();
    expect(await metrics.of('installations')).toEqual(['{ready="True",reason="UpToDate"} 1']);
    expect(await metrics.of('installation_not_ready')).toEqual([]);

    world.edit({ version: '9.0.0' });
    metrics.settle();
    world.pass(60_000);
    metrics.settle();
    expect(await metrics.of('installation_not_ready')).toEqual([
      '{tenant="shop",installation="web",reason="VersionNotFound",stalled="true"} 1',
    ]);
    expect(await metrics.of('installation_conditions')).toContain('{type="Stalled",status="True"} 1');
  });

  it('counts each rollout once, when it ends, and how long it took', async () => {
    const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
    const metrics = measured(world);
    metrics.settle();
    expect(await metrics.of('rollouts_total')).toEqual([]);
    world.pass(7_000);
    world.rollOut();
    metrics.settle();
    expect(await metrics.of('rollouts_total')).toEqual(['{trigger="Install",result="Succeeded"} 1']);
    expect(await metrics.of('rollout_duration_seconds_sum')).toEqual(['{result="Succeeded"} 7']);

    world.publish(catalogue('1.0.0', '1.1.0'));
    metrics.settle();
    world.pod({ hasStarted: true });
    world.fail();
    metrics.settle();
    world.rollOut();
    metrics.settle();
    expect(await metrics.of('rollouts_total')).toEqual([
      '{trigger="Install",result="Succeeded"} 1',
      '{trigger="Policy",result="RolledBack"} 1',
      '{trigger="Rollback",result="Succeeded"} 1',
    ]);
    expect(await metrics.of('installation_conditions')).toContain('{type="UpgradeHealthy",status="False"} 1');
  });

  it('counts nothing when a status that was lost is told once more', async () => {
    const world = new World(catalogue('1.0.0'));
    const metrics = measured(world);
    metrics.settle();
    world.rollOut();
    world.settle();
    world.loseStatus();
    metrics.settle();

    expect(await metrics.of('rollouts_total')).toEqual([]);
  });

  it('has every result from the start, so that the first failure is an increase', async () => {
    const registry = new Registry();
    createInstallationMetrics(registry);

    expect(await registry.metrics()).toContain(
      'provider_operator_rollouts_total{trigger="Policy",result="RolledBack"} 0',
    );
  });
});
