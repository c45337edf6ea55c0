import semver from 'semver';
import { durationMs } from '../api/duration.ts';
import { epoch } from '../api/time.ts';
import type { Assessment } from './assessment.ts';
import { findRelease } from './catalogue.ts';
import type { VersionInput } from './version-input.ts';

/** The next moment at which time alone may change what is decided or said: the end of a soak, a window that opens, a retry, an expiry. */
export function nextMoment(input: VersionInput, assessments: readonly Assessment[]): number | undefined {
  const { spec, catalogue, stable, failures = [], now } = input;
  const running = findRelease(catalogue, stable);
  const expiries = [...(running ? [running] : []), ...assessments.map((a) => a.release)].map(
    (r) => r.lifecycle?.expiresAt,
  );
  const retries = failures.filter((f) => isAbove(f.version, stable) || f.wish !== undefined).map((f) => f.retryAfter);
  // What was not seen yet is seen at any moment: its age is known by then.
  const isUnseen = assessments.some((a) => a.blockedBy.includes('Soaking') && a.notBefore === undefined);
  const times = [
    ...assessments.map((a) => a.notBefore),
    ...[...expiries, ...retries].map((time) => (time === undefined ? undefined : epoch(time))),
    isUnseen ? now + durationMs(spec.upgrade?.minReleaseAge ?? '0m') : undefined,
  ].filter((at) => at !== undefined && at > now);
  return times.length === 0 ? undefined : Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
}

function isAbove(version: string, stable: string | undefined): boolean {
  return semver.valid(version) !== null && (stable === undefined || semver.gt(version, stable));
}
