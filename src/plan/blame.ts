import { findRelease } from './catalogue.ts';
import { releaseHash, wishHash } from './children.ts';
import type { Configuration } from './environment.ts';
import type { NewFailure } from './failure-memory.ts';
import type { DeploymentView, Observed } from './observed.ts';
import type { Running } from './running.ts';
import { wishesOf } from './wish.ts';

/**
 * What failed, and who is to blame, where a rollout failed that was no way back and had not been done before.
 *
 * What automation chose is blamed on the version, so that the rest of the spec may roll out alone after it. What the spec
 * asks for is blamed on the spec as a whole: also where it asks by now, in whatever words, for the very pods that failed.
 */
export function failureOf(
  observed: Observed,
  { deployment, rollout, isProven }: Running,
  configuration: Configuration | undefined,
): NewFailure | undefined {
  const { retries } = observed;
  if (rollout?.phase !== 'failed' || isProven || !deployment?.attempt || deployment.attempt.trigger === 'Rollback') {
    return undefined;
  }
  const wish = blamedWish(observed, deployment, configuration);
  return {
    version: deployment.version ?? '',
    image: imageOf(observed, deployment),
    reason: rollout.reason,
    message: rollout.message,
    expires: rollout.expires,
    ...(wish !== undefined && { wish }),
    ...(retries.length > 0 && { retries: [...retries] }),
  };
}

function blamedWish(
  observed: Observed,
  { attempt, committed, version = '' }: DeploymentView,
  configuration: Configuration | undefined,
): string | undefined {
  const { installation } = observed;
  const isOfAutomation = attempt?.trigger === 'Policy';
  const { version: named, upgradePolicy } = installation.spec;
  const isNamed = named === version;
  const isStillWished =
    (named === undefined || isNamed || upgradePolicy === 'auto') &&
    configuration !== undefined &&
    committed?.wish === wishHash(installation, version, configuration);
  if (attempt?.trigger !== 'Tier' && isStillWished && (!isOfAutomation || isNamed)) {
    return wishesOf(observed, configuration).spec;
  }
  return isOfAutomation ? undefined : attempt?.wish;
}

/** The image that was published, not what somebody made of it in the Deployment: by it a later choice is recognized. */
function imageOf({ catalogue }: Observed, { version, committed, image = '' }: DeploymentView): string {
  const release = findRelease(catalogue, version);
  return release && committed?.release === releaseHash(release) ? release.image : image;
}
