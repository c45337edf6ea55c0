import type { Action } from './action.ts';
import { budgetFor, deploymentOf } from '../pods/children.ts';
import { culpritOf } from './culprit.ts';
import type { Decision } from '../decide/decision.ts';
import { need } from './need.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import { straysOf, surplusOf } from './retention.ts';
import { serviceFor, type Serving } from '../pods/service.ts';
import type { State } from '../state/state.ts';

/** The writes that keep the children as the record of the running pods says, whatever the spec asks for. Empty where they are. */
export function upkeep(observed: Observed, state: State, decision: Decision): Action[] {
  const { installation, service, budget } = observed;
  const { base, head, isRolledOut } = state;
  if (!base || base !== head) {
    return [];
  }
  // Until the new pods serve, the Service keeps the ports of the old ones.
  const serving = isRolledOut ? undefined : servingNow(observed, state);
  const want = serviceFor(installation, { ports: base.ports, numbers: state.deployment?.ports }, serving);
  const surplus = [...straysOf(observed, state), ...surplusOf(state)];
  return [
    need(observed, 'Service', service, want, isRolledOut),
    need(observed, 'PodDisruptionBudget', budget, base.hasBudget ? budgetFor(installation) : undefined, true),
    state.isPristine ? undefined : healing(observed, state, base, decision),
    ...surplus.map(removing),
  ].filter((action) => action !== undefined);
}

export function removing({ name, uid }: Pick<RolloutRecord, 'name' | 'uid'>): Action {
  return { kind: 'remove', child: 'ControllerRevision', name, uid };
}

/** The ports that serve until a rollout is done: those of the Service, or of the stable record where somebody deleted it. */
export function servingNow({ service }: Observed, { deployment, stable }: State): Serving {
  return { ports: service?.ports ?? stable?.ports ?? [], numbers: deployment?.ports ?? new Map<string, number>() };
}

/**
 * The Deployment as its record says. Where the spec and the catalogue still make the same of it, that saves reading the
 * record.
 */
function healing(observed: Observed, state: State, head: RolloutRecord, decision: Decision): Action | undefined {
  const { deployment } = state;
  const want = decision.kind === 'run' ? deploymentOf(decision.inputs) : undefined;
  if (want?.hash !== head.applied) {
    return deployment && restoring(state, head, culpritOf(deployment));
  }
  const action = need(observed, 'Deployment', deployment, want);
  return action?.kind === 'apply' && action.uid !== undefined && deployment
    ? { ...action, heals: culpritOf(deployment, want.object), ...leavingReplicas(state, head) }
    : action;
}

/** The number of pods to leave where the record has none of its own, as with an autoscaler. */
function leavingReplicas({ deployment }: State, { effective }: RolloutRecord): { readonly leaveReplicas?: number } {
  return deployment?.ownsReplicas && effective.tier?.replicas === undefined
    ? { leaveReplicas: deployment.replicas }
    : {};
}

/** Applies what a record has. */
export function restoring(state: State, record: RolloutRecord, heals: string | undefined): Action {
  return {
    kind: 'restore',
    child: 'Deployment',
    uid: state.deployment?.uid,
    record: record.name,
    ...leavingReplicas(state, record),
    heals,
  };
}
