import { randomUUID } from 'node:crypto';
import type { WorkQueue } from './queue.ts';
import { retryHint } from './retry.ts';

/** What a run leaves to do; nothing, unless it says when to look again. */
export interface Outcome {
  readonly requeueAfterMs?: number;
}

export interface Run {
  /** Short and unique, so that the log lines of one run can be told from those of the next. */
  readonly reconcileID: string;
}

export type Reconcile = (key: string, run: Run) => Promise<Outcome>;

/** How a run ended: `requeue` came too early and is not worth showing, `terminal` waits for a new input. */
type Result = 'success' | 'requeue_after' | 'requeue' | 'error' | 'terminal';

export interface Reconciled extends Run {
  readonly key: string;
  readonly result: Result;
  readonly error?: unknown;
  readonly seconds: number;
}

export interface WorkersOptions {
  readonly queue: WorkQueue;
  readonly count: number;
  readonly reconcile: Reconcile;
  /** Told of each run when it ends; must not throw. */
  readonly onReconciled?: (run: Reconciled) => void;
}

export interface Workers {
  /** Closes the queue and waits for the runs in flight. */
  stop(): Promise<void>;
}

/** Starts `count` workers on the queue. A run that throws never stops one. */
export function startWorkers({ queue, count, reconcile, onReconciled }: WorkersOptions): Workers {
  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      await runOnce(key);
    }
  }

  async function runOnce(key: string): Promise<void> {
    const startedAt = performance.now();
    const reconcileID = randomUUID().slice(0, 8);
    let ended: Pick<Reconciled, 'result' | 'error'>;
    try {
      const { requeueAfterMs } = await reconcile(key, { reconcileID });
      ended = { result: settle(queue, key, requeueAfterMs) };
    } catch (error) {
      ended = { result: settleError(queue, key, error), error };
    }
    queue.done(key);
    onReconciled?.({ key, reconcileID, ...ended, seconds: (performance.now() - startedAt) / 1000 });
  }

  const workers = Array.from({ length: count }, work);
  return {
    async stop() {
      queue.close();
      await Promise.all(workers);
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
