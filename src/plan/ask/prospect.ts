import type { Assessment } from '../version/assessment.ts';
import { decide } from '../decide/decision.ts';
import type { Outlook } from '../decide/outlook.ts';
import { variablesOf } from '../pods/children.ts';
import type { ContainerVariable } from '../pods/environment.ts';
import type { Problem } from '../../api/problem.ts';
import { NO_SOFTWARE, type SoftwareSet } from '../software/set.ts';
import type { Observed } from '../state/observed.ts';
import { readState } from '../state/state.ts';

/** What would come of an installation as it is observed, were nothing in the way but what is there now. */
export interface Prospect {
  /** Why it cannot be had. */
  readonly problem: Problem | undefined;
  /** It was tried as it is, and failed. */
  readonly isHeld: boolean;
  /** The version where it ends; absent where that is not known. */
  readonly goal: string | undefined;
  /** The rollouts to come; empty where the version stays. */
  readonly path: readonly string[];
  /** The newer releases, as automation judges them; the newest first. */
  readonly assessments: readonly Assessment[];
  readonly outlook: Outlook | undefined;
  /** The version whose rollout was done last. */
  readonly stable: string | undefined;
  readonly software: SoftwareSet;
  /** The variables of the first rollout to come, or of the pods that run; absent where nobody can tell them. */
  readonly variables: readonly ContainerVariable[] | undefined;
}

export function prospectOf(observed: Observed, now: number): Prospect {
  const state = readState(observed, now);
  const { decision, outlook } = decide(observed, state, now);
  const choice = outlook?.choice;
  const refusal = choice?.kind === 'problem' ? choice : undefined;
  const run = decision.kind === 'run' ? decision : undefined;
  return {
    problem: refusal ?? (decision.kind === 'problem' ? decision : undefined),
    isHeld: decision.kind === 'held',
    goal: choice?.kind === 'target' ? choice.goal : undefined,
    path: choice?.kind === 'target' ? choice.path : [],
    assessments: outlook?.assessments ?? [],
    outlook,
    stable: state.stable?.version,
    software: run?.inputs.software.set ?? (state.software.size > 0 ? state.software : NO_SOFTWARE),
    variables: run && variablesOf(run.inputs),
  };
}

/** The reason against a change: one that it makes itself, and not one that was there before it. */
export function refusalOf(before: Prospect | undefined, after: Prospect): Problem | undefined {
  const { problem } = after;
  const isOld = problem?.reason === before?.problem?.reason && problem?.message === before?.problem?.message;
  return isOld ? undefined : problem;
}
