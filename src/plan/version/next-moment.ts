import { epoch } from '../../api/time.ts';
import type { Assessment } from './assessment.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import { isAbove, isOfSoftware } from '../failures/failures.ts';
import type { VersionInput } from './version-input.ts';

const SEEN_WITHIN_MS = 5_000;

/** The next moment at which time alone may change what is decided or said: the end of a soak, a window that opens, a retry, an expiry. */
export function nextMoment(input: VersionInput, assessments: readonly Assessment[]): number | undefined {
  const { catalogue, stable, failures = [], now } = input;
  const running = findRelease(catalogue, stable);
  const expiries = [...(running ? [running] : []), ...assessments.map((a) => a.release)].map(
    (r) => r.lifecycle?.expiresAt,
  );
  const retries = failures
    .filter((f) => isAbove(f.version, stable) || f.wish !== undefined || isOfSoftware(f))
    .map((f) => f.retryAfter);
  // The Provider's status is about to say when it was seen first, and wakes nobody up.
  const isUnseen = assessments.some((a) => a.blockedBy.includes('Soaking') && a.notBefore === undefined);
  const times = [
    ...assessments.map((a) => a.notBefore),
    ...[...expiries, ...retries].map((time) => (time === undefined ? undefined : epoch(time))),
    isUnseen ? now + SEEN_WITHIN_MS : undefined,
  ].filter((at) => at !== undefined && at > now);
  return times.length === 0 ? undefined : Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
}
