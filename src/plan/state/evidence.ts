import { epoch, timestamp } from '../../api/time.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import type { DeploymentView, Observed, RolloutRecord } from './observed.ts';
import { isProven, softwareOf } from './record.ts';
import type { Evidence } from './rollout.ts';
import { inWords, movedSince } from '../software/set.ts';
import { yankedIn } from '../software/yanked.ts';

/** The Deployment to judge, and the records around it. */
interface Judged {
  readonly deployment: DeploymentView;
  readonly head: RolloutRecord;
  readonly proven: RolloutRecord | undefined;
  readonly given: RolloutRecord | undefined;
  readonly isIntact: boolean;
  readonly isReturning: boolean;
  readonly deadlineMs: number;
  readonly now: number;
}

/** Gathers the evidence for a verdict: when its time began, what is known already, and what was yanked since. */
export function evidenceFor(observed: Observed, judged: Judged): Evidence {
  const { pods, writtenGeneration = Number.POSITIVE_INFINITY } = observed;
  const { deployment, head, proven, given, isIntact, isReturning, deadlineMs, now } = judged;
  const { appliedAt = head.startedAt, observedGeneration } = deployment;
  const wasDone = isProven(head);
  return {
    pods,
    now,
    deadlineMs,
    startedAt: wasDone ? appliedAt : openSince(deployment, head, now),
    isReturning,
    wasDone: wasDone && !isReturning,
    // The operator's write is rolled out, and nobody has changed a field of it since: a new generation is no rollout.
    isSettled: wasDone && isIntact && observedGeneration >= writtenGeneration,
    failure: isReturning ? given?.mark.returnFailure : head.mark.failure,
    yanked: wasDone ? undefined : yankedSince(observed, head, proven),
  };
}

/**
 * When the time of a rollout that is not done began. A Deployment that was made again later, as by the restore of a backup, has not had
 * its time yet. Nor has one that was complete without a pod, until pods are asked for: the controller tells since when they are missing.
 */
function openSince(
  { createdAt, progress, unavailableSince }: DeploymentView,
  head: RolloutRecord,
  now: number,
): string {
  const begun = later(head.startedAt, createdAt);
  return progress === 'NewReplicaSetAvailable' ? later(begun, unavailableSince ?? timestamp(now)) : begun;
}

/** Why the release or the software of a rollout was yanked, in words. Undefined where nothing was. */
function yankedSince(
  { catalogue, software }: Observed,
  head: RolloutRecord,
  proven: RolloutRecord | undefined,
): string | undefined {
  const lifecycle = head.version === proven?.version ? undefined : findRelease(catalogue, head.version)?.lifecycle;
  if (lifecycle?.stage === 'yanked') {
    return lifecycle.message ?? '';
  }
  const moved = yankedIn(movedSince(softwareOf(proven), softwareOf(head)), software);
  return moved.size === 0 ? undefined : inWords(moved);
}

function later(a: string, b: string): string {
  return epoch(b) > epoch(a) ? b : a;
}
