import type { Child } from './children.ts';
import type { Decided, Decision } from './decision.ts';
import { healNotBefore } from './heal.ts';
import { marksOf, type Marking } from './marks.ts';
import type { ChildKind, Observed } from './observed.ts';
import { nextNumber } from './record.ts';
import { starting } from './start.ts';
import type { State } from './state.ts';
import type { TakenOver } from './take-over.ts';
import { restoring, upkeep } from './upkeep.ts';

/** One write to one child. */
export type Action =
  | {
      readonly kind: 'apply';
      readonly child: ChildKind;
      readonly object: Child['object'];
      /** The child that was seen: the apply is forced and meant for exactly this one. Absent: the first apply, unforced. */
      readonly uid: string | undefined;
      /** The orphan that is taken over: another of its name, or none at all, is not meant. */
      readonly adopts?: string;
      /** How many pods there are, where the tier leaves their number to others from now on and must not take them away. */
      readonly leaveReplicas?: number;
      /** What is being undone, where somebody changed what the operator owns. */
      readonly heals: string | undefined;
    }
  /** Begins a rollout. */
  | { readonly kind: 'record'; readonly child: 'ControllerRevision'; readonly object: Child['object'] }
  | Marking
  /** Applies the Deployment of a record again: to exactly the one that was seen, if there is one. */
  | {
      readonly kind: 'restore';
      readonly child: 'Deployment';
      /** Undefined: it is gone. */
      readonly uid: string | undefined;
      readonly record: string;
      /** The number of pods to leave where the record has none of its own, as with an autoscaler. */
      readonly leaveReplicas?: number;
      readonly heals: string | undefined;
    }
  /** Records the Deployment as it stands, and applies it again so that it names its record. */
  | {
      readonly kind: 'takeOver';
      readonly child: 'Deployment';
      /** Of the Deployment that was seen. */
      readonly uid: string;
      readonly number: number;
      readonly facts: TakenOver;
    }
  | { readonly kind: 'remove'; readonly child: ChildKind; readonly name: string; readonly uid: string };

export interface Actions {
  readonly writes: readonly Action[];
  /** What is not undone for now, because two heals in a row did not hold. */
  readonly postponed: readonly { readonly culprit: string; readonly notBefore: number }[];
}

/** A template is committed or restored. */
export function writesDeployment({ writes }: Actions): boolean {
  return writes.some(({ child: kind }) => kind === 'Deployment');
}

/** What has to be written for the children to be as they should: nothing where they are. */
export function actionsFor(observed: Observed, state: State, decided: Decided, now: number): Actions {
  const { writes, postponed } = soften(observed, childrenFor(observed, state, decided.decision), now);
  // What ended is marked before something else begins.
  return { writes: [...marksOf(observed, state, decided, now), ...writes], postponed };
}

function childrenFor(observed: Observed, state: State, decision: Decision): readonly Action[] {
  if (decision.kind === 'return') {
    return [restoring(state, decision.to, undefined)];
  }
  // What is suspended is not touched; what was under way is marked when it ends.
  if (observed.installation.spec.suspend === true) {
    return [];
  }
  if (decision.kind === 'takeOver') {
    const { uid, facts } = decision;
    return [{ kind: 'takeOver', child: 'Deployment', uid, number: nextNumber(observed), facts }];
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
