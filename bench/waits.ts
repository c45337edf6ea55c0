import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import type { Say } from '../test/control-plane/progress.ts';
import type { Outcome } from './bounds.ts';
import type { Cluster } from './cluster.ts';
import { installationsPath, isReady, type DeploymentObject } from './objects.ts';
import type { OperatorProcess } from './operator.ts';
import type { Options } from './options.ts';
import { settled } from './rest.ts';
import { startTracker } from './tracker.ts';
import { installationsOf, namespacesOf, type Workload } from './workload.ts';

const PREFIX = 'waits';
/**
 * Each installation is edited and damaged once before the hand-overs, because who damages the same object again and
 * again has to wait.
 */
const FEW: Workload = { installations: 10, namespaces: 1, replicas: 1 };
const HAND_OVERS = FEW.installations;
const CRASHES = 2;

/** Measures how long people wait until an edit is done, and until another replica takes over. Leaves nothing behind. */
export async function waits(
  cluster: Cluster,
  start: () => OperatorProcess,
  _options: Options,
  say: Say,
): Promise<Outcome> {
  const all = installationsOf(PREFIX, FEW).map(({ metadata }) => metadata);
  const ready: number[] = [];
  async function startReady(): Promise<OperatorProcess> {
    const operator = start();
    await operator.ready();
    ready.push((performance.now() - operator.startedAt) / 1000);
    return operator;
  }

  say('Waits: edits and drift');
  await cluster.publish(['1.0.0'], FEW);
  const first = await startReady();
  await installFew(cluster);
  await settled(cluster.plane.auditLog);
  const edited = await each(all, (one) => secondsOf(cluster, one, 1, () => edit(cluster, one)));
  await settled(cluster.plane.auditLog);
  const healed = await each(all, (one) => secondsOf(cluster, one, 2, () => damage(cluster, one)));
  await settled(cluster.plane.auditLog);

  say(`Waits: ${HAND_OVERS} hand-overs`);
  const onTerm = await handOvers({ cluster, startReady, signal: 'SIGTERM', leader: first, all });
  say(`Waits: ${CRASHES} crashes`);
  const rest = all.slice(0, CRASHES);
  const onKill = await handOvers({ cluster, startReady, signal: 'SIGKILL', leader: onTerm.leader, all: rest });
  await cluster.empty(PREFIX, FEW);
  await onKill.leader.stop();

  say('Waits: the demo');
  const bounds: Outcome['bounds'] = [
    { what: 'an edit is acted on', unit: 's', measured: edited, most: 1 },
    { what: 'drift is healed', unit: 's', measured: healed, most: 2 },
    { what: 'another acts after SIGTERM', unit: 's', measured: onTerm.taken, most: 3 },
    { what: 'another acts after a crash', unit: 's', measured: onKill.taken, most: 22 },
    { what: 'the process ends after SIGTERM', unit: 's', measured: onTerm.ended, most: 5 },
    { what: 'a process is ready', unit: 's', measured: ready, most: 3 },
    { what: 'the demo ends', unit: 's', measured: [await secondsOfDemo()], most: 90 },
  ];
  return { workload: FEW, lines: [], bounds };
}

interface HandOvers {
  readonly cluster: Cluster;
  readonly startReady: () => Promise<OperatorProcess>;
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly leader: OperatorProcess;
  /** The installations to edit, another one at each hand-over. */
  readonly all: readonly Names[];
}

/**
 * Ends the leader, once for each installation. Returns the seconds from the signal until it has ended, and until
 * another acts.
 */
async function handOvers({ cluster, startReady, signal, leader, all }: HandOvers) {
  const ended: number[] = [];
  let leading = leader;
  const taken = await each(all, async (one) => {
    const heir = await startReady();
    const seconds = await secondsOf(cluster, one, 1, async () => {
      const from = performance.now();
      await leading.end(signal);
      ended.push((performance.now() - from) / 1000);
      // Only the heir can act on this edit.
      await edit(cluster, one);
    });
    leading = heir;
    return seconds;
  });
  return { ended, taken, leader: leading };
}

interface Names {
  readonly namespace: string;
  readonly name: string;
}

async function each<T>(items: readonly T[], measure: (item: T) => Promise<number>): Promise<number[]> {
  const seconds: number[] = [];
  for (const item of items) {
    seconds.push(await measure(item));
  }
  return seconds;
}

async function installFew(cluster: Cluster): Promise<void> {
  const { admin } = cluster;
  await cluster.createNamespaces(PREFIX, FEW);
  const bodies = installationsOf(PREFIX, FEW);
  const [namespace = ''] = namespacesOf(PREFIX, FEW);
  const path = installationsPath(namespace);
  const installed = await startTracker({ api: admin, path, isThere: isReady });
  await Promise.all(bodies.map((body) => admin.request({ method: 'POST', path, body })));
  await installed.reached(FEW.installations);
  await installed.stop();
}

/** Returns the seconds from a change until it has caused so many writes to the Deployment. */
async function secondsOf(
  { admin }: Cluster,
  { namespace, name }: Names,
  writes: number,
  change: () => Promise<unknown>,
): Promise<number> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const { metadata } = await admin.request<DeploymentObject>({ method: 'GET', path: `${path}/${name}` });
  const done = await startTracker<DeploymentObject>({
    api: admin,
    path,
    isThere: (d) => d.metadata.name === name && d.metadata.generation >= metadata.generation + writes,
  });
  const from = performance.now();
  await change();
  const to = await done.reached(1);
  await done.stop();
  return (to - from) / 1000;
}

/** Edits an installation as a tenant does. */
function edit({ admin }: Cluster, { namespace, name }: Names): Promise<unknown> {
  return admin.request({
    method: 'PATCH',
    path: `${installationsPath(namespace)}/${name}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { config: { EDITED: String(performance.now()) } } },
  });
}

/** Scales a Deployment of the operator: one write, and one more by which the operator undoes it. */
function damage({ admin }: Cluster, { namespace, name }: Names): Promise<unknown> {
  return admin.request({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas: FEW.replicas + 2 } },
  });
}

async function secondsOfDemo(): Promise<number> {
  const from = performance.now();
  const demo = spawn(process.execPath, ['demo/main.ts', '--once'], {
    cwd: dirname(import.meta.dirname),
    stdio: 'ignore',
  });
  const [code] = (await once(demo, 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error(`The demo has ended with ${code}: npm run demo -- --once says why`);
  }
  return (performance.now() - from) / 1000;
}
