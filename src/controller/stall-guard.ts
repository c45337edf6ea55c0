import type { Cancel, Clock } from './clock.ts';

/** A watch on which nothing came for too long: the other side may be gone without a word. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
  /** Tells it from an answer: nobody said anything. */
  readonly status = 0;
}

/** Aborts its signal when nothing was heard for `patienceMs`, or when the outer signal aborts. */
export class StallGuard {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #onOuterAbort = (): void => this.#abort.abort(this.#outer.reason);
  #patienceMs: number;
  #heardAt: number;
  #cancel: Cancel;

  constructor(clock: Clock, outer: AbortSignal, patienceMs: number) {
    this.#clock = clock;
    this.#outer = outer;
    this.#patienceMs = patienceMs;
    this.#heardAt = clock.monotonic();
    this.#cancel = this.#arm(patienceMs);
    outer.addEventListener('abort', this.#onOuterAbort, { once: true });
    if (outer.aborted) {
      this.#onOuterAbort();
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Costs next to nothing: the timer is set anew only when it fires too early. */
  heard(patienceMs = this.#patienceMs): void {
    this.#patienceMs = patienceMs;
    this.#heardAt = this.#clock.monotonic();
  }

  end(): void {
    this.#cancel();
    this.#outer.removeEventListener('abort', this.#onOuterAbort);
  }

  #arm(ms: number): Cancel {
    return this.#clock.setTimeout(() => {
      const leftMs = this.#heardAt + this.#patienceMs - this.#clock.monotonic();
      if (leftMs > 0) {
        this.#cancel = this.#arm(leftMs);
      } else {
        this.#abort.abort(new Stalled(`Nothing came for ${this.#patienceMs / 1000} s`));
      }
    }, ms);
  }
}
