import { epoch } from '../../api/time.ts';
import { isExactVersion } from '../../api/version.ts';
import { isSameSpec } from './owned-hash.ts';
import { evidenceFor } from './evidence.ts';
import type { DeploymentView, Observed, RolloutRecord } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { isProven, LONGEST_UNTIL_APPLIED_MS, recordsOf, returnedAt, softwareOf, wasGivenUp } from './record.ts';
import { rollbackSettings } from './rollback-settings.ts';
import { headOf } from './place.ts';
import { readRollout, type Rollout } from './rollout.ts';
import type { SoftwareSet } from '../software/set.ts';

/** One word for what an installation is in: logs, tests and docs use it. */
export type StateName =
  /** No Deployment, or one of no version, and nothing that was ever done: the first install. */
  | 'Absent'
  /** The Deployment is gone: what is stable comes back before anything else is decided. */
  | 'Lost'
  /** The Deployment has no record, so that its inputs are not known: it is recorded as it stands. */
  | 'Unrecorded'
  /** Somebody brought back an older Deployment whole, or one of no version: what is stable is applied again. */
  | 'Outdated'
  /** `kubectl rollout undo`: the pods are made of another record than the Deployment says. */
  | 'Undone'
  /** It was given up, and the Deployment still has it. */
  | 'Superseded'
  /** Somebody paused the Deployment: it takes no new template. */
  | 'Paused'
  | 'RollingOut'
  /** It is complete for the first time, and is marked now. */
  | 'Completed'
  | 'Failed'
  /** The stable record was applied again, and is not complete yet. */
  | 'Returning'
  /** That failed, too: whatever serves is left alone. */
  | 'Stranded'
  /** It was done, and somebody changed what the operator owns. */
  | 'Drifted'
  /** It was done, and nothing is wrong with it. */
  | 'Settled'
  /** It was done, and its pods became unavailable. */
  | 'Degraded';

/** The state of an installation, read once for each look: from records, Deployment and pods, never from the status. */
export interface State {
  readonly name: StateName;
  /** The Deployment, where it is ours or an orphan that becomes ours. */
  readonly deployment: DeploymentView | undefined;
  /** The records of this installation, newest first. */
  readonly records: readonly RolloutRecord[];
  /** The record that the Deployment names. Absent: it names none, or there is no Deployment. */
  readonly head: RolloutRecord | undefined;
  /** The pods are made of the head, and it is the one that they should be made of: verdicts speak of it. */
  readonly stands: boolean;
  /** The newest record that was done, be it now. Absent: none ever was. */
  readonly stable: RolloutRecord | undefined;
  /** The record from which the next decision starts: the head, or the stable one where the head is over. */
  readonly base: RolloutRecord | undefined;
  /** Whether the head was ever done: `now` is found by this look, and marked by it. */
  readonly done: 'never' | 'once' | 'now';
  /** A newer record than the head, which ended before what is stable was applied again. */
  readonly abandoned: RolloutRecord | undefined;
  /** That is not complete yet. */
  readonly isReturning: boolean;
  /** Every field that the operator owns in the Deployment is as the head says. */
  readonly isPristine: boolean;
  /** At least its spec is: what runs is what was applied. */
  readonly isIntact: boolean;
  /** How the head fares; absent where it does not stand. */
  readonly rollout: Rollout | undefined;
  /** Its template is rolled out, whatever its pods do since. */
  readonly isRolledOut: boolean;
  /** The Deployment has as many available pods as it asks for; in a rollout that adds pods, as many as before. */
  readonly isAvailable: boolean;
  /** A pod is asked for: without one nothing can be proven, and nothing begins by itself. */
  readonly hasPods: boolean;
  /** The value of `…/restart` that is asked for. Who names none asks for the one that the pods have. */
  readonly restart: string | undefined;
  /** The system software of the base. */
  readonly software: SoftwareSet;
  readonly stableSoftware: SoftwareSet;
}

export function readState(observed: Observed, now: number): State {
  const { installation, deployment: child, config } = observed;
  const { kind } = ownershipOf(child, installation);
  const deployment = kind === 'ours' || kind === 'orphan' ? child : undefined;
  const records = recordsOf(installation, deployment, observed.revisions);
  const proven = records.find(isProven);
  const head = deployment && headOf(deployment, records);
  const standing = standingOf(deployment, head, proven);
  const stands = standing === undefined;
  // A lost label says nothing against what runs.
  const isIntact = head !== undefined && isSameSpec(head.applied, deployment?.owned);
  const isPristine = kind === 'ours' && head !== undefined && deployment?.owned === head.applied;
  const given = head && head === proven ? records.find((r) => r.number > head.number && wasGivenUp(r)) : undefined;
  const deadlineMs = rollbackSettings(installation.spec, config).deadlineSeconds * 1000;
  const verdict = (isReturning: boolean) =>
    stands && deployment && head
      ? readRollout(
          deployment,
          evidenceFor(observed, { deployment, head, proven, given, isIntact, isReturning, deadlineMs, now }),
        )
      : undefined;
  const mayReturn = stands && deployment && given && isOnItsWayBack(deployment, given);
  const isReturning = mayReturn === true && verdict(false)?.phase !== 'done';
  const rollout = verdict(isReturning);
  const done = doneOf(deployment, head, rollout, isIntact);
  const stable = done === 'now' ? head : proven;
  const base = stands ? head : stable;
  const pods = standing === 'Unrecorded' ? deployment : base;
  const isRolledOut = isIntact && (rollout?.phase === 'done' || rollout?.phase === 'degraded');
  return {
    name: standing ?? nameOf({ rollout, isReturning, isPristine, done }),
    deployment,
    records,
    head,
    stands,
    stable,
    base,
    done,
    abandoned: given,
    isReturning,
    isPristine,
    isIntact,
    rollout,
    isRolledOut,
    isAvailable: isAvailable(deployment, rollout, proven),
    hasPods: deployment?.replicas !== 0,
    restart: installation.restart ?? pods?.restart,
    software: softwareOf(base),
    stableSoftware: softwareOf(stable),
  };
}

/** Why the pods are not those of a record that they should be made of; undefined where they are. */
function standingOf(
  deployment: DeploymentView | undefined,
  head: RolloutRecord | undefined,
  proven: RolloutRecord | undefined,
): StateName | undefined {
  if (!deployment) {
    return proven ? 'Lost' : 'Absent';
  }
  if (proven && (head?.number ?? deployment.record ?? Infinity) < proven.number) {
    return 'Outdated';
  }
  if (!head) {
    const unnamed = proven ? 'Outdated' : 'Absent';
    return isExactVersion(deployment.version ?? '') ? 'Unrecorded' : unnamed;
  }
  // Where nobody wrote to it since, an admission webhook took the number away.
  if (deployment.template !== head.template && deployment.changed !== undefined) {
    return 'Undone';
  }
  return !isProven(head) && head.mark.supersededAt !== undefined ? 'Superseded' : undefined;
}

/**
 * No mark says when what is stable has arrived. The Deployment controller does, in the condition `Progressing`; and where
 * somebody else wrote to the Deployment since, it alone is believed.
 */
function isOnItsWayBack(deployment: DeploymentView, given: RolloutRecord): boolean {
  const { observedGeneration, generation, progress, changed, appliedAt = '' } = deployment;
  const hasArrived = observedGeneration >= generation && progress === 'NewReplicaSetAvailable';
  // The mark comes right before it. What is applied later only heals it.
  const isOfMark = epoch(appliedAt) <= epoch(returnedAt(given) ?? '') + LONGEST_UNTIL_APPLIED_MS;
  return !hasArrived && changed === undefined && isOfMark;
}

function doneOf(
  deployment: DeploymentView | undefined,
  head: RolloutRecord | undefined,
  rollout: Rollout | undefined,
  isIntact: boolean,
): State['done'] {
  if (head && isProven(head)) {
    return 'once';
  }
  // Where no pod is asked for, nothing is proven.
  const serves = deployment !== undefined && Math.min(deployment.available, deployment.updated) > 0;
  return rollout?.phase === 'done' && isIntact && serves ? 'now' : 'never';
}

/** Where all pods are new and available; with no pod at all, or with fields that somebody changed, it proves nothing. */
const BY_DONE = { now: 'Completed', once: 'Settled', never: 'RollingOut' } as const;

function nameOf({
  rollout,
  isReturning,
  isPristine,
  done,
}: Pick<State, 'rollout' | 'isReturning' | 'isPristine' | 'done'>): StateName {
  if (rollout?.phase === 'paused') {
    return 'Paused';
  }
  if (isReturning) {
    return rollout?.phase === 'failed' ? 'Stranded' : 'Returning';
  }
  if (done === 'once' && !isPristine) {
    return 'Drifted';
  }
  switch (rollout?.phase) {
    case 'failed':
      return 'Failed';
    case 'degraded':
      return 'Degraded';
    case 'done':
      return BY_DONE[done];
    case 'progressing':
    case undefined:
      return 'RollingOut';
  }
}

/** Pods that a rollout is adding are missed by nobody, as long as those that were there are available. */
function isAvailable(
  deployment: DeploymentView | undefined,
  rollout: Rollout | undefined,
  proven: RolloutRecord | undefined,
): boolean {
  if (!deployment || deployment.available >= deployment.replicas) {
    return deployment !== undefined;
  }
  // The Deployment controller may add pods of the former template first.
  const before = proven?.effective.tier?.replicas ?? Number.POSITIVE_INFINITY;
  const old = deployment.total - deployment.updated;
  const former = Math.max(1, Math.min(old > 0 ? old : deployment.replicas, before));
  const isAdding = rollout?.phase === 'progressing' || rollout?.phase === 'failed';
  return proven !== undefined && isAdding && deployment.available >= former;
}

/** A failed rollout that does not go back is no reason to wait: something newer may be the only way out. What was done is no rollout. */
export function isStuck({ rollout, name, done }: State): boolean {
  return rollout?.phase === 'failed' && done === 'never' && name !== 'Stranded';
}
