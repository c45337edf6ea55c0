import { backoffMs } from './backoff.ts';
import { sleep, type Clock } from './clock.ts';
import { retryHint } from './retry.ts';
import { isUnanswered } from './watch-error.ts';

const BACKOFF = { firstMs: 800, maxMs: 30_000 };
/** An attempt that lived this long was a good one; so a server that hangs up on us sooner sees us ever more seldom. */
const HEALTHY_MS = 5_000;

export interface RedialOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The server answers again after it did not. */
  readonly onRecovered: () => void;
}

/** When to try again: ever more seldom while it fails, at once when somebody knows that the server is back. */
export class Redial {
  readonly #options: RedialOptions;
  #failures = 0;
  #isUnanswered = false;
  #wokenAt = -Infinity;
  /** Ends the present wait. */
  #nap: AbortController | undefined;

  constructor(options: RedialOptions) {
    this.#options = options;
  }

  /** The server is there: what it did not answer before is no reason for anybody to wait any more. */
  answered(): void {
    if (this.#isUnanswered) {
      this.#isUnanswered = false;
      this.#options.onRecovered();
    }
  }

  /** Whether the attempt that began at `startedAt` is a good one; then failures before it do not count any more. */
  isHealthy(startedAt: number): boolean {
    const isHealthy = this.#options.clock.monotonic() - startedAt >= HEALTHY_MS;
    if (isHealthy) {
      this.#failures = 0;
    }
    return isHealthy;
  }

  /** How long to wait after an attempt that ended in good order. */
  delayAfterEnd(startedAt: number): number {
    return this.isHealthy(startedAt) ? 0 : this.#nextDelayMs();
  }

  delayAfterError(error: unknown, startedAt: number): number {
    if (this.#isUnanswered && !isUnanswered(error)) {
      // It says no, but it says something: that is another failure, and the first of its kind.
      this.#failures = 0;
      this.answered();
    }
    this.#isUnanswered = isUnanswered(error);
    const isKnownToAnswer = this.#isUnanswered && this.#wokenAt >= startedAt;
    const delayMs = isKnownToAnswer ? BACKOFF.firstMs : this.#nextDelayMs();
    return Math.max(delayMs, retryHint(error).retryAfterMs ?? 0);
  }

  async wait(ms: number): Promise<void> {
    this.#nap = new AbortController();
    await sleep(this.#options.clock, ms, this.#nap.signal);
    this.#nap = undefined;
  }

  /** Ends a wait for a server that did not answer, or makes the next one short, if it is just about to begin. */
  wake(): void {
    this.#wokenAt = this.#options.clock.monotonic();
    if (this.#isUnanswered) {
      this.#nap?.abort();
    }
  }

  /** Ends the wait for good. */
  stop(): void {
    this.#nap?.abort();
  }

  #nextDelayMs(): number {
    const delayMs = backoffMs(this.#failures, BACKOFF, this.#options.random);
    this.#failures += 1;
    return delayMs;
  }
}
