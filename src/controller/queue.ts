import { backoffMs, type Backoff } from './backoff.ts';
import { systemClock, type Cancel, type Clock } from './clock.ts';
import { Deadlines } from './deadlines.ts';

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
 * follows sees everything there is and names the next one; so an idle key costs nothing at all.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  readonly #onTaken: QueueOptions['onTaken'];

  /** Keys in line, with the time since which they are. */
  readonly #ready = new Map<string, number>();
  // The line itself, in two halves: deleting the first entry of a large Map again and again takes quadratic time.
  #arriving: string[] = [];
  #leaving: string[] = [];
  readonly #running = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #delayed = new Deadlines();
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined;
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

  add(key: string): void {
    if (this.#closed || this.#ready.has(key)) {
      return;
    }
    if (this.#running.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#ready.set(key, this.#clock.now());
    this.#arriving.push(key);
    this.#takers.shift()?.(this.#next());
  }

  /** Adds the key after `ms`; of several wake-ups the earliest wins. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.now() + ms;
    if (this.#closed || (this.#delayed.get(key) ?? Infinity) <= at) {
      return;
    }
    this.#delayed.set(key, at);
    this.#arm();
  }

  /** Adds a key that failed after a back-off of its own, which `forget` ends, and no sooner than `atLeastMs`. */
  retry(key: string, atLeastMs = 0): void {
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
    if (this.#closed || this.#ready.size > 0) {
      return Promise.resolve(this.#next());
    }
    return new Promise((resolve) => {
      this.#takers.push(resolve);
    });
  }

  done(key: string): void {
    this.#running.delete(key);
    if (this.#dirty.delete(key)) {
      this.add(key);
    }
  }

  /** Drops what is in line; takers get undefined, and nothing can be added any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#ready.clear();
    this.#arriving = [];
    this.#leaving = [];
    this.#dirty.clear();
    this.#failures.clear();
    this.#delayed.clear();
    for (const taker of this.#takers.splice(0)) {
      taker(undefined);
    }
  }

  #next(): string | undefined {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#arriving.toReversed();
      this.#arriving = [];
    }
    const key = this.#leaving.pop();
    if (key === undefined) {
      return undefined;
    }
    const since = this.#ready.get(key) ?? 0;
    this.#ready.delete(key);
    this.#delayed.delete(key);
    this.#running.add(key);
    this.#onTaken?.(key, (this.#clock.now() - since) / 1000);
    return key;
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
    const cancel = this.#clock.setTimeout(() => this.#wake(), Math.max(0, at - this.#clock.now()));
    this.#timer = { at, cancel };
  }

  #wake(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let key = this.#delayed.popDue(now); key !== undefined; key = this.#delayed.popDue(now)) {
      this.add(key);
    }
    this.#arm();
  }
}
