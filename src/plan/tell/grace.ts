import { findCondition, type Condition } from '../../api/conditions.ts';
import { epoch } from '../../api/time.ts';
import type { Problem } from '../../api/problem.ts';

/** Git and other appliers deliver in any order: what is missing may still come. */
const GRACE = 60_000;

export interface Grace {
  readonly isOver: boolean;
  /** Milliseconds until it is, 0 where the clock has no part in it. */
  readonly left: number;
}

/**
 * Whether a problem has lasted long enough to be a person's business.
 * The clock starts with the generation that has the problem, and is read from the condition, so that a restart keeps it.
 */
export function graceOf(
  problem: Pick<Problem, 'reason' | 'patience'>,
  conditions: readonly Condition[] | undefined,
  generation: number,
  now: number,
): Grace {
  if (problem.patience !== 'grace') {
    return { isOver: problem.patience === 'none', left: 0 };
  }
  const isSame = (c: Condition | undefined) => c?.reason === problem.reason && c.observedGeneration === generation;
  if (isSame(findCondition(conditions, 'Stalled'))) {
    return { isOver: true, left: 0 };
  }
  const waiting = findCondition(conditions, 'Reconciling');
  const since = waiting && isSame(waiting) ? epoch(waiting.lastTransitionTime) : now;
  const left = since + GRACE - now;
  return { isOver: left <= 0, left: Math.max(left, 0) };
}
