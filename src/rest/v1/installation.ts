import semver from 'semver';
import type { Outcome } from '../../plan/ask/outcome.ts';
import type { Observed } from '../../plan/state/observed.ts';
import { readState } from '../../plan/state/state.ts';
import { findCondition } from '../../api/conditions.ts';
import type { Installation as Seen } from '../../plan/state/observed.ts';
import type { DeploymentProjection } from '../../reconcile/project-children.ts';
import type { InstallationView } from '../../reconcile/project.ts';
import type { DeploymentState, DryRun, Installation } from './shapes.ts';

/** An installation as the first seed shows it. */
export function installationOf(view: InstallationView): Installation {
  const { spec, status, createdAt } = view;
  const [prefix = '', name = ''] = spec.provider.split('/');
  const accepted = acceptedVersion(view);
  return {
    provider_name: spec.provider,
    prefix,
    name,
    installed_version: accepted,
    current_version: status.currentVersion ?? null,
    latest_version: status.latestVersion ?? null,
    upgrade_available: hasNewer(status, accepted),
    upgrade_policy: spec.upgradePolicy,
    resource_tier: spec.resourceTier,
    config: { ...spec.config },
    installed_at: status.installedAt ?? createdAt,
    created_at: createdAt,
    updated_at: status.updatedAt ?? createdAt,
  };
}

/** Whether one could be had that is newer than what is accepted by now. */
export function hasNewer({ updateCandidates = [] }: Seen['status'], accepted: string): boolean {
  return updateCandidates.some(
    ({ version, takeable }) => takeable && (accepted === '' || semver.gt(version, accepted)),
  );
}

/**
 * The version that was accepted: who asked for an upgrade sees it in the answer, and until the operator has looked. What a
 * window or an age still holds back is none.
 */
export function acceptedVersion({ spec, status, generation }: Pick<Seen, 'spec' | 'status' | 'generation'>): string {
  const { version } = spec;
  const { installedVersion, pendingUpgrade, observedGeneration = -1 } = status;
  const isUnseen = observedGeneration < generation;
  if (version !== undefined && (installedVersion === undefined || (isUnseen && isWanted(version, spec, status)))) {
    return version;
  }
  const onItsWay = pendingUpgrade?.reason === 'UnderWay' ? pendingUpgrade.path.at(-1) : undefined;
  return onItsWay ?? installedVersion ?? '';
}

/** Raised, or lowered with consent; or lowered to no less than what was rolled out last, which takes back what is under way. */
function isWanted(version: string, { upgrade, upgradePolicy }: Seen['spec'], status: Seen['status']): boolean {
  const { installedVersion = version, currentVersion = version } = status;
  return (
    semver.gt(version, installedVersion) ||
    (upgradePolicy === 'manual' && semver.gte(version, currentVersion)) ||
    upgrade?.allowDowngradeTo === version
  );
}

/** The pods of an installation as the first seed shows them. */
export function deploymentOf(
  observed: Observed,
  deployment: DeploymentProjection | undefined,
  now: number,
): DeploymentState {
  const { name, status } = observed.installation;
  const { rollout, isRolledOut, isAvailable } = readState(observed, now);
  const ready = findCondition(status.conditions, 'Ready');
  const isFailed = rollout?.phase === 'failed' || findCondition(status.conditions, 'Stalled')?.status === 'True';
  const isServing = isRolledOut && isAvailable && rollout?.phase === 'done';
  return {
    deployment_name: name,
    status: phaseOf({ isThere: deployment !== undefined, isServing, isFailed }),
    available_replicas: deployment?.available ?? 0,
    ready_replicas: deployment?.ready ?? 0,
    ...(deployment?.version !== undefined && { version: deployment.version }),
    ...(deployment?.image !== undefined && { image: deployment.image }),
    ...(status.updatedAt !== undefined && { updated_at: status.updatedAt }),
    ...(ready && ready.status !== 'True' && { message: ready.message }),
  };
}

function phaseOf({ isThere, isServing, isFailed }: Record<'isThere' | 'isServing' | 'isFailed', boolean>) {
  if (isServing) {
    return 'available';
  }
  if (isFailed) {
    return 'failed';
  }
  return isThere ? 'progressing' : 'pending';
}

export function dryRunOf({ version, path, software, env }: Outcome): DryRun {
  return {
    dry_run: true,
    version: version ?? null,
    path: [...path],
    software: software.map((move) => ({ ...move })),
    env: { added: [...env.added], changed: [...env.changed], removed: [...env.removed] },
  };
}
