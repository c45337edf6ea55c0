import { epoch, timestamp } from '../api/time.ts';

/** Why a template was committed. */
export type Trigger = 'Install' | 'Policy' | 'Spec' | 'SystemSoftware' | 'Tier' | 'Rollback';

/** Nobody asked for it now: the operator chose the moment, and the fleet limits how many there are at once. */
export function isAutomatic(trigger: Trigger | undefined): boolean {
  return trigger === 'Policy' || trigger === 'SystemSoftware' || trigger === 'Tier';
}

/**
 * What a Deployment remembers of the rollout of its present template, in one annotation: the status may be lost, and the
 * verdict on a rollout must not begin anew because the operator did.
 */
export interface Attempt {
  readonly trigger: Trigger;
  /** RFC 3339, whole seconds. */
  readonly startedAt: string;
  /** The wish for which it was made; a wish that failed is held by this. */
  readonly wish: string;
  /** Name of the saved revision to go back to; absent where nothing was stable before. */
  readonly wayBack?: string | undefined;
}

/** When the next one begins: each has a second of its own, by which it is told from others. */
export function startAfter(before: readonly (Pick<Attempt, 'startedAt'> | undefined)[], now: number): string {
  const times = before.map((attempt) => (attempt ? epoch(attempt.startedAt) + 1000 : now));
  return timestamp(Math.max(now, ...times));
}

/** `trigger=… started=… wish=… stable=…` */
export function formatAttempt({ trigger, startedAt, wish, wayBack }: Attempt): string {
  const parts = [`trigger=${trigger}`, `started=${startedAt}`, `wish=${wish}`];
  return (wayBack === undefined ? parts : [...parts, `stable=${wayBack}`]).join(' ');
}

const PATTERN =
  /^trigger=(Install|Policy|Spec|SystemSoftware|Tier|Rollback) started=(\S{1,32}) wish=(\w{1,32})(?: stable=([-a-z0-9]{1,63}))?$/;

/** A clock may be ahead of another by so much. */
export const CLOCK_SKEW_MS = 300_000;

/**
 * Undefined where the annotation is absent or was edited beyond recognition: then nothing is known of the rollout. So it is
 * where the Deployment itself was created later, as when a backup was restored: that is no attempt that took too long.
 */
export function parseAttempt(text: string | undefined, createdAt?: string): Attempt | undefined {
  const [, trigger, startedAt, wish, wayBack] = PATTERN.exec(text ?? '') ?? [];
  if (!trigger || !startedAt || !wish || Number.isNaN(epoch(startedAt))) {
    return undefined;
  }
  const isOfAnother = createdAt !== undefined && epoch(createdAt) > epoch(startedAt) + CLOCK_SKEW_MS;
  return isOfAnother ? undefined : { trigger: trigger as Trigger, startedAt, wish, wayBack };
}
