import type { Action } from './action.ts';
import type { Decided, Decision } from '../decide/decision.ts';
import { healNotBefore } from './heal.ts';
import { marksOf } from './marks.ts';
import type { Observed } from '../state/observed.ts';
import { starting, takingOver } from './start.ts';
import type { State } from '../state/state.ts';
import { restoring, upkeep } from './upkeep.ts';

export interface Actions {
  readonly writes: readonly Action[];
  /** Changes that are not undone for now, because two heals in a row did not hold. */
  readonly postponed: readonly { readonly culprit: string; readonly notBefore: number }[];
}

/** A template is committed or restored. */
export function writesDeployment({ writes }: Actions): boolean {
  return writes.some(({ child: kind }) => kind === 'Deployment');
}

/** Lists the writes that bring the children to what was decided. Empty where they are so already. */
export function actionsFor(observed: Observed, state: State, decided: Decided, now: number): Actions {
  const { writes, postponed } = soften(observed, childrenFor(observed, state, decided.decision), now);
  // The mark of a rollout that ended is written before anything else begins.
  return { writes: [...marksOf(observed, state, decided, now), ...writes], postponed };
}

function childrenFor(observed: Observed, state: State, decision: Decision): readonly Action[] {
  if (decision.kind === 'return') {
    return [restoring(state, decision.to, undefined)];
  }
  // Nothing of a suspended installation is touched. A rollout that was under way is still marked when it ends.
  if (observed.installation.spec.suspend === true) {
    return [];
  }
  if (decision.kind === 'takeOver') {
    return takingOver(observed, decision);
  }
  return decision.kind === 'run' && decision.isChanged
    ? starting(observed, state, decision)
    : upkeep(observed, state, decision);
}

/** Leaves out for now what was undone again and again and did not hold. */
function soften(observed: Observed, needs: readonly Action[], now: number): Actions {
  const writes: Action[] = [];
  const postponed: Actions['postponed'][number][] = [];
  for (const action of needs) {
    const culprit = 'heals' in action ? action.heals : undefined;
    const notBefore = culprit === undefined ? 0 : healNotBefore(observed.heals[action.child], culprit);
    if (culprit === undefined || notBefore <= now) {
      writes.push(action);
    } else {
      postponed.push({ culprit, notBefore });
    }
  }
  return { writes, postponed };
}
