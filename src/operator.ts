import type { Logger } from 'pino';
import type { Connection } from './cluster/connection.ts';
import { createEventRecorder } from './cluster/events.ts';
import { ApiError } from './cluster/errors.ts';
import { createTransport } from './cluster/transport.ts';
import { createWriter } from './cluster/write.ts';
import { systemClock } from './controller/clock.ts';
import { WorkQueue } from './controller/queue.ts';
import type { ReflectorHooks } from './controller/reflector.ts';
import { startWorkers, type Reconcile, type Workers } from './controller/workers.ts';
import { GROUP } from './api/names.ts';
import type { OperatorConfig } from './api/operator-config.ts';
import { createCaches } from './reconcile/caches.ts';
import { createInstallationReconciler } from './reconcile/installation-reconciler.ts';
import { createProviderReconciler } from './reconcile/provider-reconciler.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** What is refused now may be allowed later (rights, admission rules, a name that was taken), and nothing tells us. */
const REFUSED_AGAIN_MS = 60_000;

export interface OperatorOptions {
  readonly connection: Connection;
  readonly config: OperatorConfig;
  readonly namespaces: readonly string[];
  readonly watchSecrets: boolean;
  readonly workers: number;
  readonly userAgent: string;
  /** Which process of the operator this is: the name of its pod. */
  readonly instance: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Operator {
  /** Everything that it watches has been seen. */
  readonly isReady: () => boolean;
  /** Resolves when the workers have begun. */
  start(): Promise<void>;
  /** Finishes what is under way and lets go of every connection. */
  stop(): Promise<void>;
}

/** Wires caches, queues and reconcilers. An event only names a key; what is to be done is read from the caches. */
export function createOperator(options: OperatorOptions): Operator {
  const { connection, config, log, metrics } = options;
  const transport = createTransport({ connection, userAgent: options.userAgent, onRequest: metrics.onRequest });
  const writer = createWriter(transport);
  const events = createEventRecorder({
    transport,
    reportingController: `${GROUP}/provider-operator`,
    reportingInstance: options.instance,
    onError: (error, happening) =>
      log.warn({ error: messageOf(error), reason: happening.reason }, 'An event was not written'),
  });
  const caches = createCaches({
    transport,
    config,
    namespaces: options.namespaces,
    watchSecrets: options.watchSecrets,
    hooksFor: (resource) => reflectorHooks(resource, log, metrics),
  });
  const clock = systemClock;
  const ports = { caches, writer, events, config, clock, log };
  const installations = new WorkQueue({ onTaken: (_key, seconds) => metrics.onTaken('providerinstallation', seconds) });
  const providers = new WorkQueue({ onTaken: (_key, seconds) => metrics.onTaken('provider', seconds) });
  const running: Workers[] = [];

  caches.installations.onChange((before, after) => enqueue(before ?? after));
  caches.deployments.onChange((before, after) => enqueue(before ?? after));
  caches.services.onChange((before, after) => enqueue(before ?? after));
  caches.budgets.onChange((before, after) => enqueue(before ?? after));
  caches.providers.onChange((before, after) => {
    const key = (before ?? after)?.key ?? '';
    providers.add(key);
    // Its installations care for what is published, not for what the operator says of it.
    if (before?.generation !== after?.generation || before?.uid !== after?.uid) {
      caches.installations.byIndex('provider', key).forEach(enqueue);
    }
  });
  caches.configMaps.onChange((before, after) => {
    caches.installations.byIndex('configMap', (before ?? after)?.key ?? '').forEach(enqueue);
  });
  caches.secrets?.onChange((before, after) => {
    caches.installations.byIndex('secret', (before ?? after)?.key ?? '').forEach(enqueue);
  });

  /** A child has the name of its installation. */
  function enqueue(object: { readonly key: string } | undefined): void {
    if (object) {
      installations.add(object.key);
    }
  }

  function work(controller: string, queue: WorkQueue, count: number, reconcile: Reconcile): Workers {
    metrics.watchQueue(controller, queue, count);
    return startWorkers({
      queue,
      count,
      reconcile,
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
    isReady: () => running.length > 0 && caches.hasSynced(),
    async start() {
      caches.start();
      // Half a picture would make installations look as if their children or providers were missing.
      await caches.synced();
      running.push(
        work('providerinstallation', installations, options.workers, createInstallationReconciler(ports)),
        work('provider', providers, 1, createProviderReconciler(ports)),
      );
      log.info({ installations: caches.installations.size, providers: caches.providers.size }, 'Watching');
    },
    async stop() {
      await Promise.all(running.map((workers) => workers.stop()));
      await caches.stop();
      await events.flush();
      await transport.close();
    },
  };
}

function reflectorHooks(resource: string, log: Logger, metrics: Metrics): ReflectorHooks {
  return {
    onList(items) {
      metrics.onList(resource);
      log.debug({ resource, items }, 'Listed');
    },
    onWatch: () => metrics.onWatch(resource),
    onError(error, delayMs) {
      metrics.onReflectorError(resource);
      const hint = hintFor(error, resource);
      log.warn({ resource, error: messageOf(error), delayMs: Math.round(delayMs) }, hint);
    },
    onProjectionError: (error, key) =>
      log.error({ resource, key, error: messageOf(error) }, 'An object cannot be read'),
  };
}

/** What to do about a list or a watch that failed. */
function hintFor(error: unknown, resource: string): string {
  const status = error instanceof ApiError ? error.status : undefined;
  if (status === 404 && resource.endsWith(GROUP)) {
    return 'Install the CRDs: kubectl apply --server-side -k crds/';
  }
  return status === 403
    ? 'Grant what deploy/rbac.yaml says; Providers are cluster-wide, so they need a ClusterRole in any case'
    : 'Trying again after a while';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
