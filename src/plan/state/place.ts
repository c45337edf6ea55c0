import type { OperatorConfig } from '../../api/operator-config.ts';
import { epoch } from '../../api/time.ts';
import type { DeploymentView, RolloutRecord } from './observed.ts';
import { begunRecord, isOpen, LONGEST_UNTIL_APPLIED_MS } from './record.ts';
import { isAutomatic } from './trigger.ts';

interface Head {
  readonly deployment: Pick<DeploymentView, 'record' | 'template'> | undefined;
  readonly head: RolloutRecord | undefined;
  /** Newest first. */
  readonly records: readonly RolloutRecord[];
}

/**
 * When the place in the fleet is free again that a rollout holds, in milliseconds since the epoch: after the platform's
 * deadline, whatever its own says, and the time that it may take to mark what failed by then. Undefined where it holds none:
 * nobody waits for a rollout that was asked for, was done, has failed, or was undone. A record whose Deployment is not there
 * may be about to get it, or the write of that got no answer: it holds a place for as long as another process may need to
 * take over.
 */
export function placeEndsAt({ deployment, head, records }: Head, { defaults }: OperatorConfig): number | undefined {
  const begun = begunRecord({ records, head });
  const isUnderWay = head && isAutomatic(head.trigger) && isOpen(head) && deployment?.template === head.template;
  const starts = [
    begun && isAutomatic(begun.trigger) ? epoch(begun.startedAt) : undefined,
    isUnderWay ? epoch(head.startedAt) + defaults.progressDeadlineSeconds * 1000 : undefined,
  ].filter((start) => start !== undefined);
  return starts.length > 0 ? Math.max(...starts) + LONGEST_UNTIL_APPLIED_MS : undefined;
}

/** The record that a Deployment names; where somebody took its label, the one of which its pods are made. */
export function headOf(deployment: Head['deployment'], records: readonly RolloutRecord[]): RolloutRecord | undefined {
  return (
    records.find((r) => r.number === deployment?.record) ??
    records.find((r) => r.template !== undefined && r.template === deployment?.template)
  );
}
