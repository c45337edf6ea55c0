import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { ApiError } from '../cluster/errors.ts';
import type { Problem } from '../api/problem.ts';

/**
 * Every answer that is no success. `detail` and `message` are the same text: the first seed has the one, the second the other.
 * https://www.rfc-editor.org/rfc/rfc9457
 */
export const ProblemBody = z
  .object({
    type: z.string().describe('What is wrong, in one CamelCase word that never changes.'),
    title: z.string().describe('The name of the status.'),
    status: z.int().describe('The status.'),
    detail: z.string().describe('What is wrong and what to do, for people.'),
    message: z.string().describe('The same as detail.'),
    errors: z
      .array(
        z.object({
          field: z.string().describe('Where it is, such as config.PORT.'),
          message: z.string().describe('What is wrong with it.'),
        }),
      )
      .describe('Every field that is wrong, where the request does not obey its schema.')
      .optional(),
  })
  .meta({ id: 'Problem', description: 'Why there is no other answer.' });
export type ProblemBody = z.output<typeof ProblemBody>;

export interface Extras {
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly headers?: Readonly<Record<string, string>>;
  /** What the platform team reads of it, in the log. */
  readonly cause?: unknown;
}

/** Ends a request with an answer that is no success. */
export class RestProblem extends Error {
  override readonly name = 'RestProblem';
  readonly status: number;
  readonly type: string;
  readonly extras: Extras;

  constructor(status: number, type: string, detail: string, extras: Extras = {}) {
    super(detail, { cause: extras.cause });
    this.status = status;
    this.type = type;
    this.extras = extras;
  }

  /** The same with another status. */
  as(status: number): RestProblem {
    return new RestProblem(status, this.type, this.message, this.extras);
  }

  body(): ProblemBody {
    const { status, type, message, extras } = this;
    const title = STATUS_CODES[status] ?? 'Unknown';
    const errors = extras.errors?.map((error) => ({ ...error }));
    return { type, title, status, detail: message, message, ...(errors && { errors }) };
  }
}

export function notFound(detail: string): RestProblem {
  return new RestProblem(404, 'NotFound', detail);
}

/** Problems of decisions that are no fault of the values: something has to be done first. */
const CONFLICTS: ReadonlySet<string> = new Set([
  'SwitchToManual',
  'UseDowngrade',
  'NothingInstalled',
  'NothingTakeable',
  'NotLower',
]);

const NOT_FOUND: ReadonlySet<string> = new Set(['ProviderNotFound', 'VersionNotFound', 'ReleaseMissing']);

/** What the decisions say against a request. */
export function refused({ reason, message }: Problem): RestProblem {
  if (NOT_FOUND.has(reason)) {
    return new RestProblem(404, reason, message);
  }
  return new RestProblem(CONFLICTS.has(reason) ? 409 : 422, reason, message);
}

const LATER = { headers: { 'retry-after': '1' } };

/** The same for both seeds, whoever found it. */
export function problemOf(error: unknown): RestProblem {
  if (error instanceof RestProblem) {
    return error;
  }
  if (error instanceof ApiError) {
    return problemOfServer(error);
  }
  const { statusCode, message = '', code = '' } = error as { statusCode?: number; message?: string; code?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new RestProblem(statusCode, typeOfStatus(statusCode), BY_CODE[code] ?? message);
  }
  return new RestProblem(500, 'InternalError', 'Tell the platform team the request id in the header x-request-id');
}

const BY_CODE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'Send a smaller body: at most 256 KiB',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Send JSON, with the header content-type: application/json',
  FST_ERR_MAX_PARAM_LENGTH: 'Correct the address: a part of it has more than 256 characters',
  FST_ERR_BAD_URL: 'Correct the address: it cannot be decoded',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Correct the header content-length: it does not fit the body',
};

function typeOfStatus(status: number): string {
  return (STATUS_CODES[status] ?? 'BadRequest').replaceAll(/[^A-Za-z]/g, '');
}

/** The API server spoke to the caller, by its token: its words are the caller's to read. */
function problemOfServer(error: ApiError): RestProblem {
  const { status, reason, message } = error;
  switch (status) {
    case 400:
    case 422:
      return new RestProblem(422, reason, message);
    case 401:
      return unauthenticated();
    case 403:
      return new RestProblem(403, 'Forbidden', message);
    case 404:
      return notFound(message);
    case 409:
      return new RestProblem(409, reason, message);
    case 413:
      return new RestProblem(413, 'PayloadTooLarge', message);
    case 429:
      return new RestProblem(429, 'TooManyRequests', message, LATER);
    case 0:
      return new RestProblem(503, 'ServiceUnavailable', 'Try again: the API server did not answer', {
        ...LATER,
        cause: error,
      });
    default:
      // Its words may be about anything, such as the address of a webhook: they are for the log.
      return new RestProblem(503, 'ServiceUnavailable', `Try again: the API server could not do it (HTTP ${status})`, {
        ...LATER,
        cause: error,
      });
  }
}

/** What the API server says to this process, about its own rights, is not for callers. */
export function notReviewed(cause: unknown): never {
  throw new RestProblem(
    503,
    'NotReviewed',
    'Try again, and tell the platform team if that lasts: the API server does not say who you are or what you may do',
    { ...LATER, cause },
  );
}

export function unauthenticated(): RestProblem {
  return new RestProblem(
    401,
    'Unauthenticated',
    'Send a token that the cluster knows, with the header authorization: Bearer <token>',
    { headers: { 'www-authenticate': 'Bearer realm="provider-operator"' } },
  );
}
