import { findCondition } from '../../api/conditions.ts';
import type { InstallationStatus } from '../../api/installation.ts';
import type { Action } from '../act/action.ts';

export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** The deed of the operator, as a verb in CamelCase. */
  readonly action: string;
  readonly note: string;
}

/** The events that tell the difference between two statuses, none where nothing happened. */
export function eventsBetween(before: InstallationStatus, after: InstallationStatus): EventDraft[] {
  return [
    ...readyChanged(before, after),
    ...inputsUnknown(before, after),
    ...rewrittenOnAdmission(before, after),
    ...referencesGone(before, after),
  ];
}

/** Said once for the same fields: it goes on for as long as the webhook is there. */
function rewrittenOnAdmission(before: InstallationStatus, after: InstallationStatus): EventDraft[] {
  const was = findCondition(before.conditions, 'Drifted');
  const is = findCondition(after.conditions, 'Drifted');
  return is?.status === 'False' && is.message !== was?.message
    ? [{ type: 'Normal', reason: is.reason, action: 'Reconcile', note: is.message }]
    : [];
}

/** The pods go on, so that nothing else would say it. */
function referencesGone(before: InstallationStatus, after: InstallationStatus): EventDraft[] {
  const was = findCondition(before.conditions, 'ReferencesMissing');
  const is = findCondition(after.conditions, 'ReferencesMissing');
  return is && is.message !== was?.message
    ? [{ type: 'Warning', reason: is.type, action: 'Reconcile', note: is.message }]
    : [];
}

/** An answer that nobody asks for is said once: it stops nothing. */
function inputsUnknown(before: InstallationStatus, after: InstallationStatus): EventDraft[] {
  const was = findCondition(before.conditions, 'InputsUnused');
  const is = findCondition(after.conditions, 'InputsUnused');
  // What else is asked for may change without a word.
  const [unknown] = is?.message.split(';') ?? [];
  return is?.reason === 'UnknownUserInput' && unknown !== was?.message.split(';')[0]
    ? [{ type: 'Warning', reason: is.reason, action: 'Reconcile', note: is.message }]
    : [];
}

function readyChanged(before: InstallationStatus, after: InstallationStatus): EventDraft[] {
  const was = findCondition(before.conditions, 'Ready');
  const is = findCondition(after.conditions, 'Ready');
  const isStalled = findCondition(after.conditions, 'Stalled') !== undefined;
  const wasStalled = findCondition(before.conditions, 'Stalled') !== undefined;
  // One rollout after the other, as on a path: each is said.
  const isSame = was?.status === is?.status && was?.reason === is?.reason && wasStalled === isStalled;
  if (!is || (isSame && (is.reason !== 'RollingOut' || is.message === was?.message))) {
    return [];
  }
  const isBad = isStalled || is.reason === 'RollingBack';
  return [{ type: isBad ? 'Warning' : 'Normal', reason: is.reason, action: 'Reconcile', note: is.message }];
}

function undoneBy(action: Action): string | undefined {
  if (action.kind === 'restore' && action.uid === undefined) {
    return 'somebody deleted it';
  }
  return 'heals' in action ? action.heals : undefined;
}

/** The event of a change by somebody else that was undone, or of what somebody deleted; undefined for any other write. */
export function eventOfHeal(action: Action): EventDraft | undefined {
  const why = undoneBy(action);
  return why === undefined
    ? undefined
    : { type: 'Warning', reason: 'DriftHealed', action: 'Heal', note: `Restored ${action.child}: ${why}` };
}
