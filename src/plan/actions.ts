import { budgetFor, budgetOf, child, deploymentOf, type Child } from './children.ts';
import type { Held } from './decision.ts';
import type { Keep, Run } from './run.ts';
import { culpritOf } from './culprit.ts';
import { healNotBefore } from './heal.ts';
import type { ChildKind, ChildView, DeploymentView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { deploymentIn, revisionName, revisionOf, revisionToPrune, revisionToSave } from './revision.ts';
import { restoreOf, type Restore, type Rollback } from './rollback.ts';
import type { Running } from './running.ts';
import { serviceOf, serviceWith } from './service.ts';

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
  /** Saves what is about to be replaced. Its name is a hash of what it holds, so that to do it twice does nothing. */
  | { readonly kind: 'save'; readonly child: 'ControllerRevision'; readonly object: Child['object'] }
  /** Applies the Deployment of a saved revision again: to exactly the one that was seen, if there is one. */
  | {
      readonly kind: 'restore';
      readonly child: 'Deployment';
      /** Undefined: it is gone. */
      readonly uid: string | undefined;
      readonly restore: Restore;
      /** The number of pods to leave where the revision has none of its own, as with an autoscaler. */
      readonly leaveReplicas?: number;
      readonly heals: string | undefined;
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
export function actionsFor(
  observed: Observed,
  running: Running,
  decision: Run | Keep | Held | Rollback,
  now: number,
): Actions {
  switch (decision.kind) {
    case 'run':
      return actionsForRun(observed, running, decision, now);
    case 'rollback':
      return { writes: [restoring(running, decision, undefined)], postponed: [] };
    case 'keep':
    case 'held':
      return soften(observed, keeping(observed, running), now);
  }
}

/** The Deployment comes last: what it needs is there by then, and so is the way back. */
function actionsForRun(observed: Observed, running: Running, run: Run, now: number): Actions {
  const { inputs, isChanged, isAskedAnew } = run;
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
    ...(isChanged || !running.isPristine
      ? [...saving(observed, running, isChanged), needDeployment(observed, running, run)]
      : [isAskedAnew ? remembering(observed, running, run) : pruning(observed, running)]),
  ].filter((action) => action !== undefined);
  return isChanged ? { writes: needs, postponed: [] } : soften(observed, needs, now);
}

/** The template that is replaced, where it was rolled out well. */
function saving(observed: Observed, { deployment, isProven }: Running, isChanged: boolean): Action[] {
  const revision = isChanged && isProven && deployment ? revisionToSave(observed, deployment) : undefined;
  return revision ? [{ kind: 'save', child: 'ControllerRevision', object: revision.object }] : [];
}

function pruning({ installation, revisions }: Observed, { deployment, isDone }: Running): Action | undefined {
  const committed = deployment?.committed && revisionName(installation, deployment.committed);
  const surplus = isDone ? revisionToPrune(revisions, [committed, deployment?.attempt?.wayBack]) : undefined;
  return surplus && { kind: 'remove', child: 'ControllerRevision', name: surplus.name, uid: surplus.uid };
}

function restoring({ deployment }: Running, restore: Restore, heals: string | undefined): Action {
  return {
    kind: 'restore',
    child: 'Deployment',
    uid: deployment?.uid,
    restore,
    ...(deployment?.ownsReplicas && { leaveReplicas: deployment.replicas }),
    heals,
  };
}

/** What runs stays as it was saved: also the Service and the PodDisruptionBudget, once no other pods are left to serve. */
function keeping(observed: Observed, running: Running): Action[] {
  const { installation, service, budget } = observed;
  const { deployment, isPristine, isDone } = running;
  const saved = revisionOf(observed, deployment?.committed);
  const isOthers = (seen: ChildView | undefined) =>
    ['foreign', 'leaving'].includes(ownershipOf(seen, installation).kind);
  const companions =
    saved && (isDone || !service)
      ? [
          isOthers(service)
            ? undefined
            : need(observed, 'Service', service, saved.ports && serviceWith(installation, saved.ports), true),
          isOthers(budget)
            ? undefined
            : need(
                observed,
                'PodDisruptionBudget',
                budget,
                saved.hasBudget ? budgetFor(installation) : undefined,
                true,
              ),
        ]
      : [];
  const restore = isPristine ? undefined : restoreOf(observed, running);
  return [
    ...companions.filter((action) => action !== undefined),
    ...(deployment && restore ? [restoring(running, restore, culpritOf(deployment))] : []),
  ];
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

/**
 * A new template, or the one that is committed once more. What this build would make of the same inputs may be something
 * else, and a new build restarts nobody: then it is what was saved, or what is there.
 */
function needDeployment(observed: Observed, running: Running, { inputs, isChanged }: Run): Action | undefined {
  const { deployment } = running;
  const want = deploymentOf(inputs);
  const isRenderedAlike = isChanged || want.hash === deployment?.applied;
  const restore = isRenderedAlike ? undefined : restoreOf(observed, running);
  if (restore && deployment) {
    return restoring(running, restore, culpritOf(deployment));
  }
  const committed = !isRenderedAlike && running.isSpecIntact && deployment ? withSpecOf(want, deployment) : want;
  const action = need(observed, 'Deployment', observed.deployment, committed, false);
  return action?.kind === 'apply' && deployment?.ownsReplicas && inputs.shape.replicas === undefined
    ? { ...action, leaveReplicas: deployment.replicas }
    : action;
}

/** What the spec says of late, and the same pods. */
function remembering(observed: Observed, { deployment }: Running, { inputs }: Run): Action | undefined {
  const want = deploymentOf(inputs);
  return need(observed, 'Deployment', deployment, deployment ? withSpecOf(want, deployment) : want, false);
}

function withSpecOf({ object }: Child, { body }: DeploymentView): Child {
  return child({ ...object, spec: deploymentIn(body).spec });
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
    return mayRemove && uid !== undefined ? { kind: 'remove', child: kind, name: installation.name, uid } : undefined;
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
