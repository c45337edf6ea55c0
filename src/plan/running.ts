import { findCondition } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { isSameSpec } from './children.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { readRollout, type Rollout } from './rollout.ts';

/** What runs now, as far as the children and the status tell. */
export interface Running {
  /** The Deployment, where it is ours or an orphan that becomes ours. */
  readonly deployment: DeploymentView | undefined;
  /** What the operator owns in the Deployment is what it applied last. */
  readonly isPristine: boolean;
  /** At least its spec is: what runs is what was applied. */
  readonly isSpecIntact: boolean;
  readonly rollout: Rollout | undefined;
  /** The committed template has been rolled out wholly. */
  readonly isDone: boolean;
  /** As many pods serve as before, or as are asked for. */
  readonly isAvailable: boolean;
  /** The version committed to the Deployment. */
  readonly installed: string | undefined;
  /** The version whose rollout was done last. */
  readonly stable: string | undefined;
}

/**
 * Children are believed before the status, because the status may have been lost or not yet been written. A Deployment
 * that somebody changed is not: `kubectl rollout undo` brings old annotations back, and the status knows better.
 */
export function readRunning({ installation, deployment: child }: Observed): Running {
  const { status } = installation;
  const { kind } = ownershipOf(child, installation);
  const deployment = kind === 'ours' || kind === 'orphan' ? child : undefined;
  const isPristine = deployment !== undefined && deployment.applied === deployment.owned;
  const rollout = deployment && readRollout(deployment);
  const isRolledOut = rollout?.phase === 'done' || rollout?.phase === 'degraded';
  // A lost label says nothing against what runs.
  const isSpecIntact = deployment !== undefined && isSameSpec(deployment.applied, deployment.owned);
  const isDone = isSpecIntact && isRolledOut;
  // What an orphan runs was stable for somebody: to go below it needs consent like any downgrade.
  const isStable = isDone || (kind === 'orphan' && isRolledOut);
  return {
    deployment,
    isPristine,
    isSpecIntact,
    rollout,
    isDone,
    isAvailable: isAvailable(status, deployment, rollout),
    installed: isPristine ? deployment?.version : (status.installedVersion ?? deployment?.version),
    stable: isStable ? deployment?.version : (status.currentVersion ?? deployment?.stableVersion),
  };
}

/** Pods that are still being added are missed by nobody, as long as those that were there are available. */
function isAvailable(
  { conditions }: InstallationStatus,
  deployment: DeploymentView | undefined,
  rollout: Rollout | undefined,
): boolean {
  if (!deployment || deployment.available >= deployment.replicas) {
    return deployment !== undefined;
  }
  const wasAvailable = findCondition(conditions, 'Available')?.status === 'True';
  const former = Math.max(1, deployment.total - deployment.updated);
  const isAdding = rollout?.phase === 'progressing' || rollout?.phase === 'failed';
  return wasAvailable && isAdding && deployment.available >= former;
}
