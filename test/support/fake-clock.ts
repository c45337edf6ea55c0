import type { Cancel, Clock } from '../../src/controller/clock.ts';

/** A clock on which time passes only when a test says so. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ readonly at: number; readonly fn: () => void }>();

  constructor(start = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimeout(fn: () => void, ms: number): Cancel {
    const timer = { at: this.#now + Math.max(0, ms), fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined if there is none. */
  get untilNext(): number | undefined {
    const next = this.#earliest();
    return next && next.at - this.#now;
  }

  /** Lets time pass and fires what is due, in order of time. */
  tick(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#earliest(); next && next.at <= end; next = this.#earliest()) {
      this.#fire(next);
    }
    this.#now = end;
  }

  /** Like `tick`, but lets the work that each timer starts settle before the next timer fires. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#earliest(); next && next.at <= end; next = this.#earliest()) {
      this.#fire(next);
      await settle();
    }
    this.#now = end;
  }

  #earliest(): { readonly at: number; readonly fn: () => void } | undefined {
    let earliest: { readonly at: number; readonly fn: () => void } | undefined;
    for (const timer of this.#timers) {
      if (!earliest || timer.at < earliest.at) {
        earliest = timer;
      }
    }
    return earliest;
  }

  #fire(timer: { readonly at: number; readonly fn: () => void }): void {
    this.#now = Math.max(this.#now, timer.at);
    this.#timers.delete(timer);
    timer.fn();
  }
}

/** Resolves when every promise has gone on as far as it can. Fakes work in microtasks; a pause takes one turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
