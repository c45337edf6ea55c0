import type { Release } from '../api/provider.ts';
import { findRelease } from './catalogue.ts';
import { releaseHash, wishHash } from './children.ts';
import type { Configuration } from './environment.ts';
import type { NewFailure } from './failure-memory.ts';
import type { DeploymentView, Observed } from './observed.ts';
import type { Running } from './running.ts';
import type { SoftwareFinder } from './software.ts';
import { formatSoftware, isSameSet, movedSince } from './software-set.ts';
import { undoneUnhealed } from './undone.ts';
import { wishesOf } from './wish.ts';

/** What the spec asks for now, as far as it can be read. */
export interface Asked {
  readonly configuration: Configuration;
  readonly finder: SoftwareFinder;
}

/**
 * What failed, and who is to blame, where a rollout failed that was no way back and had not been done before.
 *
 * What automation chose is blamed on the version, so that the rest of the spec may roll out alone after it. What the spec
 * asks for is blamed on the spec as a whole: also where it asks by now, in whatever words, for the very pods that failed.
 */
export function failureOf(observed: Observed, running: Running, asked: Asked | undefined): NewFailure | undefined {
  const { installation, retries } = observed;
  const { deployment, rollout, isProven, stable, software, stableSoftware } = running;
  if (rollout?.phase !== 'failed' || isProven || !deployment?.attempt || deployment.attempt.trigger === 'Rollback') {
    return undefined;
  }
  // What somebody brought back was not tried again: it is undone as any other change, and nobody is to blame.
  if (undoneUnhealed(installation.status, deployment)) {
    return undefined;
  }
  const wish = blamedWish(observed, running, deployment, asked);
  // Where the release is the one that ran well, what it runs on may be to blame: automation leaves that alone, too.
  const moved = deployment.version === stable ? formatSoftware(movedSince(stableSoftware, software)) : undefined;
  return {
    version: deployment.version ?? '',
    image: imageOf(observed, deployment),
    reason: rollout.reason,
    message: rollout.message,
    expires: rollout.expires,
    ...(wish !== undefined && { wish }),
    ...(moved !== undefined && { software: moved }),
    ...(retries.length > 0 && { retries: [...retries] }),
  };
}

function blamedWish(
  observed: Observed,
  running: Running,
  { attempt, committed, version = '' }: DeploymentView,
  asked: Asked | undefined,
): string | undefined {
  const { installation, catalogue } = observed;
  const isOfAutomation = attempt?.trigger === 'Policy' || attempt?.trigger === 'SystemSoftware';
  const { version: named, upgradePolicy } = installation.spec;
  const isNamed = named === version;
  const isStillWished =
    (named === undefined || isNamed || upgradePolicy === 'auto') &&
    asked !== undefined &&
    committed?.wish === wishHash(installation, version, asked.configuration) &&
    isSoftwareWished(findRelease(catalogue, version), running, asked);
  if (attempt?.trigger !== 'Tier' && isStillWished && (attempt?.trigger !== 'Policy' || isNamed)) {
    return wishesOf(observed, asked.configuration).spec;
  }
  return isOfAutomation ? undefined : attempt?.wish;
}

/** Where the release is not known any more, nobody asked for what moved by itself. */
function isSoftwareWished(release: Release | undefined, { software, deployment }: Running, { finder }: Asked): boolean {
  const wished = release && finder.resolve(release);
  return wished === undefined
    ? deployment?.attempt?.trigger !== 'SystemSoftware'
    : wished.kind === 'resolution' && isSameSet(wished.set, software);
}

/** The image that was published, not what somebody made of it in the Deployment: by it a later choice is recognized. */
function imageOf({ catalogue }: Observed, { version, committed, image = '' }: DeploymentView): string {
  const release = findRelease(catalogue, version);
  return release && committed?.release === releaseHash(release) ? release.image : image;
}
