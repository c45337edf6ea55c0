import { setTimeout as sleep } from 'node:timers/promises';
import type { Say } from '../test/control-plane/progress.ts';
import type { Bound, Outcome } from './bounds.ts';
import type { Cluster } from './cluster.ts';
import { runFloor } from './floor.ts';
import type { OperatorProcess } from './operator.ts';
import type { Options } from './options.ts';
import { idle, install, publish, restart } from './phases.ts';
import { cpuSeconds, findProcess, memoryOf } from './process-stats.ts';
import { costLines, requestLines, type Phase } from './report.ts';
import { figure } from './table.ts';
import { recordInstall } from './trial.ts';
import { restLoad } from './rest-load.ts';
import { waits } from './waits.ts';

/** How long a newly started operator is left alone before its memory is read. */
const CALM_MS = 3000;
/** How many times as long as the loop without logic the installs may take. */
const MOST_OF_FLOOR = 1.5;
const MOST_MIB_PER_THOUSAND = 15;

/**
 * Measures the waits of people, then the floor, then a life of the operator: started with nothing, install, idle,
 * restart, publish.
 */
export async function fullRun(
  cluster: Cluster,
  start: () => OperatorProcess,
  options: Options,
  say: Say,
): Promise<Outcome> {
  const { workload, workers, creators, idleSeconds } = options;
  const { installations } = workload;
  const apiServer = findProcess('kube-apiserver', cluster.plane.directory);
  const phases: Phase[] = [];
  const each = { count: installations, of: 'installation' };

  const waited = (await waits(cluster, start, options, say)).bounds;
  const asked = await restLoad(cluster, start, options, say);

  say('Trial: what does the operator write for one installation?');
  await cluster.publish(['1.0.0'], workload);
  let operator = start();
  const templates = await recordInstall(cluster, operator, workload);
  await operator.stop();

  say(`Floor: the same writes for ${figure(installations)} installations by a loop without logic`);
  const before = cpuSeconds(apiServer);
  const floorSeconds = await runFloor({ cluster, workload, templates, workers, creators });
  phases.push({ name: 'floor', seconds: floorSeconds, apiServerCpuSeconds: cpuSeconds(apiServer) - before });
  say(`Floor: ${figure(floorSeconds, 1)} s; deleting everything again`);
  await cluster.empty('floor', workload);

  operator = start();
  await operator.ready();
  await sleep(CALM_MS);
  const emptyHeap = await operator.heap();
  await operator.stop();

  say('Install: all at once, by the operator');
  operator = start();
  await operator.ready();
  await sleep(CALM_MS);
  const emptyMemory = memoryOf(operator.pid);
  const installed = await install({ cluster, operator, workload }, creators);
  phases.push({ name: 'install', seconds: installed.seconds, floorSeconds, cost: installed, changes: each });

  say(`Idle: nothing is done for ${idleSeconds} s`);
  const rest = await idle({ cluster, operator, workload }, idleSeconds);
  phases.push({ name: 'idle', seconds: idleSeconds, cost: rest, heapBytes: (await operator.heap()).heapUsed });
  await operator.stop();

  say('Restart: with everything up to date');
  operator = start();
  const restarted = await restart({ cluster, operator, workload });
  await sleep(CALM_MS);
  const heap = await operator.heap();
  phases.push({ name: 'restart', seconds: restarted.secondsToAll, cost: restarted, heapBytes: heap.heapUsed });

  say('Publish: one release, which half of them take');
  const published = await publish({ cluster, operator, workload }, '1.1.0');
  const after = await operator.heap();
  phases.push({
    name: 'publish',
    seconds: published.seconds,
    cost: published,
    heapBytes: after.heapUsed,
    changes: each,
  });
  await operator.stop();

  const growthMiB = rest.memory.ownMiB - emptyMemory.ownMiB;
  // With fewer installations, the process has not yet reached the size that it needs anyway.
  const thousands = Math.max(1, installations / 1000);
  const lines = [
    ...costLines(phases),
    '',
    ...requestLines(phases),
    '',
    ...asked.lines,
    '',
    `Heap: ${figure(emptyHeap.heapUsed / 1e6, 1)} MB with nothing installed, ` +
      `${figure((heap.heapUsed - emptyHeap.heapUsed) / installations)} bytes per installation`,
    `RSS: ${figure(emptyMemory.rssMiB)} MiB with nothing installed, ` +
      `${figure(rest.memory.rssMiB - emptyMemory.rssMiB, 1)} MiB more in the same process after install and idle, ` +
      `${figure(growthMiB, 1)} of it not pages of files`,
    `Restart: everything seen after ${figure(restarted.secondsToReady, 2)} s, ` +
      `every installation judged after ${figure(restarted.secondsToAll, 2)} s`,
  ];
  const ratio = installed.seconds / floorSeconds;
  const bounds: readonly Bound[] = [
    { what: 'the installs', unit: 'x floor', measured: [ratio], most: MOST_OF_FLOOR },
    { what: 'memory for a thousand', unit: 'MiB', measured: [growthMiB / thousands], most: MOST_MIB_PER_THOUSAND },
    ...waited,
    ...asked.bounds,
  ];
  return { workload, lines, bounds };
}
