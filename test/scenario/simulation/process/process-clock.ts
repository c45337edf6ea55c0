import type { Cancel, Clock } from '../../../../src/controller/clock.ts';

/** The clock of one process: its timers die with it. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #cancels = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#cancels.size;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimeout(fn: () => void, ms: number): Cancel {
    const cancelTimer = this.#clock.setTimeout(() => {
      this.#cancels.delete(cancel);
      fn();
    }, ms);
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  kill(): void {
    for (const cancel of this.#cancels) {
      cancel();
    }
  }
}
