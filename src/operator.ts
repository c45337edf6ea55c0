import type { Logger } from 'pino';
import { ApiError } from './cluster/errors.ts';
import { createEventRecorder } from './cluster/events.ts';
import { createLeaseStore } from './cluster/lease.ts';
import type { Transport, TransportOptions } from './cluster/transport.ts';
import { createWriter } from './cluster/write.ts';
import { endsWithin, systemClock, type Clock } from './controller/clock.ts';
import { createElection } from './controller/election.ts';
import { WorkQueue } from './controller/queue.ts';
import { startWorkers, type Reconcile, type Workers } from './controller/workers.ts';
import { GROUP } from './api/names.ts';
import type { OperatorConfig } from './api/operator-config.ts';
import { createCaches, type Caches } from './reconcile/caches.ts';
import { createProviderReconciler, createSoftwareReconciler } from './reconcile/catalogue-reconciler.ts';
import { createCountRollout } from './reconcile/count-rollout.ts';
import { createFleet } from './reconcile/fleet.ts';
import { createInstallationReconciler } from './reconcile/installation-reconciler.ts';
import { createKubernetesVersion } from './reconcile/kubernetes-version.ts';
import { createWake, wakeOnChanges } from './reconcile/wakes.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { messageOf, reflectorHooks } from './telemetry/reflector-hooks.ts';

/** A refused write may be allowed later (rights, admission rules, a name that was taken), and nothing tells us. */
const REFUSED_AGAIN_MS = 60_000;
/** Longer than any healthy run: each of its few requests has 30 s. */
const LONGEST_RECONCILE_MS = 120_000;
/** For what is under way when it has to stop, and for the events that wait to be written. */
const LONGEST_FINISH_MS = 10_000;
const LONGEST_FLUSH_MS = 3_000;
const LEASE = 'provider-operator';

export interface OperatorOptions {
  /** Makes the connections that the operator speaks through: one for its work, one for its Lease. */
  readonly connect: (options: Pick<TransportOptions, 'connections' | 'fence'>) => Transport;
  readonly config: OperatorConfig;
  readonly namespaces: readonly string[];
  readonly watchSecrets: boolean;
  /** Releases may ask for Secrets to be generated. */
  readonly generatedSecrets: boolean;
  readonly workers: number;
  /** Which process of the operator this is; unique. */
  readonly instance: string;
  /** False: it only watches, for the REST API, and writes nothing. */
  readonly reconciles: boolean;
  /** Where the Lease is; undefined: there is no other replica. */
  readonly leaseNamespace: string | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Operator {
  /** What the REST API shows is what the operator sees. */
  readonly sight: {
    readonly caches: Caches;
    readonly kubernetesVersion: () => string | undefined;
  };
  /** Why it cannot see changes, act, or stand by to act. Undefined where it can. */
  readonly obstacle: () => string | undefined;
  start(): void;
  /** Finishes what is under way, gives back the Lease and lets go of every connection. */
  stop(): Promise<void>;
}

/** Wires caches, queues and reconcilers. */
export function createOperator(options: OperatorOptions): Operator {
  const { connect, config, log, metrics, clock = systemClock, random = Math.random } = options;
  // Each worker has at most one request under way; events have four.
  const transport = connect({ fence, connections: options.workers + 4 });
  const leaseTransport = connect({ connections: 1 });
  metrics.onLeading(LEASE, options.leaseNamespace === undefined);
  const election = options.leaseNamespace === undefined ? undefined : electIn(options.leaseNamespace);
  const writer = createWriter(transport);
  const events = createEventRecorder({
    transport,
    reportingController: `${GROUP}/provider-operator`,
    reportingInstance: options.instance,
    onError: (error, happening) =>
      log.warn({ error: messageOf(error), reason: happening.reason }, 'An event was not written'),
    clock,
  });
  const caches = createCaches({
    ...options,
    transport,
    clock,
    random,
    hooksFor: (resource) => ({
      ...reflectorHooks(resource, log, metrics, update),
      onSyncedChange() {
        tellSynced();
        update();
      },
      onRecovered: () => caches.wake(),
    }),
  });
  const installations = createQueue('providerinstallation');
  const providers = createQueue('provider');
  const software = createQueue('systemsoftware');
  const wake = createWake(caches, installations);
  const fleet = createFleet(config.maxConcurrentUpgrades, (key) => wake({ key }));
  const kubernetes = createKubernetesVersion({
    transport,
    clock,
    random,
    onSettled: update,
    onError: (error, consequence) => log.warn({ error: messageOf(error) }, consequence),
  });
  const countRollout = createCountRollout({ caches, fleet, config, clock });
  if (options.reconciles) {
    wakeOnChanges({ caches, fleet, countRollout, kubernetes, wake, queues: { installations, providers, software } });
  }
  const ports = {
    caches,
    writer,
    events,
    config,
    generatedSecrets: options.generatedSecrets,
    fleet,
    countRollout,
    kubernetesVersion: kubernetes.current,
    clock,
    log,
    onReported: metrics.onReported,
  };
  metrics.watchObstacle(obstacle);
  // Replicas that stand by see the same, and would count it again.
  metrics.watchInstallations(() => ((election?.isLeading ?? options.reconciles) ? caches.installations.values() : []));
  const running: Workers[] = [];

  function electIn(namespace: string) {
    return createElection({
      store: createLeaseStore(leaseTransport, { namespace, name: LEASE }),
      identity: options.instance,
      clock,
      hooks: {
        onChange(isLeading) {
          metrics.onLeading(LEASE, isLeading);
          log.info({ lease: `${namespace}/${LEASE}` }, isLeading ? 'Leading' : 'Not leading any more');
          update();
        },
        onError: (error) => log.warn({ namespace, error: messageOf(error) }, hintForLease(error)),
        onRecovered: () => caches.wake(),
      },
    });
  }

  function fence(): void {
    if (election && !election.isLeading) {
      throw new Error('Another replica may lead by now');
    }
  }

  function tellSynced(): void {
    if (caches.hasSynced()) {
      const { installations, providers, software } = caches;
      log.info(
        { installations: installations.size, providers: providers.size, systemSoftware: software.size },
        'Watching',
      );
      // Nothing is decided before that is known, or cannot be.
      kubernetes.ask();
    }
  }

  function obstacle(): string | undefined {
    if (!caches.isLive()) {
      return caches.hasSynced() ? 'A watch is broken' : 'Not everything that is watched has been seen';
    }
    return (election?.isLive ?? true) ? undefined : 'The Lease cannot be read or renewed';
  }

  /** Keys wait while nothing may be written or not everything is seen. */
  function update(): void {
    const isInformed = caches.hasSynced() && caches.seesWishes() && kubernetes.isSettled();
    const mayWork = isInformed && (election?.isLeading ?? true);
    for (const queue of [installations, providers, software]) {
      if (mayWork) {
        queue.release();
      } else {
        queue.hold();
      }
    }
  }

  function createQueue(controller: string): WorkQueue {
    return new WorkQueue({ clock, random, onTaken: (_key, seconds) => metrics.onTaken(controller, seconds) });
  }

  function work(controller: string, queue: WorkQueue, count: number, reconcile: Reconcile): Workers {
    metrics.watchQueue(controller, queue, count);
    return startWorkers({
      queue,
      count,
      reconcile,
      timeoutMs: LONGEST_RECONCILE_MS,
      clock,
      onReconciled(run) {
        metrics.onReconciled(controller, run);
        if (run.result === 'terminal') {
          queue.addAfter(run.key, REFUSED_AGAIN_MS);
        }
        if (run.result === 'error' || run.result === 'terminal') {
          log.warn(
            { controller, key: run.key, reconcileID: run.reconcileID, error: messageOf(run.error) },
            'A reconcile failed',
          );
        }
      },
    });
  }

  return {
    sight: { caches, kubernetesVersion: kubernetes.current },
    obstacle,
    start() {
      update();
      if (options.reconciles) {
        running.push(
          work('providerinstallation', installations, options.workers, createInstallationReconciler(ports)),
          work('provider', providers, 1, createProviderReconciler(ports)),
          work('systemsoftware', software, 1, createSoftwareReconciler(ports)),
        );
      }
      caches.start();
      election?.start();
    },
    async stop() {
      const finished = Promise.all(running.map((workers) => workers.stop()));
      const isFinished = await endsWithin(clock, LONGEST_FINISH_MS, finished);
      await endsWithin(clock, LONGEST_FLUSH_MS, events.flush());
      // While a write may still be on its way nobody else may begin: then the Lease runs out by itself.
      await election?.stop({ release: isFinished });
      kubernetes.stop();
      await caches.stop();
      await Promise.all([transport.close(), leaseTransport.close()]);
    },
  };
}

function hintForLease(error: unknown): string {
  return error instanceof ApiError && error.status === 403
    ? 'Bind the role provider-operator-leader-election in the namespace of the Lease, or set LEADER_ELECTION=false'
    : 'Cannot read or renew the Lease; trying again';
}
