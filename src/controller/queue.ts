import { backoffMs, type Backoff } from './backoff.ts';
import { systemClock, type Cancel, type Clock } from './clock.ts';
import { Deadlines } from './deadlines.ts';
import { Line } from './line.ts';

/**
 * An edit of somebody goes first, then a change of something that is under way, then an object that is only looked at again.
 * A thousand objects that are listed anew keep nobody waiting who edits one.
 */
const PRIORITIES = ['edit', 'change', 'resync'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface QueueOptions {
  readonly clock?: Clock;
  readonly backoff?: Backoff;
  readonly random?: () => number;
  /** Told how long each key was ready before a worker took it. */
  readonly onTaken?: (key: string, waitedSeconds: number) => void;
}

/**
 * The keys that wait for a worker.
 *
 * A key is in the line once however often it is added, and is never with two workers at a time: one that is added
 * while it runs gets in line again when it is done. Taking a key also takes its pending wake-up along, for the run that
 * follows sees everything there is and names the next one; so an idle key costs nothing at all. While the queue is held it
 * gives no key away and loses none.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  readonly #onTaken: QueueOptions['onTaken'];

  /** Keys in line, with the time since which they are. */
  readonly #ready = new Map<string, { readonly since: number; readonly priority: Priority }>();
  readonly #lines = PRIORITIES.map((priority) => ({ priority, line: new Line() }));
  readonly #running = new Set<string>();
  readonly #dirty = new Map<string, Priority>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #delayed = new Deadlines();
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined;
  #held = false;
  #closed = false;

  constructor({ clock = systemClock, backoff, random = Math.random, onTaken }: QueueOptions = {}) {
    this.#clock = clock;
    this.#backoff = backoff ?? { firstMs: 200, maxMs: 60_000 };
    this.#random = random;
    this.#onTaken = onTaken;
  }

  /** Keys in line. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Keys that are with a worker. */
  get running(): number {
    return this.#running.size;
  }

  /** Keys that get in line at a later time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Keys whose last run failed. */
  get failing(): number {
    return this.#failures.size;
  }

  /** Gets the key in line; one that waits already only moves up. */
  add(key: string, priority: Priority = 'change'): void {
    if (this.#closed) {
      return;
    }
    if (this.#running.has(key)) {
      this.#dirty.set(key, moreUrgent(priority, this.#dirty.get(key)));
      return;
    }
    const waiting = this.#ready.get(key);
    if (waiting && moreUrgent(priority, waiting.priority) === waiting.priority) {
      return;
    }
    this.#ready.set(key, { since: waiting?.since ?? this.#clock.monotonic(), priority });
    this.#lines.find((line) => line.priority === priority)?.line.push(key);
    this.#handOut();
  }

  /** Adds the key after `ms`; of several wake-ups the earliest wins. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.monotonic() + ms;
    if (this.#closed || (this.#delayed.get(key) ?? Infinity) <= at) {
      return;
    }
    this.#delayed.set(key, at);
    this.#arm();
  }

  /**
   * Adds a key that failed after a back-off of its own, which `forget` ends, and no sooner than `atLeastMs`. What came in
   * while it ran waits with it, an edit apart: before all it is the echo of the failure's own report.
   */
  retry(key: string, atLeastMs = 0): void {
    if (this.#dirty.get(key) !== 'edit') {
      this.#dirty.delete(key);
    }
    const attempt = this.#countFailure(key);
    this.addAfter(key, Math.max(atLeastMs, backoffMs(attempt, this.#backoff, this.#random)));
  }

  /** Adds a key that only came too early: at once, but in a row of failures as slowly as any other. */
  retryNow(key: string): void {
    if (this.#failures.has(key)) {
      this.retry(key);
      return;
    }
    this.#countFailure(key);
    this.add(key);
  }

  /** The key did well: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined once the queue is closed. Every key taken must be `done`. */
  take(): Promise<string | undefined> {
    if (this.#closed) {
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#handOut();
    });
  }

  done(key: string): void {
    this.#running.delete(key);
    const priority = this.#dirty.get(key);
    if (priority) {
      this.#dirty.delete(key);
      this.add(key, priority);
    }
  }

  /** Gives no key to a worker until `release`; what is with one is not touched. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    if (this.#held) {
      this.#held = false;
      // The time in which keys were held does not count as waiting.
      const since = this.#clock.monotonic();
      for (const [key, { priority }] of this.#ready) {
        this.#ready.set(key, { since, priority });
      }
    }
    this.#handOut();
  }

  /** Forgets a key for which there is nothing to do any more; a run under way goes on. */
  drop(key: string): void {
    this.#ready.delete(key);
    this.#dirty.delete(key);
    this.#delayed.delete(key);
    this.#failures.delete(key);
  }

  /** Drops what is in line; takers get undefined, and nothing can be added any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#ready.clear();
    this.#lines.forEach(({ line }) => line.clear());
    this.#dirty.clear();
    this.#failures.clear();
    this.#delayed.clear();
    for (const taker of this.#takers.splice(0)) {
      taker(undefined);
    }
  }

  #handOut(): void {
    while (!this.#held && this.#ready.size > 0 && this.#takers.length > 0) {
      this.#takers.shift()?.(this.#next());
    }
  }

  #next(): string | undefined {
    for (const { priority, line } of this.#lines) {
      for (let key = line.shift(); key !== undefined; key = line.shift()) {
        const entry = this.#ready.get(key);
        // It may have moved up, and left its old place behind.
        if (entry?.priority === priority) {
          this.#ready.delete(key);
          this.#delayed.delete(key);
          this.#running.add(key);
          this.#onTaken?.(key, (this.#clock.monotonic() - entry.since) / 1000);
          return key;
        }
      }
    }
    return undefined;
  }

  #countFailure(key: string): number {
    const before = this.#failures.get(key) ?? 0;
    if (!this.#closed) {
      this.#failures.set(key, before + 1);
    }
    return before;
  }

  /** Keeps one timer, for the earliest key; a timer that turns out to be early arms the next. */
  #arm(): void {
    const at = this.#delayed.earliest;
    if (at === undefined || (this.#timer && this.#timer.at <= at)) {
      return;
    }
    this.#timer?.cancel();
    const cancel = this.#clock.setTimeout(() => this.#wake(), Math.max(0, at - this.#clock.monotonic()));
    this.#timer = { at, cancel };
  }

  #wake(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let key = this.#delayed.popDue(now); key !== undefined; key = this.#delayed.popDue(now)) {
      this.add(key);
    }
    this.#arm();
  }
}

function moreUrgent(a: Priority, b: Priority | undefined): Priority {
  return b === undefined || PRIORITIES.indexOf(a) < PRIORITIES.indexOf(b) ? a : b;
}
