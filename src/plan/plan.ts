import type { InstallationStatus } from '../api/installation.ts';
import { actionsFor, type Action, type Actions } from './actions.ts';
import { decide } from './decision.ts';
import { graceOf } from './grace.ts';
import type { Observed } from './observed.ts';
import { readRunning } from './running.ts';
import { statusOf } from './status.ts';

/** All that one reconcile does. Nothing else leaves `plan/`. */
export interface Plan {
  readonly writes: readonly Action[];
  readonly status: InstallationStatus;
  /** The next moment at which the clock alone changes the plan. */
  readonly requeueAfterMs?: number;
}

const NOTHING: Actions = { writes: [], held: [] };

/** From what is observed and the time to what is to be done. Pure: the same input gives the same plan. */
export function plan(observed: Observed, now: number): Plan {
  const { installation } = observed;
  const running = readRunning(observed);
  const { decision, outlook } = decide(observed, running, now);
  const run = decision.kind === 'problem' ? decision.restore : decision;
  const actions =
    run?.kind === 'run' && installation.spec.suspend !== true ? actionsFor(observed, running, run, now) : NOTHING;
  const status = statusOf({ observed, running, decision, outlook, actions, now });
  const waits = actions.held.map((held) => held.notBefore - now);
  // What is suspended waits for nothing.
  if (decision.kind === 'problem' && installation.spec.suspend !== true) {
    waits.push(graceOf(decision, installation.status.conditions, installation.generation, now).left);
  }
  if (outlook?.choice.notBefore !== undefined && installation.spec.suspend !== true) {
    waits.push(outlook.choice.notBefore - now);
  }
  const next = waits.filter((ms) => ms > 0).sort((a, b) => a - b)[0];
  return { writes: actions.writes, status, ...(next !== undefined && { requeueAfterMs: next }) };
}
