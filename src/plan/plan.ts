import type { InstallationStatus } from '../api/installation.ts';
import { actionsFor } from './act/actions.ts';
import type { Action } from './act/action.ts';
import type { Assessment } from './version/assessment.ts';
import { becauseOf, type Because } from './tell/because.ts';
import { decide, type Decided } from './decide/decision.ts';
import { graceOf } from './tell/grace.ts';
import type { Observed } from './state/observed.ts';
import { placeEndsAt } from './state/place.ts';
import { readState, type State } from './state/state.ts';
import { statusOf } from './tell/status.ts';
import { isAutomatic } from './state/trigger.ts';

/** All that one reconcile does. Nothing else leaves `plan/`. */
export interface Plan {
  readonly writes: readonly Action[];
  readonly status: InstallationStatus;
  /** Why it does that, or nothing. */
  readonly because: Because;
  /** An automatic rollout begins with this: it counts against what the fleet may do at once. */
  readonly takesSlot: boolean;
  /** One would begin if the fleet had room. */
  readonly isQueued: boolean;
  /** The next moment at which the clock alone changes the plan. */
  readonly requeueAfterMs?: number;
}

/** From what is observed and the time to what is to be done. Pure: the same input gives the same plan. */
export function plan(observed: Observed, now: number): Plan {
  const state = readState(observed, now);
  const decided = decide(observed, state, now);
  const { decision, outlook } = decided;
  const actions = actionsFor(observed, state, decided, now);
  const status = statusOf({ observed, state, ...decided, actions, now });
  const next = momentsOf(observed, state, decided, now)
    .concat(actions.postponed.map(({ notBefore }) => notBefore))
    .filter((at) => at > now);
  const begins = decision.kind === 'run' && decision.isChanged && actions.writes.length > 0;
  // Not always the one that is pending: a newer one may be waited for while this one waits for room.
  const isQueuing = ({ blockedBy }: Assessment) => blockedBy.includes('Queued');
  const waitsForSlot = outlook?.input.isBusy === false && outlook.assessments.some(isQueuing);
  return {
    writes: actions.writes,
    status,
    because: becauseOf(state, decided, status),
    takesSlot: begins && isAutomatic(decision.attempt.trigger),
    isQueued: waitsForSlot || (decision.kind === 'keep' && decision.isQueued === true),
    ...(next.length > 0 && { requeueAfterMs: Math.min(...next) - now }),
  };
}

/** Moments at which the clock may decide something, in milliseconds since the epoch. */
function momentsOf({ installation, config }: Observed, state: State, decided: Decided, now: number): number[] {
  const { decision, outlook } = decided;
  const { rollout } = state;
  // A rollout that hangs is given up by the clock alone, and its place in the fleet is given to another.
  const isOpen = rollout?.phase === 'progressing' || rollout?.phase === 'degraded';
  const ofRollout = [isOpen ? rollout.until : undefined, placeEndsAt(state, config)];
  if (installation.spec.suspend === true) {
    return ofRollout.filter((at) => at !== undefined);
  }
  const left =
    decision.kind === 'problem'
      ? graceOf(decision, installation.status.conditions, installation.generation, now).left
      : 0;
  const ofSoftware = decision.kind === 'run' ? decision.notBefore : undefined;
  return [...ofRollout, now + left, outlook?.choice.notBefore, ofSoftware].filter((at) => at !== undefined);
}
