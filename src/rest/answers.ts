import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import { ProblemBody } from './problem.ts';

/** The part of a route's schema that says how it may end. */

export type Refusals = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 429 | 503;

const ALWAYS: readonly Refusals[] = [400, 401, 404, 429, 503];
const OF_WRITES: readonly Refusals[] = [403, 409, 412, 413, 415, 422];

export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

const problems = (statuses: readonly Refusals[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: STATUS_CODES[status] ?? '',
        content: { 'application/problem+json': { schema: ProblemBody } },
      },
    ]),
  ) as {
    [Status in Refusals]: {
      description: string;
      content: { 'application/problem+json': { schema: typeof ProblemBody } };
    };
  };

/** The refusals of a route that reads. */
export const refusals = problems([...ALWAYS, 409, 422]);
/** Of one that writes. */
export const refusalsOfWrites = problems([...ALWAYS, ...OF_WRITES]);
