import type { DeploymentObject, InstallationObject } from './kubectl.ts';

/** One version of an object, as a watch told it. */
export interface Version<T> {
  readonly type: string;
  readonly object: T;
  /** When it was seen, in milliseconds. */
  readonly at: number;
}

/** What the operator had seen when it wrote: nothing that was younger, and on a busy machine nothing of the last seconds. */
const UNSEEN_FOR_MS = 5000;

/**
 * Judges each `Available` that the operator wrote by the pods that the Deployment counts, then or just before. In a rollout it is enough
 * that some serve; elsewhere all that are asked for.
 */
export function availabilityLieOf(
  { object: installation, at }: Version<InstallationObject>,
  former: InstallationObject | undefined,
  before: readonly Version<DeploymentObject>[],
): string | undefined {
  const { metadata, status } = installation;
  const available = conditionOf(installation, 'Available');
  const isNew = JSON.stringify(status.conditions) !== JSON.stringify(former?.status.conditions);
  if (!isNew || available === undefined || available === 'Unknown') {
    return undefined;
  }
  const lately = before.filter((_, i) => i === before.length - 1 || (before[i + 1]?.at ?? at) > at - UNSEEN_FOR_MS);
  const isRollingOut = conditionOf(installation, 'Ready') !== 'True';
  const says = (d: Version<DeploymentObject>) =>
    available === 'True'
      ? d.type !== 'DELETED' && serves(d.object, isRollingOut)
      : d.type === 'DELETED' || !serves(d.object, false);
  // What is not there, or is not its own, serves nobody.
  const isNothing = available === 'False' && !lately.some(({ object }) => isOf(object, installation));
  return isNothing || lately.some(says)
    ? undefined
    : `${metadata.namespace}/${metadata.name} (${metadata.resourceVersion}) says that Available is ${available}, and of its pods ${lately.map(({ object }) => `${object.status.availableReplicas ?? 0}/${object.spec.replicas}`).join(', ') || 'none'} are`;
}

function conditionOf({ status }: InstallationObject, type: string): string | undefined {
  return status.conditions?.find((c) => c.type === type)?.status;
}

function serves({ spec, status }: DeploymentObject, isRollingOut: boolean): boolean {
  const available = status.availableReplicas ?? 0;
  return available >= spec.replicas || (isRollingOut && available > 0);
}

function isOf({ metadata }: DeploymentObject, installation: InstallationObject): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === installation.metadata.uid) === true;
}
