import semver from 'semver';
import { epoch } from '../api/time.ts';
import type { Release } from '../api/provider.ts';
import { mayTryAgain, type Failure } from './failure-memory.ts';

/** What is remembered, and what may let it go. */
export interface Memory {
  readonly failures: readonly Failure[];
  /** The value of the annotation `…/retry`. */
  readonly retry: string | undefined;
  readonly now: number;
}

/** Failed automatic attempts in a row after which automation waits for a release newer than every failed one. */
const MOST_IN_A_ROW = 2;

/** Whether automation leaves a release alone because of what failed: itself, or too many others. */
export function isAvoided(release: Release, stable: string | undefined, memory: Memory): boolean {
  const own = failuresOf(release, memory);
  return own.length > 0
    ? own.some((f) => !mayTryAgain(f, memory.retry, memory.now))
    : isTooMuch(release, stable, memory);
}

/** Whether this wish failed with this release. */
export function isHeldBack(release: Release, wish: string | undefined, memory: Memory): boolean {
  return failuresOf(release, memory).some(
    (f) => wish !== undefined && f.wish === wish && !mayTryAgain(f, memory.retry, memory.now),
  );
}

/** When time alone lets a release be tried again; never when undefined. */
export function retryAt(release: Release, memory: Memory): number | undefined {
  const own = failuresOf(release, memory).filter((f) => !mayTryAgain(f, memory.retry, memory.now));
  const times = own.map((f) => (f.retryAfter === undefined ? Number.POSITIVE_INFINITY : epoch(f.retryAfter)));
  const last = Math.max(0, ...times);
  return last > memory.now && Number.isFinite(last) ? last : undefined;
}

/** Two failures may be two bad releases or one bad cluster; a third of the same kind would teach nothing. */
function isTooMuch({ version }: Release, stable: string | undefined, { failures, retry }: Memory): boolean {
  // What is stable was reached after all failures below it: a row ends with a success.
  const row = failures.filter(
    (f) => f.wish === undefined && isNewer(f.version, stable) && !mayTryAgain(f, retry, Number.NEGATIVE_INFINITY),
  );
  const attempts = row.map((f) => f.attempts).reduce((sum, count) => sum + count, 0);
  return attempts >= MOST_IN_A_ROW && row.some((f) => semver.gte(f.version, version));
}

function failuresOf({ version, image }: Release, { failures }: Memory): readonly Failure[] {
  return failures.filter((f) => f.version === version && f.image === image);
}

/** What was written by hand into the memory may have anything for a version. */
function isNewer(version: string, stable: string | undefined): boolean {
  return semver.valid(version) !== null && (stable === undefined || semver.gt(version, stable));
}
