import type { InstallationStatus } from '../api/installation.ts';
import { isAutomatic } from './attempt.ts';
import { actionsFor, writesDeployment, type Action, type Actions } from './actions.ts';
import type { Assessment } from './assessment.ts';
import { decide } from './decision.ts';
import { graceOf } from './grace.ts';
import type { Observed } from './observed.ts';
import type { Run } from './run.ts';
import { readRunning, type Running } from './running.ts';
import { formatSoftware, movedSince } from './software-set.ts';
import { statusOf } from './status.ts';
import type { Failure } from './failure-memory.ts';

/** All that one reconcile does. Nothing else leaves `plan/`. */
export interface Plan {
  readonly writes: readonly Action[];
  readonly status: InstallationStatus;
  /** An automatic rollout begins with this: it counts against what the fleet may do at once. */
  readonly takesSlot: boolean;
  /** What to remember should the API server refuse the Deployment: automation is to blame, and nobody's wish. */
  readonly upgrade?: Upgrade;
  /** One would begin if the fleet had room. */
  readonly isQueued: boolean;
  /** A rollout neither ends nor goes back by itself. */
  readonly isStuck: boolean;
  /** The next moment at which the clock alone changes the plan. */
  readonly requeueAfterMs?: number;
}

type Upgrade = Pick<Failure, 'version' | 'image' | 'software' | 'retries'>;

const NOTHING: Actions = { writes: [], postponed: [] };

/** From what is observed and the time to what is to be done. Pure: the same input gives the same plan. */
export function plan(observed: Observed, now: number): Plan {
  const { installation } = observed;
  const running = readRunning(observed, now);
  const { decision, outlook } = decide(observed, running, now);
  const what = decision.kind === 'problem' ? decision.restore : decision;
  // What is suspended is not touched; but a rollout that was under way ends first, if need be by going back.
  const mayAct = installation.spec.suspend !== true || decision.kind === 'rollback';
  const actions = what && mayAct ? actionsFor(observed, running, what, now) : NOTHING;
  const status = statusOf({ observed, running, decision, outlook, actions, now });
  const waits = actions.postponed.map(({ notBefore }) => notBefore - now);
  // What is suspended waits for nothing.
  if (decision.kind === 'problem' && installation.spec.suspend !== true) {
    waits.push(graceOf(decision, installation.status.conditions, installation.generation, now).left);
  }
  if (outlook?.choice.notBefore !== undefined && installation.spec.suspend !== true) {
    waits.push(outlook.choice.notBefore - now);
  }
  if (decision.kind === 'run' && decision.notBefore !== undefined) {
    waits.push(decision.notBefore - now);
  }
  // A rollout that hangs is given up by the clock alone.
  if (running.rollout?.phase === 'progressing' && running.rollout.until !== undefined) {
    waits.push(running.rollout.until - now);
  }
  const next = waits.filter((ms) => ms > 0).sort((a, b) => a - b)[0];
  const begins = decision.kind === 'run' && decision.isChanged && actions.writes.length > 0;
  const trigger = begins ? decision.inputs.attempt?.trigger : undefined;
  const takesSlot = isAutomatic(trigger);
  const upgrade = begins ? upgradeOf(observed, running, decision) : undefined;
  // Not always the one that is pending: a newer one may be waited for while this one waits for room.
  const isQueuing = ({ blockedBy }: Assessment) => blockedBy.includes('Queued');
  const waitsForSlot = outlook?.input.isBusy === false && outlook.assessments.some(isQueuing);
  const isQueued = waitsForSlot || (decision.kind === 'keep' && decision.isQueued === true);
  const hasEnded = running.rollout?.phase === 'failed' || running.rollout?.phase === 'paused';
  const isStuck = hasEnded && !writesDeployment(actions);
  return {
    writes: actions.writes,
    status,
    takesSlot,
    isQueued,
    isStuck,
    ...(upgrade && { upgrade }),
    ...(next !== undefined && { requeueAfterMs: next }),
  };
}

/** What automation chose: a release, or system software for the one that runs. */
function upgradeOf({ retries }: Observed, { software }: Running, { inputs }: Run): Upgrade | undefined {
  const { version, image } = inputs.release;
  const chosen = { version, image, ...(retries.length > 0 && { retries: [...retries] }) };
  const trigger = inputs.attempt?.trigger;
  if (trigger === 'SystemSoftware') {
    return { ...chosen, software: formatSoftware(movedSince(software, inputs.software.set)) };
  }
  return trigger === 'Policy' ? chosen : undefined;
}
