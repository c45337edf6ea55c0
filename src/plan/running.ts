import { findCondition } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { findRelease } from './catalogue.ts';
import { isSameSpec } from './children.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { rollbackSettings } from './rollback-settings.ts';
import { inWords, isSameSet, movedSince, parseSoftware, toldSoftware, type SoftwareSet } from './software-set.ts';
import { isUndoneForGood } from './undone.ts';
import { yankedIn } from './yanked-software.ts';
import { readRollout, type Evidence, type Rollout } from './rollout.ts';

/** What runs now, as far as the children and the status tell. */
export interface Running {
  /** The Deployment, where it is ours or an orphan that becomes ours. */
  readonly deployment: DeploymentView | undefined;
  /** What the operator owns in the Deployment is what it applied last. */
  readonly isPristine: boolean;
  /** At least its spec is: what runs is what was applied. */
  readonly isSpecIntact: boolean;
  /** Somebody undid a rollout with which it would be in vain to go on: as where the Deployment is gone, what was done last is what is committed. */
  readonly isDropped: boolean;
  readonly rollout: Rollout | undefined;
  /** The committed template has been rolled out wholly. */
  readonly isDone: boolean;
  /** It was once, whatever its pods do now: nobody goes back behind it. */
  readonly isProven: boolean;
  /** As many pods serve as before, or as are asked for; one, where their number is somebody else's. */
  readonly isAvailable: boolean;
  /** The version committed to the Deployment. */
  readonly installed: string | undefined;
  /** The version whose rollout was done last. */
  readonly stable: string | undefined;
  /** The system software that is committed. */
  readonly software: SoftwareSet;
  /** The system software of the rollout that was done last. */
  readonly stableSoftware: SoftwareSet;
}

/**
 * Children are believed before the status, because the status may have been lost or not yet been written. A Deployment
 * that somebody changed is not: `kubectl rollout undo` brings old annotations back, and the status knows better.
 */
export function readRunning(observed: Observed, now: number): Running {
  const { installation, deployment: child } = observed;
  const { status } = installation;
  const { kind } = ownershipOf(child, installation);
  const deployment = kind === 'ours' || kind === 'orphan' ? child : undefined;
  const isPristine = deployment !== undefined && deployment.applied === deployment.owned;
  const knowsBetter = isPristine || (deployment !== undefined && isNewerThan(status, deployment));
  const wasDone = deployment !== undefined && hasSucceeded(status, deployment);
  // A lost label says nothing against what runs.
  const isSpecIntact = deployment !== undefined && isSameSpec(deployment.applied, deployment.owned);
  const isSettled = wasDone && isSpecIntact && findCondition(status.conditions, 'Reconciling') === undefined;
  const rollout = deployment && readRollout(deployment, evidenceFor(observed, deployment, { wasDone, isSettled, now }));
  const isRolledOut = rollout?.phase === 'done' || rollout?.phase === 'degraded';
  const isDone = isSpecIntact && isRolledOut;
  // What an orphan runs was stable for somebody: to go below it needs consent like any downgrade.
  const isStable = isDone || (isRolledOut && (kind === 'orphan' || isRewritten(deployment)));
  const isProven = isStable || wasDone;
  const isDropped = deployment !== undefined && !knowsBetter && isUndoneForGood(observed, deployment);
  const committed = isDropped ? undefined : deployment;
  const software = softwareOf(status, committed, knowsBetter);
  return {
    deployment,
    isPristine,
    isSpecIntact,
    isDropped,
    rollout,
    isDone,
    isProven,
    isAvailable: isDone || isAvailable(observed, deployment, rollout),
    installed: committed
      ? installedOf(status, committed, knowsBetter)
      : (status.currentVersion ?? status.installedVersion),
    stable:
      isStable || (isPristine && isProven)
        ? deployment?.version
        : stableOf(status, deployment, { knowsBetter: knowsBetter && deployment?.attempt !== undefined, isRolledOut }),
    software,
    // Who brings an old Deployment back brings back what was said of another rollout.
    stableSoftware:
      isProven && isSameSet(software, committedSoftware(deployment))
        ? software
        : softwareBehind(observed, deployment, isProven),
  };
}

/** Of a Deployment that somebody changed, or that is gone, the status knows better. */
function softwareOf(
  status: InstallationStatus,
  deployment: DeploymentView | undefined,
  knowsBetter: boolean,
): SoftwareSet {
  if (!deployment) {
    return toldSoftware(status, 'currentVersion');
  }
  return knowsBetter || !status.systemSoftware?.length
    ? committedSoftware(deployment)
    : toldSoftware(status, 'targetVersion');
}

/** Where the annotation was taken away, what the pods say. */
function committedSoftware(deployment: DeploymentView | undefined): SoftwareSet {
  const { committed, software } = deployment ?? {};
  return parseSoftware(committed ? committed.software : software);
}

/** What the revision has that a rollout under way goes back to. */
function softwareBehind(
  { installation, revisions }: Observed,
  deployment: DeploymentView | undefined,
  isProven: boolean,
): SoftwareSet {
  const saved = isProven ? undefined : revisions.find((r) => r.name === deployment?.attempt?.wayBack);
  return saved ? parseSoftware(saved.committed?.software) : softwareOf(installation.status, undefined, true);
}

/**
 * The Deployment was told at its commit, when the status may not have been written yet; but of one that somebody changed,
 * the status knows better.
 */
function stableOf(
  { currentVersion, history }: InstallationStatus,
  deployment: DeploymentView | undefined,
  { knowsBetter, isRolledOut }: { readonly knowsBetter: boolean; readonly isRolledOut: boolean },
): string | undefined {
  const told = deployment?.stableVersion;
  const known = knowsBetter ? (told ?? currentVersion) : (currentVersion ?? told);
  // Where nothing is told any more, what was rolled out counts as good, whatever somebody changed of it.
  return known ?? (isRolledOut && !history ? deployment?.version : undefined);
}

/** The way back has failed, too: whatever serves is left alone. */
export function isStranded({ rollout, deployment, isProven }: Running): boolean {
  return rollout?.phase === 'failed' && deployment?.attempt?.trigger === 'Rollback' && !isProven;
}

/** What failed and does not go back is no reason to wait: something newer may be the only way out. */
export function isStuck(running: Running): boolean {
  return running.rollout?.phase === 'failed' && !isStranded(running);
}

/** Where the Deployment is gone, what has proven itself comes back first, and not what was being tried. */
function installedOf(
  { installedVersion }: InstallationStatus,
  { version }: DeploymentView,
  knowsBetter: boolean,
): string | undefined {
  return knowsBetter ? version : (installedVersion ?? version);
}

/** What a Deployment says of itself is true as long as nobody changed it, and where no status was written since. */
function isNewerThan({ history = [] }: InstallationStatus, { attempt }: DeploymentView): boolean {
  const [last] = history;
  return attempt !== undefined && last !== undefined && attempt.startedAt > last.startedAt;
}

/** Pods that are still being added are missed by nobody, as long as those that were there are available. */
function isAvailable(
  { installation, revisions }: Observed,
  deployment: DeploymentView | undefined,
  rollout: Rollout | undefined,
): boolean {
  if (!deployment || deployment.available >= deployment.replicas) {
    return deployment !== undefined;
  }
  const wasAvailable = findCondition(installation.status.conditions, 'Available')?.status === 'True';
  // The Deployment controller may add pods of the former template first.
  const saved = revisions.find((r) => r.name === deployment.attempt?.wayBack)?.effective?.tier?.replicas;
  const former = Math.max(1, Math.min(deployment.total - deployment.updated, saved ?? Number.POSITIVE_INFINITY));
  const isAdding = rollout?.phase === 'progressing' || rollout?.phase === 'failed';
  return wasAvailable && isAdding && deployment.available >= former;
}

/** By the history: `kubectl rollout restart` and a template that is healed make the Deployment roll out once more. */
function hasSucceeded({ history = [] }: InstallationStatus, { attempt, version }: DeploymentView): boolean {
  return history.some((h) => h.startedAt === attempt?.startedAt && h.version === version && h.result === 'Succeeded');
}

/** An admission webhook made something else of what was applied: that is what was rolled out. */
function isRewritten(deployment: DeploymentView | undefined): boolean {
  return (
    deployment?.attempt !== undefined && deployment.applied !== deployment.owned && deployment.changed === undefined
  );
}

function evidenceFor(
  observed: Observed,
  deployment: DeploymentView,
  more: Pick<Evidence, 'wasDone' | 'isSettled' | 'now'>,
): Evidence {
  const { installation, catalogue, pods, config } = observed;
  const { version, stableVersion, attempt, image } = deployment;
  const { spec, status } = installation;
  const release = version === (status.currentVersion ?? stableVersion) ? undefined : findRelease(catalogue, version);
  const failed = status.history?.find((h) => h.startedAt === attempt?.startedAt && h.result === 'Failed');
  // Of what failed with the version that runs well only the history tells.
  const told = status.failedVersions?.find((f) => f.version === version && f.image === image);
  return {
    ...more,
    pods,
    deadlineMs: rollbackSettings(spec, config).deadlineSeconds * 1000,
    failure: failed && {
      reason: told?.reason ?? 'RolloutFailed',
      message: failed.message ?? '',
      expires: told?.retryAfter === undefined ? 'never' : 'later',
    },
    yanked:
      release?.lifecycle?.stage === 'yanked' ? (release.lifecycle.message ?? '') : yankedMove(observed, deployment),
  };
}

/** What was withdrawn of the software that the rollout brings, in words. */
function yankedMove(observed: Observed, deployment: DeploymentView): string | undefined {
  const moved = movedSince(softwareBehind(observed, deployment, false), committedSoftware(deployment));
  const yanked = yankedIn(moved, observed.software);
  return yanked.size === 0 ? undefined : inWords(yanked);
}
