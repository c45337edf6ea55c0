import type { ChildView, Heals } from './observed.ts';

const FIRST_WAIT = 60_000;
const LONGEST_WAIT = 3_600_000;

/** When the next heal may be made: at once, unless two in a row did not hold; then after 1 min, doubling up to 1 h. */
export function healNotBefore(heals: Heals | undefined): number {
  return heals && heals.count >= 2 ? heals.lastAt + waitAfter(heals.count) : 0;
}

/**
 * Counts a heal. It is one more in a row when the same manager changes the same field again soon after the last one
 * (a webhook, a controller that fights): a person who tries several things is healed each time at once.
 */
export function countHeal(heals: Heals | undefined, culprit: string, now: number): Heals {
  const isInRow = heals?.culprit === culprit && now < heals.lastAt + 2 * waitAfter(heals.count);
  return { count: isInRow ? heals.count + 1 : 1, culprit, lastAt: now };
}

/** Which manager changed which field, as messages name it. */
export function culpritOf({ changed }: ChildView): string {
  return changed
    ? `${changed.field} was changed by "${changed.manager}"`
    : 'An admission webhook changes what is applied';
}

function waitAfter(count: number): number {
  return Math.min(FIRST_WAIT * 2 ** Math.max(0, count - 2), LONGEST_WAIT);
}
