import { type Requests, now } from '../test/integration/support/requests.ts';
import type { Cluster } from './cluster.ts';
import { metricIn, type OperatorProcess } from './operator.ts';
import { cpuSeconds, findProcess, memoryOf, type Memory } from './process-stats.ts';
import { requestsSince } from './rest.ts';

/** The cost of a phase of a run. */
export interface Cost {
  readonly requests: Requests;
  readonly cpuSeconds: number;
  readonly apiServerCpuSeconds: number;
  readonly memory: Memory;
  /** In milliseconds; docs/benchmarks.md says what it contains. */
  readonly eventLoopP99: number;
  readonly eventLoopMax: number;
}

export interface Meter {
  /** Records the event-loop delay so far, which the operator resets with each reading of its metrics. */
  sample(): Promise<string>;
  read(): Promise<Cost>;
}

/** Begins to count what the operator uses, and what the API server uses beside it. */
export async function startMeter({ plane }: Pick<Cluster, 'plane'>, operator: OperatorProcess): Promise<Meter> {
  const apiServer = findProcess('kube-apiserver', plane.directory);
  const from = await now(plane.auditLog);
  let eventLoopP99 = 0;
  let eventLoopMax = 0;
  await operator.metrics();
  const before = { operator: cpuSeconds(operator.pid), apiServer: cpuSeconds(apiServer) };

  async function sample(): Promise<string> {
    const text = await operator.metrics();
    eventLoopP99 = Math.max(eventLoopP99, metricIn(text, 'nodejs_eventloop_lag_p99_seconds') * 1000);
    eventLoopMax = Math.max(eventLoopMax, metricIn(text, 'nodejs_eventloop_lag_max_seconds') * 1000);
    return text;
  }

  return {
    sample,
    async read() {
      await sample();
      return {
        cpuSeconds: cpuSeconds(operator.pid) - before.operator,
        apiServerCpuSeconds: cpuSeconds(apiServer) - before.apiServer,
        memory: memoryOf(operator.pid),
        requests: await requestsSince(plane.auditLog, from),
        eventLoopP99,
        eventLoopMax,
      };
    },
  };
}
