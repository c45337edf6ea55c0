import { epoch } from '../api/time.ts';
import { findRelease } from './catalogue.ts';
import { isSameSpec } from './children.ts';
import type { DeploymentView, Observed, RolloutRecord } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { endedAt, isProven, wasGivenUp } from './record.ts';
import { rollbackSettings } from './rollback-settings.ts';
import { headOf } from './place.ts';
import { readRollout, type Evidence, type Rollout } from './rollout.ts';
import { inWords, movedSince, NO_SOFTWARE, parseSoftware, type SoftwareSet } from './software-set.ts';
import { yankedIn } from './yanked-software.ts';

/** One word for what an installation is in: logs, tests and docs use it. */
export type StateName =
  /** No Deployment, and nothing that was ever done: the first install. */
  | 'Absent'
  /** The Deployment is gone: what is stable comes back before anything else is decided. */
  | 'Lost'
  /** Nobody knows what the Deployment was made from: it is recorded as it stands. */
  | 'Unrecorded'
  /** Somebody brought an older Deployment back whole: what is stable is applied again. */
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
  /** What is stable was applied again, and is not complete yet. */
  | 'Returning'
  /** That failed, too: whatever serves is left alone. */
  | 'Stranded'
  /** It was done, and somebody changed what the operator owns. */
  | 'Drifted'
  /** It was done, and nothing is wrong with it. */
  | 'Settled'
  /** It was done, and its pods became unavailable. */
  | 'Degraded';

/** What is there, read once for each look: from the records, the Deployment and its pods, and never from the status. */
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
  /** What the next decision starts from: the head, or what is stable where the head is over. */
  readonly base: RolloutRecord | undefined;
  /** Whether the head was ever done: `now` is found by this look, and marked by it. */
  readonly done: 'never' | 'once' | 'now';
  /** A newer record than the head, which ended before what is stable was applied again. */
  readonly abandoned: RolloutRecord | undefined;
  /** That is not complete yet. */
  readonly isReturning: boolean;
  /** What the operator owns in the Deployment is what the head says. */
  readonly isPristine: boolean;
  /** At least its spec is: what runs is what was applied. */
  readonly isIntact: boolean;
  /** How the head fares; absent where it does not stand. */
  readonly rollout: Rollout | undefined;
  /** Its template is rolled out, whatever its pods do since. */
  readonly isRolledOut: boolean;
  /** As many pods serve as before, or as are asked for; one, where their number is somebody else's. */
  readonly isAvailable: boolean;
  /** The system software of the base. */
  readonly software: SoftwareSet;
  readonly stableSoftware: SoftwareSet;
}

export function readState(observed: Observed, now: number): State {
  const { installation, deployment: child } = observed;
  const { kind } = ownershipOf(child, installation);
  const deployment = kind === 'ours' || kind === 'orphan' ? child : undefined;
  const records = recordsOf(observed, deployment);
  const proven = records.find(isProven);
  const head = deployment && headOf(deployment, records);
  const isUndone = head !== undefined && deployment?.template !== head.template;
  const isOutdated = head !== undefined && proven !== undefined && head.number < proven.number;
  const isOver = head !== undefined && !isProven(head) && (isUndone || head.mark.supersededAt !== undefined);
  const stands = head !== undefined && !isUndone && !isOutdated && !isOver;
  const abandoned =
    head !== undefined && head === proven ? records.find((r) => r.number > head.number && wasGivenUp(r)) : undefined;
  const isPristine = kind === 'ours' && head !== undefined && deployment?.owned === head.applied;
  // A lost label says nothing against what runs.
  const isIntact = head !== undefined && isSameSpec(head.applied, deployment?.owned);
  const seen = { deployment, head, stands, proven, abandoned, isIntact };
  const deadlineMs = rollbackSettings(installation.spec, observed.config).deadlineSeconds * 1000;
  const verdict = (isReturning: boolean) =>
    stands && deployment && head
      ? readRollout(deployment, evidenceFor(observed, { ...seen, deployment, head, isReturning, deadlineMs, now }))
      : undefined;
  const isReturning = isOnItsWayBack(seen, deadlineMs) && verdict(false)?.phase !== 'done';
  const rollout = verdict(isReturning);
  const isRolledOut = stands && isIntact && (rollout?.phase === 'done' || rollout?.phase === 'degraded');
  const done = doneOf(seen, rollout);
  const stable = done === 'now' ? head : proven;
  const base = stands || (isUndone && head === proven) ? head : stable;
  return {
    name: nameOf({ ...seen, isUndone, isOutdated, isOver, isPristine, isReturning, rollout, done }),
    deployment,
    records,
    head,
    stands,
    stable,
    base,
    done,
    abandoned,
    isReturning,
    isPristine,
    isIntact,
    rollout,
    isRolledOut,
    isAvailable: isRolledOut || isAvailable(deployment, rollout, proven),
    software: softwareOf(base),
    stableSoftware: softwareOf(stable),
  };
}

/**
 * The records that count, newest first. One without an owner was left behind by an earlier installation of this name: it
 * comes with the Deployment that was left behind with it, if it is of the same provider.
 */
export function recordsOf(
  { installation, revisions }: Pick<Observed, 'installation' | 'revisions'>,
  deployment: DeploymentView | undefined,
): readonly RolloutRecord[] {
  return revisions
    .filter((r) => r.kind === 'record')
    .filter(
      ({ owner, provider }) =>
        owner?.uid === installation.uid || (!owner && deployment && provider === installation.spec.provider),
    )
    .sort((a, b) => b.number - a.number);
}

interface Seen {
  readonly deployment: DeploymentView | undefined;
  readonly head: RolloutRecord | undefined;
  readonly stands: boolean;
  readonly proven: RolloutRecord | undefined;
  readonly abandoned: RolloutRecord | undefined;
  readonly isIntact: boolean;
}

/**
 * No mark says when what is stable has arrived. The Deployment controller does, in the condition `Progressing`; and where
 * somebody else wrote to the Deployment since, it alone is believed.
 */
function isOnItsWayBack({ deployment, stands, abandoned }: Seen, deadlineMs: number): boolean {
  if (!stands || !deployment || !abandoned || deployment.changed !== undefined) {
    return false;
  }
  const isObserved = deployment.observedGeneration >= deployment.generation;
  const hasArrived = isObserved && deployment.progress === 'NewReplicaSetAvailable';
  // What is applied later heals it.
  const latest = epoch(endedAt(abandoned) ?? '') + deadlineMs;
  return !hasArrived && epoch(deployment.appliedAt ?? '') <= latest;
}

interface Judged extends Seen {
  readonly deployment: DeploymentView;
  readonly head: RolloutRecord;
  readonly isReturning: boolean;
  readonly deadlineMs: number;
  readonly now: number;
}

function evidenceFor(observed: Observed, judged: Judged): Evidence {
  const { catalogue, pods, software, writtenGeneration = Number.POSITIVE_INFINITY } = observed;
  const { deployment, head, proven, isIntact, isReturning, deadlineMs, now } = judged;
  const { createdAt, appliedAt = head.startedAt } = deployment;
  const wasDone = isProven(head);
  const release = wasDone || head.version === proven?.version ? undefined : findRelease(catalogue, head.version);
  const moved = wasDone ? NO_SOFTWARE : yankedIn(movedSince(softwareOf(proven), softwareOf(head)), software);
  const yanked = moved.size === 0 ? undefined : inWords(moved);
  return {
    pods,
    now,
    deadlineMs,
    // A Deployment that was made again later, as by the restore of a backup, has not had its time yet.
    startedAt: wasDone ? appliedAt : later(head.startedAt, createdAt),
    isReturning,
    wasDone: wasDone && !isReturning,
    // What the operator wrote is rolled out, and what somebody wrote since took nothing of that: it is no rollout.
    isSettled: wasDone && isIntact && deployment.observedGeneration >= writtenGeneration,
    failure: head.mark.failure,
    yanked: release?.lifecycle?.stage === 'yanked' ? (release.lifecycle.message ?? '') : yanked,
  };
}

function later(a: string, b: string): string {
  return epoch(b) > epoch(a) ? b : a;
}

function doneOf({ deployment, head, stands, isIntact }: Seen, rollout: Rollout | undefined): State['done'] {
  if (head && isProven(head)) {
    return 'once';
  }
  // An admission webhook made something else of what was applied: then that is what was rolled out.
  const isRewritten = deployment?.changed === undefined;
  const isComplete = stands && rollout?.phase === 'done' && (isIntact || isRewritten);
  // Where no pod is asked for, nothing is proven.
  return isComplete && deployment && Math.min(deployment.available, deployment.updated) > 0 ? 'now' : 'never';
}

function nameOf({
  deployment,
  head,
  proven,
  isUndone,
  isOutdated,
  isOver,
  isPristine,
  isReturning,
  rollout,
  done,
}: Seen &
  Pick<State, 'isPristine' | 'isReturning' | 'rollout' | 'done'> & {
    readonly isUndone: boolean;
    readonly isOutdated: boolean;
    readonly isOver: boolean;
  }): StateName {
  if (!deployment) {
    return proven ? 'Lost' : 'Absent';
  }
  if (!head) {
    return 'Unrecorded';
  }
  if (isOutdated) {
    return 'Outdated';
  }
  if (isUndone) {
    return 'Undone';
  }
  if (isOver) {
    return 'Superseded';
  }
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
      return done === 'now' ? 'Completed' : 'Settled';
    case 'progressing':
    case undefined:
      return 'RollingOut';
  }
}

/** Pods that are still being added are missed by nobody, as long as those that were there are available. */
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

function softwareOf(record: RolloutRecord | undefined): SoftwareSet {
  return record ? parseSoftware(record.committed.software) : NO_SOFTWARE;
}

/** What failed and does not go back is no reason to wait: something newer may be the only way out. */
export function isStuck({ rollout, name }: State): boolean {
  return rollout?.phase === 'failed' && name !== 'Stranded';
}
