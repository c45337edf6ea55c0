import type { FailureStatus } from './list-watch.ts';

/** A failure that the server reported in the midst of a watch. */
export class WatchError extends Error {
  override readonly name = 'WatchError';
  readonly status: number;
  readonly reason: string;
  readonly details: FailureStatus['details'];

  constructor({ code = 500, reason = 'Unknown', message = reason, details }: FailureStatus) {
    super(`Watch: ${message}`);
    this.status = code;
    this.reason = reason;
    this.details = details;
  }
}

/** Whether a watch can not go on from where it was: the past was compacted away, or etcd went back behind it. */
export function needsRelist(error: unknown): boolean {
  const { status, details } = (error ?? {}) as Pick<Partial<WatchError>, 'status' | 'details'>;
  return status === 410 || (details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') ?? false);
}
