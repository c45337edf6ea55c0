import type { BlockReason, PendingUpgrade, UpdateCandidate } from '../../api/upgrade-status.ts';
import { timestamp } from '../../api/time.ts';
import { MOST_INPUTS } from '../../api/user-input.ts';
import type { Assessment } from '../version/assessment.ts';
import { isFading } from '../catalogue/catalogue.ts';
import { changeBetween } from '../catalogue/level.ts';
import type { VersionInput } from '../version/version-input.ts';
import type { VersionDecision } from '../version/version.ts';

const MOST_CANDIDATES = 10;

/** The newer releases of a status: the target, the newest that a tenant may have, then the newest. */
export function updateCandidates(
  input: VersionInput,
  assessments: readonly Assessment[],
  target: string | undefined,
): UpdateCandidate[] {
  const { now } = input;
  const first = [assessments.find((a) => a.release.version === target), newestTakeable(assessments, now)];
  const shown = [...new Set([...first, ...assessments])].filter((a) => a !== undefined).slice(0, MOST_CANDIDATES);
  return candidatesOf(input, shown);
}

export function candidatesOf(
  { stable, installed, answers }: VersionInput,
  assessments: readonly Assessment[],
): UpdateCandidate[] {
  const base = stable ?? installed;
  return assessments.map(({ release, isTakeable, blockedBy, notBefore }) => ({
    version: release.version,
    change: base === undefined ? 'patch' : changeBetween(base, release.version),
    takeable: isTakeable,
    eligible: blockedBy.length === 0,
    blockedBy: [...blockedBy],
    missingUserInputs: (answers?.(release).missing ?? []).slice(0, MOST_INPUTS).map(({ name }) => name),
    ...(notBefore !== undefined && { notBefore: timestamp(notBefore) }),
    ...(release.releasedAt !== undefined && { releasedAt: release.releasedAt }),
  }));
}

/** The release for somebody who asks for the newest without naming it. Deprecated and expired ones come last. */
export function newestTakeable(assessments: readonly Assessment[], now: number): Assessment | undefined {
  const takeable = assessments.filter((a) => a.isTakeable);
  return takeable.find((a) => !isFading(a.release, now)) ?? takeable[0];
}

/** Reasons that delay an upgrade and say nothing against the release. */
const PASSING: ReadonlySet<BlockReason> = new Set([
  'Suspended',
  'Unhealthy',
  'NoPods',
  'Soaking',
  'OutsideWindow',
  'Queued',
]);

/** Whether automation takes it now, or when what holds it up is over. */
export function isComing({ blockedBy, notBefore }: Pick<Assessment, 'blockedBy' | 'notBefore'>): boolean {
  return blockedBy.every((reason) => PASSING.has(reason) || (reason === 'PreviouslyFailed' && notBefore !== undefined));
}

/** The upgrade that is decided on and not all the way: further hops, or one that automation takes when it can. */
export function pendingUpgrade(
  decision: VersionDecision,
  assessments: readonly Assessment[],
): PendingUpgrade | undefined {
  if (decision.kind === 'target' && decision.path.length > 1) {
    return { version: decision.goal, reason: 'UnderWay', path: [...decision.path] };
  }
  const target = decision.kind === 'target' ? decision.version : undefined;
  const index = assessments.findIndex((a) => a.release.version === target);
  const newer = index < 0 ? assessments : assessments.slice(0, index);
  const waiting = newer.find((a) => a.blockedBy.length > 0 && isComing(a));
  if (!waiting) {
    return undefined;
  }
  const { release, path, notBefore, blockedBy } = waiting;
  const isUnderWay = path.length > 1 && path[0] === target;
  return {
    version: release.version,
    reason: isUnderWay ? 'UnderWay' : (blockedBy[0] ?? ''),
    path: [...path],
    ...(notBefore !== undefined && { notBefore: timestamp(notBefore) }),
  };
}
