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

/** Code and reason of an answer of an API server, whoever carries it. */
type Answer = Pick<Partial<WatchError>, 'status' | 'details'>;

/** Whether a watch can not go on from where it was: the past was compacted away, or etcd went back behind it. */
export function needsRelist(error: unknown): boolean {
  const { status, details } = answerIn(error);
  return status === 410 || (details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') ?? false);
}

/** Whether the server does not know how to send initial events. */
export function refusesInitialEvents(error: unknown): boolean {
  const { status } = answerIn(error);
  return status === 400 || status === 422;
}

/** Whether there is no such type of object (any more): its CustomResourceDefinition is not installed. */
export function isMissing(error: unknown): boolean {
  return answerIn(error).status === 404;
}

/** Whether nobody answered at all. */
export function isUnanswered(error: unknown): boolean {
  return answerIn(error).status === 0;
}

function answerIn(error: unknown): Answer {
  return error ?? {};
}
