import semver from 'semver';
import { epoch } from '../../api/time.ts';
import type { Release } from '../../api/provider.ts';
import { isAbove, isOfSoftware, mayTryAgain, type Failure } from './failures.ts';

/** The failures that are remembered, and all that may let go of them. */
export interface Memory {
  readonly failures: readonly Failure[];
  /** The values of the annotation `…/retry`, on the installation and on its Provider. */
  readonly retries: readonly string[];
  readonly now: number;
}

/** Failed automatic attempts in a row after which automation waits for a release newer than every failed one. */
const MOST_IN_A_ROW = 2;

/** Whether automation leaves a release alone because of what failed: itself, or too many others. */
export function isAvoided(release: Release, stable: string | undefined, memory: Memory): boolean {
  return isFailed(release, memory) || isTooMuch(release, stable, memory);
}

/** Whether a release failed itself, whoever asked for it. */
export function isFailed(release: Release, memory: Memory): boolean {
  return failuresOf(release, memory).some((f) => !mayTryAgain(f, memory.retries, memory.now));
}

/** Whether this wish failed with this release. */
export function isHeldBack(release: Release, wish: string | undefined, memory: Memory): boolean {
  return failuresOf(release, memory).some(
    (f) => wish !== undefined && f.wish === wish && !mayTryAgain(f, memory.retries, memory.now),
  );
}

/** When time alone lets a release be tried again; never when undefined. */
export function retryAt(release: Release, memory: Memory): number | undefined {
  const own = failuresOf(release, memory).filter((f) => !mayTryAgain(f, memory.retries, memory.now));
  const times = own.map((f) => (f.retryAfter === undefined ? Number.POSITIVE_INFINITY : epoch(f.retryAfter)));
  const last = Math.max(0, ...times);
  return last > memory.now && Number.isFinite(last) ? last : undefined;
}

/**
 * Two failures may be two bad releases or one bad cluster; a third of the same kind would teach nothing. One release alone
 * is tried again as its own failures allow.
 */
function isTooMuch(release: Release, stable: string | undefined, memory: Memory): boolean {
  const own = failuresOf(release, memory);
  // The stable version came after all failures below it, and a success ends a row.
  const row = memory.failures.filter(
    (f) =>
      f.wish === undefined &&
      !isOfSoftware(f) &&
      isAbove(f.version, stable) &&
      !mayTryAgain(f, memory.retries, Number.NEGATIVE_INFINITY),
  );
  const attempts = row.map((f) => f.attempts).reduce((sum, count) => sum + count, 0);
  return attempts >= MOST_IN_A_ROW && row.some((f) => !own.includes(f) && semver.gte(f.version, release.version));
}

function failuresOf({ version, image }: Release, { failures }: Memory): readonly Failure[] {
  return failures.filter((f) => f.version === version && f.image === image && !isOfSoftware(f));
}
