import type { Heals } from '../state/observed.ts';

const FIRST_WAIT = 60_000;
const LONGEST_WAIT = 3_600_000;

/** More heals than this within a minute are a fight, whoever is in it. */
const BURST = 10;

/** When the next heal may be made: at once, unless two in a row did not hold; then after 1 min, doubling up to 1 h. */
export function healNotBefore(heals: Heals | undefined, culprit: string): number {
  if (!heals) {
    return 0;
  }
  if (heals.count >= 2 && heals.culprit === culprit) {
    return heals.lastAt + waitAfter(heals.count);
  }
  return heals.burst >= BURST ? heals.lastAt + FIRST_WAIT : 0;
}

/**
 * Counts a heal. It is one more in a row when the same manager changes the same field again soon after the last one
 * (a webhook, a controller that fights): a person who tries several things is healed each time at once.
 */
export function countHeal(heals: Heals | undefined, culprit: string, now: number): Heals {
  const isInRow = heals?.culprit === culprit && now < heals.lastAt + 2 * waitAfter(heals.count);
  const isInBurst = heals !== undefined && now < heals.lastAt + FIRST_WAIT;
  return { count: isInRow ? heals.count + 1 : 1, burst: isInBurst ? heals.burst + 1 : 1, culprit, lastAt: now };
}

function waitAfter(count: number): number {
  return Math.min(FIRST_WAIT * 2 ** Math.max(0, count - 2), LONGEST_WAIT);
}
