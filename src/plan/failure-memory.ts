import { epoch } from '../api/time.ts';

/** A release that failed here. */
export interface Failure {
  readonly version: string;
  readonly image: string;
  /** What is held: nothing of this wish is tried again until it changes. Absent: automation chose, and skips the version. */
  readonly wish?: string | undefined;
  /** The value of the annotation `…/retry` that was there already. */
  readonly retry?: string | undefined;
  readonly at: string;
  /** How often it failed. */
  readonly attempts: number;
  /** Absent: containers had started, and what they did once they will do again. */
  readonly retryAfter?: string | undefined;
}

/** Whether what failed may be tried once more. */
export function mayTryAgain(failure: Failure, retry: string | undefined, now: number): boolean {
  const isAsked = retry !== undefined && retry !== failure.retry;
  return isAsked || (failure.retryAfter !== undefined && epoch(failure.retryAfter) <= now);
}
