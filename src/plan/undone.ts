import type { InstallationStatus } from '../api/installation.ts';
import type { Attempt } from './attempt.ts';
import { findRelease } from './catalogue.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { movedSince, toldSoftware } from './software-set.ts';
import { yankedIn } from './yanked-software.ts';

type Told = NonNullable<InstallationStatus['history']>[number];

/**
 * The rollout that was told of last, where the Deployment tells of one before it: somebody brought that one back, as
 * `kubectl rollout undo` does with the template and the annotations of a Deployment.
 */
export function undoneRollout(
  { history: [last] = [] }: InstallationStatus,
  attempt: Attempt | undefined,
): Told | undefined {
  return attempt && last && attempt.startedAt < last.startedAt ? last : undefined;
}

/** The same, as long as it has not been healed: who asks for the older one by now has it rolled out as it is. */
export function undoneUnhealed(
  status: InstallationStatus,
  deployment: Pick<DeploymentView, 'attempt' | 'applied' | 'owned'> | undefined,
): Told | undefined {
  return deployment && deployment.applied !== deployment.owned ? undoneRollout(status, deployment.attempt) : undefined;
}

/**
 * Somebody undid a rollout in its midst, and what it was to bring was yanked since. To go on with it would be in vain: all
 * that is yanked before it is done is taken back.
 */
export function isUndoneForGood(
  { installation: { status }, catalogue, software }: Observed,
  deployment: DeploymentView,
): boolean {
  const { currentVersion, installedVersion } = status;
  // Where nothing was ever done, there is nothing that could stay instead.
  if (currentVersion === undefined || !undoneUnhealed(status, deployment)) {
    return false;
  }
  const release = installedVersion === currentVersion ? undefined : findRelease(catalogue, installedVersion);
  const moved = movedSince(toldSoftware(status, 'currentVersion'), toldSoftware(status, 'targetVersion'));
  return release?.lifecycle?.stage === 'yanked' || yankedIn(moved, software).size > 0;
}
