import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from './clock.ts';
import type { WorkQueue } from './queue.ts';
import { createTimeSlice } from './time-slice.ts';
import { retryHint } from './retry.ts';

/** When to look again after a run. Absent: not before something changes. */
export interface Outcome {
  readonly requeueAfterMs?: number;
}

export interface Run {
  /** Short and unique, so that the log lines of one run can be told from those of the next. */
  readonly reconcileID: string;
  /** Aborts when the run has taken too long and another may begin: this one must not write any more. */
  readonly signal: AbortSignal;
}

export type Reconcile = (key: string, run: Run) => Promise<Outcome>;

/** How a run ended: `requeue` came too early and is not worth showing, `terminal` waits for a new input. */
type Result = 'success' | 'requeue_after' | 'requeue' | 'error' | 'terminal';

export interface Reconciled extends Omit<Run, 'signal'> {
  readonly key: string;
  readonly result: Result;
  readonly error?: unknown;
  readonly seconds: number;
}

export interface WorkersOptions {
  readonly queue: WorkQueue;
  readonly count: number;
  readonly reconcile: Reconcile;
  /** The longest that a run may take. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
  /** Told of each run when it ends; must not throw. */
  readonly onReconciled?: (run: Reconciled) => void;
}

export interface Workers {
  /** Closes the queue and waits for the runs in flight, those that took too long among them. */
  stop(): Promise<void>;
}

/** A run that took too long. What it waits for may never come; so its worker goes on with other keys. */
export class ReconcileTimeout extends Error {
  override readonly name = 'ReconcileTimeout';
}

/** Starts `count` workers on the queue. A run that throws never stops one, nor does one that never ends. */
export function startWorkers(options: WorkersOptions): Workers {
  const { queue, count, reconcile, timeoutMs, clock = systemClock, onReconciled } = options;

  const pause = createTimeSlice(clock);
  /** Also runs that were given up and go on all the same. */
  const underWay = new Set<Promise<unknown>>();

  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      await runOnce(key);
      // A run that finds nothing to do never waits; thousands of them must not keep the thread.
      await pause();
    }
  }

  async function runOnce(key: string): Promise<void> {
    const startedAt = performance.now();
    const reconcileID = randomUUID().slice(0, 8);
    let ended: Pick<Reconciled, 'result' | 'error'>;
    try {
      const { requeueAfterMs } = await withinTime((signal) => reconcile(key, { reconcileID, signal }));
      ended = { result: settle(queue, key, requeueAfterMs) };
    } catch (error) {
      ended = { result: settleError(queue, key, error), error };
    }
    queue.done(key);
    onReconciled?.({ key, reconcileID, ...ended, seconds: (performance.now() - startedAt) / 1000 });
  }

  async function withinTime(run: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    const cancel = clock.setTimeout(() => {
      const error = new ReconcileTimeout(`Not done within ${timeoutMs / 1000} s`);
      abort.abort(error);
      late.reject(error);
    }, timeoutMs);
    const running = run(abort.signal);
    underWay.add(running);
    running.catch(() => {}).finally(() => underWay.delete(running));
    try {
      return await Promise.race([running, late.promise]);
    } finally {
      cancel();
    }
  }

  const workers = Array.from({ length: count }, work);
  return {
    async stop() {
      queue.close();
      await Promise.allSettled([...workers, ...underWay]);
    },
  };
}

function settle(queue: WorkQueue, key: string, requeueAfterMs: number | undefined): Result {
  queue.forget(key);
  if (requeueAfterMs === undefined) {
    return 'success';
  }
  queue.addAfter(key, requeueAfterMs);
  return 'requeue_after';
}

function settleError(queue: WorkQueue, key: string, error: unknown): Result {
  const { retry, retryAfterMs } = retryHint(error);
  if (retry === 'now') {
    queue.retryNow(key);
    return 'requeue';
  }
  if (retry === 'never') {
    queue.forget(key);
    return 'terminal';
  }
  queue.retry(key, retryAfterMs);
  return 'error';
}
