import semver from 'semver';
import { z } from 'zod';

export const secondsTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

export const MOST_ATTEMPTS = 99;
export const MOST_FAILURES = 16;
/** As many as one pod may have, with the longest names and versions. */
export const LONGEST_SOFTWARE = 5000;
/** Values of the annotation `…/retry`: one on the installation, and one on its Provider. */
export const MOST_RETRY_VALUES = 2;
export const LONGEST_RETRY_VALUE = 80;

/**
 * A failure, as a record remembers it: a status may be lost, and a failed release must not be tried again because of that.
 * It is kept until the release runs well, or until nothing can ask for it any more.
 */
export const Failure = z.object({
  version: z
    .string()
    .max(64)
    .refine((version) => semver.valid(version) !== null),
  image: z.string().max(512),
  /** CamelCase. */
  reason: z.string().max(64),
  message: z.string().max(300),
  /** The wish that is held: it is not tried again until it changes. Absent: automation chose, and skips the version. */
  wish: z.string().max(32).optional(),
  /** The values of the annotation `…/retry` that were there already, on the installation and on its Provider. */
  retries: z.array(z.string().max(LONGEST_RETRY_VALUE)).max(MOST_RETRY_VALUES).optional(),
  at: secondsTime,
  /** How often it failed. */
  attempts: z.int().min(1).max(MOST_ATTEMPTS),
  /** The system software that automation moved to, as `php=8.3.13`: that is to blame, and the version is not. */
  software: z.string().max(LONGEST_SOFTWARE).optional(),
  /** Absent: containers had started, and what they did once they will do again. */
  retryAfter: secondsTime.optional(),
});
export type Failure = z.output<typeof Failure>;

/** The annotation's content, without what was edited beyond recognition. */
export function parseFailures(text: string | undefined): readonly Failure[] {
  try {
    const entries = z.array(z.unknown()).parse(JSON.parse(text ?? '[]'));
    return entries.flatMap((entry) => Failure.safeParse(entry).data ?? []).slice(0, MOST_FAILURES);
  } catch {
    return [];
  }
}
