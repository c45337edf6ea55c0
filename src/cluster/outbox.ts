export interface OutboxLimits {
  /** Tasks that run at once. */
  readonly inFlight: number;
  /** Tasks that may wait for it. */
  readonly waiting: number;
}

/** Runs tasks for which nobody waits, a few at a time and in their order. A task must not reject. */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #emptied: (() => void)[] = [];
  #inFlight = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** False if too many wait already; the task is not run then. */
  put(task: () => Promise<void>): boolean {
    if (this.#waiting.length >= this.#limits.waiting) {
      return false;
    }
    this.#waiting.push(task);
    if (this.#inFlight < this.#limits.inFlight) {
      void this.#work();
    }
    return true;
  }

  /** Resolves when nothing runs or waits. */
  async flush(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied.push(resolve);
      });
    }
  }

  async #work(): Promise<void> {
    this.#inFlight += 1;
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) {
      await task();
    }
    this.#inFlight -= 1;
    if (this.#inFlight === 0) {
      this.#emptied.splice(0).forEach((resolve) => resolve());
    }
  }
}
