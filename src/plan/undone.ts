import type { InstallationStatus } from '../api/installation.ts';
import { undoneRollout } from './attempt.ts';
import { findRelease } from './catalogue.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { movedSince, type SoftwareSet } from './software-set.ts';
import { yankedIn } from './yanked-software.ts';

/** The system software that a status tells of: what is to run, or what was rolled out last. */
export function toldSoftware(
  { systemSoftware = [] }: InstallationStatus,
  version: 'targetVersion' | 'currentVersion',
): SoftwareSet {
  return new Map(systemSoftware.flatMap((s) => (s[version] === undefined ? [] : [[s.name, s[version]] as const])));
}

/**
 * Somebody undid a rollout in its midst, and what it was to bring was yanked since. It would go on otherwise; but it would
 * only go back again, as all that is yanked before it is done.
 */
export function isUndoneForGood(
  { installation: { status }, catalogue, software }: Observed,
  { attempt }: DeploymentView,
): boolean {
  const { currentVersion, installedVersion } = status;
  // Where nothing was ever done, there is nothing that could stay instead.
  if (currentVersion === undefined || !undoneRollout(status, attempt)) {
    return false;
  }
  const release = installedVersion === currentVersion ? undefined : findRelease(catalogue, installedVersion);
  const moved = movedSince(toldSoftware(status, 'currentVersion'), toldSoftware(status, 'targetVersion'));
  return release?.lifecycle?.stage === 'yanked' || yankedIn(moved, software).size > 0;
}
