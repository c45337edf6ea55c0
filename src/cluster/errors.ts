import type { Retry, RetryHint } from '../controller/retry.ts';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** The answer of the API server to a request that it refused (`kind: Status`). */
interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface Refusal {
  readonly status: number;
  /** The body, parsed if it was JSON. */
  readonly body: unknown;
  readonly retryAfter?: string | undefined;
}

/** A request that failed. Its message says what we were doing; `retry` says whether waiting can help. */
export class ApiError extends Error implements RetryHint {
  override readonly name = 'ApiError';
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails;
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;

  private constructor(
    message: string,
    {
      status,
      reason,
      details = {},
      cause,
    }: Pick<ApiError, 'status' | 'reason'> & Partial<Pick<ApiError, 'details' | 'cause'>>,
    { retry, retryAfterMs }: RetryHint,
  ) {
    super(message, { cause });
    this.status = status;
    this.reason = reason;
    this.details = details;
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }

  /** The API server answered, and said no. */
  static refused(doing: string, { status, body, retryAfter }: Refusal): ApiError {
    const { reason = 'Unknown', message = excerpt(body), details = {} } = isStatus(body) ? body : {};
    const hint = {
      retry: retryOf(status, message, details),
      retryAfterMs: secondsOf(retryAfter) ?? secondsOf(details.retryAfterSeconds),
    };
    return new ApiError(`${doing}: ${message || `HTTP ${status}`}`, { status, reason, details }, hint);
  }

  /** No answer came, or none that could be read; so whether it was done is not known. */
  static unanswered(doing: string, cause: unknown): ApiError {
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    return new ApiError(`${doing}: ${why}`, { status: 0, reason: 'Unanswered', cause }, { retry: 'backoff' });
  }

  /** The same in other words, where nobody may see those of the server. */
  inWords(message: string): ApiError {
    const { status, reason, retry, retryAfterMs } = this;
    return new ApiError(message, { status, reason }, { retry, retryAfterMs });
  }
}

/** There is an object that a server-side apply may not make ours: others have its fields, or another object controls it. */
export function isTaken({ details: { causes = [] } }: ApiError): boolean {
  return causes.some(({ reason, field }) => reason === 'FieldManagerConflict' || field === 'metadata.ownerReferences');
}

/** The namespace has no room for one more object. What others give back makes room. */
export function isOutOfQuota({ status, message }: Pick<ApiError, 'status' | 'message'>): boolean {
  return status === 403 && message.includes('exceeded quota');
}

/** Two of a kind that exclude each other would be there: handlers of a probe, sources of a value, items of one name. */
export function isClash({ details: { causes = [] } }: ApiError): boolean {
  return causes.some(({ reason }) => reason === 'FieldValueForbidden' || reason === 'FieldValueDuplicate');
}

/** Undefined where there is no such object. */
export async function unlessNotFound<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function retryOf(status: number, message: string, details: StatusDetails): Retry {
  switch (status) {
    case 409:
      // Another manager holds on to its fields until somebody talks to it: asking again at once will not help.
      return details.causes?.some((cause) => cause.reason === 'FieldManagerConflict') ? 'backoff' : 'now';
    case 403:
      // Quota is given back; every other refusal stands until rights, admission rules or the object change.
      return isOutOfQuota({ status, message }) ? 'backoff' : 'never';
    case 400:
    case 404:
    case 405:
    case 413:
    case 415:
      return 'never';
    case 422:
      // The object was deleted and another of its name is there: what was decided about the former says nothing of it.
      return details.causes?.some((cause) => cause.field === 'metadata.uid') ? 'now' : 'never';
    default:
      return 'backoff';
  }
}

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

function excerpt(body: unknown): string {
  return typeof body === 'string' ? body.trim().slice(0, 200).toWellFormed() : '';
}

function secondsOf(value: string | number | undefined): number | undefined {
  const seconds = Number(value);
  return seconds > 0 ? seconds * 1000 : undefined;
}
