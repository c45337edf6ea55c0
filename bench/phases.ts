import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { limit } from './limit.ts';
import { startMeter, type Cost } from './meter.ts';
import { INSTALLATIONS_PATH, installationsPath, isReady, type InstallationObject } from './objects.ts';
import { metricIn, type OperatorProcess } from './operator.ts';
import { settled } from './rest.ts';
import { startTracker } from './tracker.ts';
import { automaticOf, installationsOf, type Workload } from './workload.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly operator: OperatorProcess;
  readonly workload: Workload;
}

export interface Timed extends Cost {
  readonly seconds: number;
}

/** Creates all installations at once. Returns the seconds from the first create to the last `Ready`. */
export async function install(
  { cluster, operator, workload }: Stage,
  creators: number,
  prefix = 'tenant',
): Promise<Timed> {
  const { admin, plane } = cluster;
  await cluster.createNamespaces(prefix, workload);
  const ready = await startTracker({ api: admin, path: INSTALLATIONS_PATH, isThere: isReady });
  const meter = await startMeter(cluster, operator);
  const creating = limit(creators);

  const startedAt = performance.now();
  await Promise.all(
    installationsOf(prefix, workload).map((body) =>
      creating(() => admin.request({ method: 'POST', path: installationsPath(body.metadata.namespace), body })),
    ),
  );
  const endedAt = await ready.reached(workload.installations);
  await settled(plane.auditLog);
  await ready.stop();
  return { seconds: (endedAt - startedAt) / 1000, ...(await meter.read()) };
}

/** Leaves everything alone for a while, and returns the cost of that. */
export async function idle({ cluster, operator }: Stage, seconds: number): Promise<Cost> {
  const meter = await startMeter(cluster, operator);
  await sleep(seconds * 1000);
  return meter.read();
}

export interface Restarted extends Cost {
  /** The seconds from the start of the process until it has seen everything, and until it has judged every installation. */
  readonly secondsToReady: number;
  readonly secondsToAll: number;
}

/** Measures a newly started process that finds everything up to date. */
export async function restart({ cluster, operator, workload }: Stage): Promise<Restarted> {
  const seconds = () => (performance.now() - operator.startedAt) / 1000;
  const meter = await startMeter(cluster, operator);
  await operator.ready();
  const secondsToReady = seconds();
  await meter.sample();
  for (;;) {
    const text = await meter.sample();
    const done = metricIn(
      text,
      'controller_runtime_reconcile_total',
      'controller="providerinstallation",result="success"',
    );
    if (done >= workload.installations) {
      break;
    }
    await sleep(50);
  }
  const secondsToAll = seconds();
  await settled(cluster.plane.auditLog);
  return { secondsToReady, secondsToAll, ...(await meter.read()) };
}

/** Publishes one release. Returns the seconds until the automatic half runs it and the other half knows of it. */
export async function publish({ cluster, operator, workload }: Stage, version: string): Promise<Timed> {
  const { admin, plane } = cluster;
  const isToldOf = (i: InstallationObject): boolean => isReady(i) && i.status?.latestVersion === version;
  const told = await startTracker({ api: admin, path: INSTALLATIONS_PATH, isThere: isToldOf });
  const moved = await startTracker<InstallationObject>({
    api: admin,
    path: INSTALLATIONS_PATH,
    isThere: (i) => isToldOf(i) && i.status?.currentVersion === version,
  });
  const meter = await startMeter(cluster, operator);

  const startedAt = performance.now();
  await cluster.publish(['1.0.0', version], workload);
  const ends = await Promise.all([told.reached(workload.installations), moved.reached(automaticOf(workload))]);
  await settled(plane.auditLog);
  await Promise.all([told.stop(), moved.stop()]);
  return { seconds: (Math.max(...ends) - startedAt) / 1000, ...(await meter.read()) };
}
