/** Whether waiting helps against an error: there is nothing to wait for, time may heal it, or only a new input can. */
export type Retry = 'now' | 'backoff' | 'never';

/** An error that knows whether waiting helps; any error may carry these properties. */
export interface RetryHint {
  readonly retry: Retry;
  /** The least that the other side asked us to wait. */
  readonly retryAfterMs?: number | undefined;
}

/** An error that says nothing of itself may be a bug or a hiccup: both are tried again, ever more slowly. */
export function retryHint(error: unknown): RetryHint {
  return isHint(error) ? error : { retry: 'backoff' };
}

function isHint(error: unknown): error is RetryHint {
  const { retry } = (error ?? {}) as Partial<RetryHint>;
  return retry === 'now' || retry === 'backoff' || retry === 'never';
}
