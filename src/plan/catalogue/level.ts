import semver from 'semver';
import type { Change } from '../../api/upgrade-status.ts';

/** From the smallest step to the largest. */
const STEPS: readonly Change[] = ['patch', 'minor', 'major'];

/**
 * How large a step is, in either direction. Before 1.0.0 semver promises less: of 0.x a minor counts as major, of 0.0.x
 * a patch does. Between a prerelease and its release nothing but trust changes, so that is a patch.
 */
export function changeBetween(a: string, b: string): Change {
  const [low, high] = semver.lt(a, b) ? [semver.parse(a), semver.parse(b)] : [semver.parse(b), semver.parse(a)];
  if (!low || !high || low.major !== high.major) {
    return 'major';
  }
  if (low.minor !== high.minor) {
    return low.major === 0 ? 'major' : 'minor';
  }
  return low.patch !== high.patch && low.major === 0 && low.minor === 0 ? 'major' : 'patch';
}

export function isAtMost(change: Change, level: Change): boolean {
  return STEPS.indexOf(change) <= STEPS.indexOf(level);
}
