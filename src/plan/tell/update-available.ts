import semver from 'semver';
import { verdict, type Verdict } from '../../api/conditions.ts';
import { breakingBetween, whatBreaks } from '../catalogue/breaking.ts';
import type { Assessment } from '../version/assessment.ts';
import type { Release } from '../../api/provider.ts';
import type { BlockReason, PendingUpgrade } from '../../api/upgrade-status.ts';
import { isComing, pendingUpgrade } from './candidates.ts';
import { findRelease, isFading, isForAll, isImageAllowed } from '../catalogue/catalogue.ts';
import { explain, stepsOf } from './explanation.ts';
import type { Findings } from './findings.ts';
import type { Observed } from '../state/observed.ts';

/** Whether something newer is published, and what it takes to get it: information, no part of `Ready`. */
export function updateAvailable(
  { observed, state, decision, outlook, now }: Findings,
  assessments: readonly Assessment[] = [],
): Verdict {
  const { installation, catalogue } = observed;
  const { spec } = installation;
  const isAtRest = decision.kind === 'problem' || (spec.suspend === true && decision.kind !== 'return');
  const version = isAtRest ? state.base?.version : decision.version;
  const unavailable = whyUnavailable(observed, version, state.base?.version);
  if (unavailable !== undefined) {
    return update('Unknown', 'CatalogueUnavailable', unavailable);
  }
  const isRunning = decision.kind === 'keep' || (decision.kind === 'run' && !decision.isChanged);
  if (isRunning && decision.isContentChanged) {
    return update(
      'Unknown',
      'ContentChanged',
      `Release ${version} was published again with other content, which is not rolled out by itself: publish a new version`,
    );
  }
  if (version === undefined) {
    return update('Unknown', 'NotInstalled', 'Nothing is installed yet');
  }
  const step = isAtRest ? undefined : stepOf(outlook && pendingUpgrade(outlook.choice, assessments), version);
  if (step !== undefined) {
    return update('True', 'NewerRelease', step);
  }
  const newer = newerRelease(observed, version);
  const told = mostUseful(assessments, observed, now);
  if (told && outlook && semver.gt(told.release.version, version)) {
    const { reason, message } = explain(told, outlook.input, version);
    return update('True', reason, message);
  }
  if (newer === undefined) {
    return update('False', 'UpToDate', `No newer release than ${version} is published`);
  }
  const release = findRelease(catalogue, newer);
  const crossed = breakingBetween(catalogue, version, newer);
  if (crossed.length > 0) {
    return update('True', 'Breaking', `Set version ${newer} to take it, ${whatBreaks(crossed, newer)}`);
  }
  if (release && isFading(release, now)) {
    return update('True', 'Deprecated', `Set version ${newer} to take it, it is deprecated or expired`);
  }
  return spec.upgradePolicy === 'manual'
    ? update('True', 'NewerRelease', `Set version ${newer} to take it`)
    : update('True', 'NewerRelease', `Release ${newer} is published`);
}

/**
 * The release to speak of: what automation takes by itself; else the newest that somebody gets who names it, and what fades only where
 * nothing better is there; else the newest.
 */
function mostUseful(assessments: readonly Assessment[], { config }: Observed, now: number): Assessment | undefined {
  const forAll = assessments.filter(({ release }) => isFree(release, config));
  const named = forAll.filter(isHadByName);
  return assessments.find(isComing) ?? named.find(({ release }) => !isFading(release, now)) ?? named[0] ?? forAll[0];
}

/** Nobody gets it for now, whoever names it. */
const SHUT: ReadonlySet<BlockReason> = new Set(['Kubernetes', 'SoftwareConflict', 'PreviouslyFailed', 'EnvNotAllowed']);

function isHadByName({ blockedBy, pathByName }: Assessment): boolean {
  return pathByName.length > 0 && !blockedBy.some((reason) => SHUT.has(reason));
}

/** Said while an upgrade of several steps is under way: where it leads. */
function stepOf(pending: PendingUpgrade | undefined, version: string): string | undefined {
  const { reason, path = [], version: goal } = pending ?? {};
  const index = path.indexOf(version);
  return reason === 'UnderWay' && index >= 0
    ? `${version} is a step on the way to ${goal}${stepsOf(path.slice(index + 1))}`
    : undefined;
}

/** Why nothing is known of what comes after `version`, if that is so. */
function whyUnavailable(
  { installation, catalogue, config }: Observed,
  version: string | undefined,
  committed: string | undefined,
): string | undefined {
  const { provider } = installation.spec;
  const fault = catalogue?.invalid.find((r) => r.version === version);
  if (fault) {
    return `Release ${fault.version} cannot be installed any more: ${fault.reason}`;
  }
  if (version === undefined) {
    return catalogue ? undefined : `Provider "${provider}" is not published`;
  }
  const runs = findRelease(catalogue, version);
  if (!runs) {
    return `Release ${version} of "${provider}" is not published: what runs goes on`;
  }
  return version === committed && !isImageAllowed(runs.image, config.allowedImagePrefixes)
    ? `The image of ${version} is not allowed any more ("${runs.image}"): what runs goes on, ask the platform team`
    : undefined;
}

/** The highest release above `version` that anybody may install. */
export function newerRelease({ catalogue, config }: Observed, version: string | undefined): string | undefined {
  const latest = catalogue?.releases.find((r) => isFree(r, config))?.version;
  return latest !== undefined && version !== undefined && semver.gt(latest, version) ? latest : undefined;
}

/** Published for everybody, with an image that is allowed. */
function isFree(release: Release, { allowedImagePrefixes }: Observed['config']): boolean {
  return isForAll(release) && isImageAllowed(release.image, allowedImagePrefixes);
}

function update(status: Verdict['status'], reason: string, message: string): Verdict {
  return verdict('UpdateAvailable', status, reason, message);
}
