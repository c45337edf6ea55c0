import { setTimeout as sleep } from 'node:timers/promises';
import type { Say } from '../test/control-plane/progress.ts';
import type { Outcome } from './bounds.ts';
import type { Cluster } from './cluster.ts';
import { DEPLOYMENTS_PATH, installationsPath, type DeploymentObject } from './objects.ts';
import type { OperatorProcess } from './operator.ts';
import type { Options } from './options.ts';
import { install, restart } from './phases.ts';
import { costLines, requestLines } from './report.ts';
import { figure } from './table.ts';
import { startTracker } from './tracker.ts';
import { installationsOf } from './workload.ts';

const LEASE_PATH = '/apis/coordination.k8s.io/v1/namespaces/default/leases/provider-operator';
/** Longer than a Lease lasts: if it was lost during the start, its holder has changed by then. */
const LONGEST_LEASE_MS = 20_000;

interface Lease {
  readonly spec: { readonly leaseTransitions?: number; readonly holderIdentity?: string };
}

/** Installs everything, edits one installation while no operator runs, and starts one. */
export async function coldStart(
  cluster: Cluster,
  start: () => OperatorProcess,
  { workload, creators }: Options,
  say: Say,
): Promise<Outcome> {
  const { admin } = cluster;
  const transitions = async () =>
    (await admin.request<Lease>({ method: 'GET', path: LEASE_PATH })).spec.leaseTransitions ?? 0;

  say(`Install ${figure(workload.installations)}, to have something to find`);
  await cluster.publish(['1.0.0'], workload);
  let operator = start();
  await operator.ready();
  const installed = await install({ cluster, operator, workload }, creators);
  await operator.stop();

  say('Edit one installation while no operator runs');
  const before = await transitions();
  const edited = installationsOf('tenant', workload).at(-1)?.metadata ?? { namespace: '', name: '' };
  await admin.request({
    method: 'PATCH',
    path: `${installationsPath(edited.namespace)}/${edited.name}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { config: { EDITED: 'while nobody looked' } } },
  });
  const isActedOn = ({ metadata }: DeploymentObject) =>
    metadata.namespace === edited.namespace && metadata.name === edited.name && metadata.generation > 1;
  const acted = await startTracker({ api: admin, path: DEPLOYMENTS_PATH, isThere: isActedOn });

  say('Start the operator');
  operator = start();
  const actedAt = acted.reached(1);
  const started = await restart({ cluster, operator, workload });
  const secondsToAct = ((await actedAt) - operator.startedAt) / 1000;
  await acted.stop();
  await sleep(LONGEST_LEASE_MS);
  const taken = (await transitions()) - before;
  const losses = operator.output().split('Not leading any more').length - 1;
  const heap = await operator.heap();
  await operator.stop();

  const phases = [
    { name: 'install', seconds: installed.seconds, cost: installed },
    { name: 'cold start', seconds: started.secondsToAll, cost: started, heapBytes: heap.heapUsed },
  ];
  const lines = [
    ...costLines(phases),
    '',
    ...requestLines(phases),
    '',
    `Cold start: everything seen after ${figure(started.secondsToReady, 1)} s, ` +
      `the edit acted on after ${figure(secondsToAct, 1)} s, ` +
      `every installation judged after ${figure(started.secondsToAll, 1)} s`,
    `Lease: taken ${figure(taken)} ${taken === 1 ? 'time' : 'times'}, lost ${figure(losses)} times`,
  ];
  return { workload, lines, bounds: [] };
}
