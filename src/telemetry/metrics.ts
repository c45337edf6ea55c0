import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Answered } from '../cluster/transport.ts';
import type { WorkQueue } from '../controller/queue.ts';
import { ReconcileTimeout, type Reconciled } from '../controller/workers.ts';
import { createInstallationMetrics } from './installation-metrics.ts';

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** An answer of the REST API. */
interface ApiAnswer {
  readonly method: string;
  /** The pattern of the path; empty where there is none. */
  readonly route: string;
  readonly code: number;
  readonly seconds: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** The names of controller-runtime and client-go, so that the dashboards and alerts that exist work for this operator too. */
export function createMetrics(host: string) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[]) => new Gauge({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name, help, labelNames, registers, buckets: SECONDS });
  const reconciles = counter('controller_runtime_reconcile_total', 'Reconciles by result', ['controller', 'result']);
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed', ['controller']);
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Reconciles that were refused, and are tried again after a minute only',
    ['controller'],
  );
  const seconds = histogram('controller_runtime_reconcile_time_seconds', 'How long a reconcile took', ['controller']);
  const requests = counter('rest_client_requests_total', 'Requests to the API server', ['code', 'method', 'host']);
  const requestSeconds = histogram('rest_client_request_duration_seconds', 'How long a request took', ['verb', 'host']);
  const waited = histogram('workqueue_queue_duration_seconds', 'How long a key was in line', ['name']);
  const worked = histogram('workqueue_work_duration_seconds', 'How long a worker had a key', ['name']);
  const timeouts = counter('controller_runtime_reconcile_timeouts_total', 'Reconciles that took too long', [
    'controller',
  ]);
  const syncs = counter('reflector_syncs_total', 'All objects taken over', ['resource', 'by']);
  const watches = counter('reflector_watches_total', 'Watches begun', ['resource']);
  const failures = counter('reflector_errors_total', 'Lists and watches that failed', ['resource']);
  const most = gauge('controller_runtime_max_concurrent_reconciles', 'Reconciles that may run at once', ['controller']);
  const leading = gauge('leader_election_master_status', 'Whether this process leads', ['name']);
  let obstacle: () => string | undefined = () => 'Not started';
  const ready: Gauge = new Gauge({
    name: 'provider_operator_ready',
    help: 'Whether nothing keeps this process from seeing what changes, and from acting or standing by to act',
    registers,
    collect: () => ready.set(obstacle() === undefined ? 1 : 0),
  });
  const answers = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'How long the REST API took to answer',
    labelNames: ['method', 'route', 'code'],
    registers,
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  const queues = new Map<string, WorkQueue>();
  // Read when they are asked for, so that they cost nothing in between.
  const ofQueues = (name: string, help: string, label: string, read: (queue: WorkQueue) => number) =>
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        for (const [queueName, queue] of queues) {
          this.set({ [label]: queueName }, read(queue));
        }
      },
    });
  ofQueues('controller_runtime_active_workers', 'Reconciles under way', 'controller', (queue) => queue.running);
  ofQueues('workqueue_depth', 'Keys in line', 'name', (queue) => queue.depth);

  return {
    registry,
    ...createInstallationMetrics(registry),
    watchObstacle(look: () => string | undefined) {
      obstacle = look;
    },
    onRequest: ({ method, code, seconds: took }: Answered) => {
      requests.inc({ code: code === 0 ? '<error>' : String(code), method, host });
      requestSeconds.observe({ verb: method, host }, took);
    },
    onAnswered({ method, route, code, seconds: took }: ApiAnswer) {
      answers.observe({ method, route, code: String(code) }, took);
    },
    watchApi(read: () => { readonly connections: number; readonly watches: number }) {
      const ofApi = (name: string, help: string, value: () => number) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(value());
          },
        });
      ofApi('provider_operator_api_connections', 'Open connections to the REST API', () => read().connections);
      ofApi(
        'provider_operator_api_watches',
        'Clients of the REST API that follow an installation',
        () => read().watches,
      );
    },
    onReconciled(controller: string, { result, error, seconds: took }: Reconciled) {
      reconciles.inc({ controller, result: result === 'terminal' ? 'error' : result });
      seconds.observe({ controller }, took);
      worked.observe({ name: controller }, took);
      if (result === 'error' || result === 'terminal') {
        errors.inc({ controller });
      }
      if (error instanceof ReconcileTimeout) {
        timeouts.inc({ controller });
      }
      if (result === 'terminal') {
        terminal.inc({ controller });
      }
    },
    onTaken: (name: string, took: number) => waited.observe({ name }, took),
    onSync(resource: string, by: string) {
      syncs.inc({ resource, by });
      failures.inc({ resource }, 0);
    },
    onWatch: (resource: string) => watches.inc({ resource }),
    onReflectorError: (resource: string) => failures.inc({ resource }),
    onLeading: (name: string, isLeading: boolean) => leading.set({ name }, isLeading ? 1 : 0),
    watchQueue(name: string, queue: WorkQueue, workers: number) {
      queues.set(name, queue);
      most.set({ controller: name }, workers);
      // From zero, as controller-runtime does: what is not there cannot be subtracted, and its first is no increase.
      for (const failed of [errors, terminal, timeouts]) {
        failed.inc({ controller: name }, 0);
      }
    },
  };
}
