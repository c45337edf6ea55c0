import semver from 'semver';
import type { Verdict } from '../api/conditions.ts';
import type { Assessment } from './assessment.ts';
import { isComing } from './candidates.ts';
import { findRelease, isFading, isImageAllowed, latestRelease } from './catalogue.ts';
import { explain } from './explanation.ts';
import type { Findings } from './findings.ts';
import type { Observed } from './observed.ts';

/** Whether something newer is published, and what it takes to get it: information, no part of `Ready`. */
export function updateAvailable(
  { observed, state, decision, outlook, now }: Findings,
  assessments: readonly Assessment[] = [],
): Verdict {
  const { installation, catalogue, config } = observed;
  const { spec } = installation;
  const isAtRest = decision.kind === 'problem' || (spec.suspend === true && decision.kind !== 'return');
  const version = isAtRest ? state.base?.version : decision.version;
  const fault = catalogue?.invalid.find((r) => r.version === version);
  if (fault) {
    return update(
      'Unknown',
      'CatalogueUnavailable',
      `Release ${fault.version} cannot be installed any more: ${fault.reason}`,
    );
  }
  if (!catalogue || (version !== undefined && !findRelease(catalogue, version))) {
    const what = version === undefined ? `Provider "${spec.provider}"` : `Release ${version} of "${spec.provider}"`;
    return update(
      'Unknown',
      'CatalogueUnavailable',
      `${what} is not published${version === undefined ? '' : ': what runs goes on'}`,
    );
  }
  const runs = version === undefined ? undefined : findRelease(catalogue, version);
  if (runs && version === state.base?.version && !isImageAllowed(runs.image, config.allowedImagePrefixes)) {
    return update(
      'Unknown',
      'CatalogueUnavailable',
      `The image of ${version} is not allowed any more ("${runs.image}"): what runs goes on, ask the platform team`,
    );
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
  const newer = newerRelease(observed, version);
  // What automation takes by itself says more than the newest, if that is another.
  const told = assessments.find(isComing) ?? assessments.find((a) => a.release.version === newer);
  if (told && semver.gt(told.release.version, version)) {
    const { reason, message } = explain(
      told,
      { spec, failures: outlook?.input.failures, software: outlook?.input.software },
      version,
    );
    return update('True', reason, message);
  }
  if (newer === undefined) {
    return update('False', 'UpToDate', `No newer release than ${version} is published`);
  }
  const release = findRelease(catalogue, newer);
  if (release?.breaking) {
    const note = release.breaking.note ? `: ${release.breaking.note}` : '';
    return update('True', 'Breaking', `Set version ${newer} to take it, it is breaking${note}`);
  }
  if (release && isFading(release, now)) {
    return update('True', 'Deprecated', `Set version ${newer} to take it, it is deprecated or expired`);
  }
  return spec.upgradePolicy === 'manual'
    ? update('True', 'NewerRelease', `Set version ${newer} to take it`)
    : update('True', 'NewerRelease', `${newer} is taken automatically when it can be`);
}

/** The highest release above `version` that anybody may install. */
export function newerRelease({ catalogue, config }: Observed, version: string | undefined): string | undefined {
  const allowed = catalogue?.releases.filter((r) => isImageAllowed(r.image, config.allowedImagePrefixes)) ?? [];
  const latest = latestRelease(allowed)?.version;
  return latest !== undefined && version !== undefined && semver.gt(latest, version) ? latest : undefined;
}

function update(status: Verdict['status'], reason: string, message: string): Verdict {
  return { type: 'UpdateAvailable', status, reason, message };
}
