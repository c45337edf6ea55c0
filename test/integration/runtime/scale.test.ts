import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startCluster, type Cluster } from '../../../bench/cluster.ts';
import { metricIn, startOperator, type OperatorProcess } from '../../../bench/operator.ts';
import { idle, install, publish, restart } from '../../../bench/phases.ts';
import { memoryOf } from '../../../bench/process-stats.ts';
import { settled } from '../../../bench/rest.ts';
import { automaticOf, CONFIG } from '../../../bench/workload.ts';
import { bundle } from '../../../tools/bundle.ts';
import type { Requests } from '../support/requests.ts';

const workload = { installations: 1000, namespaces: 20, replicas: 1 };
const [workers, creators] = [16, 16];
const STATUS = 'patch providerinstallations/status';

/** The most looks at one installation: at it, at its children and at its ready pods. Each news may arrive in two parts. */
const MOST_LOOKS = 6;

/** Bytes of heap per installation with its children and a history of one rollout, and with a full history and candidates. */
const [MOST_HEAP_PER_INSTALLATION, MOST_HEAP_WITH_HISTORY] = [6144, 8192];
const MOST_RSS_MIB = 120;

/** Each step goes on from the one before. */
describe.skipIf(!inject('controlPlane').disposable)('a thousand installations, with the bundled operator', () => {
  let file: string;
  let cluster: Cluster;
  let operator: OperatorProcess;
  let heapOfNone: number;

  const stage = () => ({ cluster, operator, workload });
  const start = () => startOperator({ plane: cluster.plane, bundle: file, workers, config: CONFIG });

  function eventsIn(requests: Requests): number {
    return (requests['create events'] ?? 0) + (requests['patch events'] ?? 0);
  }

  beforeAll(async () => {
    file = await bundle();
    cluster = await startCluster(() => undefined);
    await cluster.publish(['1.0.0'], workload);
  });

  afterAll(() => cluster.stop());

  it('all become Ready, with no more writes and no more looks than it takes', async () => {
    operator = start();
    await operator.ready();
    await settled(cluster.plane.auditLog);
    heapOfNone = (await operator.heap()).heapUsed;

    const { requests } = await install(stage(), creators);

    const { installations } = workload;
    expect(requests).toMatchObject({
      'patch controllerrevisions': installations,
      'patch deployments': installations,
      'patch services': installations,
      'mark controllerrevisions': installations,
    });
    expect(requests[STATUS]).toBeLessThanOrEqual(2 * installations);
    expect(eventsIn(requests)).toBeLessThanOrEqual(2 * installations);
    const looks = metricIn(
      await operator.metrics(),
      'controller_runtime_reconcile_total',
      'controller="providerinstallation"',
    );
    expect(looks).toBeLessThanOrEqual(MOST_LOOKS * installations);
  });

  it('ask for nothing in a minute once they are Ready', async () => {
    const { requests, memory } = await idle(stage(), 60);
    const { heapUsed } = await operator.heap();
    await operator.stop();

    expect(requests).toEqual({});
    expect((heapUsed - heapOfNone) / workload.installations).toBeLessThanOrEqual(MOST_HEAP_WITH_HISTORY);
    expect(memory.rssMiB).toBeLessThanOrEqual(MOST_RSS_MIB);
  });

  it('are found up to date by a restart, which asks for the version of Kubernetes only and needs little memory', async () => {
    operator = start();
    const { requests, memory } = await restart(stage());
    const { heapUsed } = await operator.heap();

    expect(requests).toEqual({ 'get /version': 1 });
    expect((heapUsed - heapOfNone) / workload.installations).toBeLessThanOrEqual(MOST_HEAP_PER_INSTALLATION);
    expect(memory.rssMiB).toBeLessThanOrEqual(MOST_RSS_MIB);
  });

  it('move at a published release, the 500 automatic ones, and no other', async () => {
    const moved = automaticOf(workload);
    const { requests } = await publish(stage(), '1.1.0');
    const rssMiB = await rssAtRest();
    await operator.stop();

    expect(moved).toBe(500);
    expect(requests['patch deployments']).toBe(moved);
    expect(requests['patch controllerrevisions']).toBe(moved);
    expect(requests['mark controllerrevisions']).toBe(moved);
    expect(requests[STATUS]).toBeLessThanOrEqual(workload.installations - moved + 3 * moved);
    expect(eventsIn(requests)).toBeLessThanOrEqual(3 * moved);
    expect(Object.keys(requests).filter((what) => /^(get|list|delete|create (?!events))/.test(what))).toEqual([]);
    expect(rssMiB).toBeLessThanOrEqual(MOST_RSS_MIB);
  });

  /** Garbage goes when the process has the time for it, which it has not while others keep the machine busy. */
  async function rssAtRest(): Promise<number> {
    for (let tries = 1; memoryOf(operator.pid).rssMiB > MOST_RSS_MIB && tries <= 60; tries += 1) {
      await sleep(1000);
    }
    return memoryOf(operator.pid).rssMiB;
  }
});
