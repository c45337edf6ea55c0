import { budgetOf, deploymentOf, type Child, type Inputs } from './children.ts';
import type { Run } from './decision.ts';
import { culpritOf } from './culprit.ts';
import { healNotBefore } from './heal.ts';
import type { ChildKind, ChildView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import type { Running } from './running.ts';
import { serviceOf } from './service.ts';

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
  | { readonly kind: 'remove'; readonly child: ChildKind; readonly uid: string };

export interface Actions {
  readonly writes: readonly Action[];
  /** What is not undone for now, because two heals in a row did not hold. */
  readonly held: readonly { readonly culprit: string; readonly notBefore: number }[];
}

/** What has to be written for the children to be as they should: nothing where they are. The Deployment comes last. */
export function actionsFor(observed: Observed, running: Running, run: Run, now: number): Actions {
  const { inputs, isChanged } = run;
  // Until the new pods serve, the Service keeps the ports of the old ones.
  const isServing = !isChanged && running.isDone;
  const serving = isServing
    ? undefined
    : { ports: observed.service?.ports ?? [], numbers: running.deployment?.ports ?? new Map<string, number>() };
  const needs = [
    // Pods that were made from other content than is published keep the Service that serves them.
    run.isContentChanged
      ? undefined
      : need(observed, 'Service', observed.service, serviceOf(inputs, serving), isServing),
    need(observed, 'PodDisruptionBudget', observed.budget, budgetOf(inputs), true),
    // The template that is committed stays, however it would be rendered today.
    isChanged || !running.isPristine ? needDeployment(observed, inputs) : undefined,
  ].filter((action) => action !== undefined);
  const writes: Action[] = [];
  const held: Actions['held'][number][] = [];
  for (const action of needs) {
    const culprit = action.kind === 'apply' && !isChanged ? action.heals : undefined;
    const notBefore = culprit === undefined ? 0 : healNotBefore(observed.heals[action.child], culprit);
    if (culprit === undefined || notBefore <= now) {
      writes.push(action);
    } else {
      held.push({ culprit, notBefore });
    }
  }
  return { writes, held };
}

function needDeployment(observed: Observed, inputs: Inputs): Action | undefined {
  const { deployment } = observed;
  const action = need(observed, 'Deployment', deployment, deploymentOf(inputs), false);
  return action?.kind === 'apply' && deployment?.ownsReplicas && inputs.shape.replicas === undefined
    ? { ...action, leaveReplicas: deployment.replicas }
    : action;
}

function need(
  { installation }: Observed,
  kind: ChildKind,
  seen: ChildView | undefined,
  want: Child | undefined,
  mayRemove: boolean,
): Action | undefined {
  const ownership = ownershipOf(seen, installation);
  const uid = ownership.kind === 'ours' ? ownership.uid : undefined;
  if (!want) {
    return mayRemove && uid !== undefined ? { kind: 'remove', child: kind, uid } : undefined;
  }
  if (seen && uid !== undefined) {
    const isPristine = seen.applied === seen.owned;
    return isPristine && seen.applied === want.hash
      ? undefined
      : {
          kind: 'apply',
          child: kind,
          object: want.object,
          uid,
          heals: isPristine ? undefined : culpritOf(seen, want.object),
        };
  }
  // Nothing there, or an orphan, which is taken over like a new one: what others own in it is theirs to give up.
  const adopts = ownership.kind === 'orphan' ? seen?.uid : undefined;
  return {
    kind: 'apply',
    child: kind,
    object: want.object,
    uid: undefined,
    ...(adopts !== undefined && { adopts }),
    heals: undefined,
  };
}
