import semver from 'semver';
import type { InstallationSpec } from '../api/installation.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Release } from '../api/provider.ts';
import { isPrerelease } from '../api/version.ts';
import { findRelease, isFading, isImageAllowed, isOffered, type Catalogue, type InvalidRelease } from './catalogue.ts';
import { notYet, problem, type Problem } from './problem.ts';

/** What the choice of a version depends on. */
export interface VersionInput {
  readonly spec: InstallationSpec;
  readonly catalogue: Catalogue | undefined;
  readonly config: OperatorConfig;
  /** The version whose rollout was done last. */
  readonly stable: string | undefined;
  /** The version committed to the Deployment. */
  readonly installed: string | undefined;
  /** A rollout is under way, neither done nor failed, or the installation is suspended: automation waits for the end. */
  readonly isHeld: boolean;
  /** The version that the consent was used for already. */
  readonly usedConsent: string | undefined;
  readonly now: number;
}

export interface Target {
  readonly kind: 'target';
  readonly version: string;
}

/** Decides the version to run, by design/api.md §4. What cannot be had is a problem and moves nothing. */
export function decideVersion(input: VersionInput): Target | Problem {
  const { spec, installed } = input;
  if (spec.upgradePolicy === 'auto') {
    return decideAutomatic(input);
  }
  if (spec.version !== undefined) {
    return decideExplicit(input, spec.version);
  }
  return installed === undefined ? decideFirst(input) : target(installed);
}

/** Case: first install and nobody named a version. A breaking release breaks nothing that is not there yet. */
function decideFirst(input: VersionInput): Target | Problem {
  const { spec, catalogue } = input;
  if (!catalogue) {
    return providerNotFound(spec);
  }
  const best = newest(
    input,
    catalogue.releases.filter((r) => isTakeable(r, input)),
  );
  return best ? target(best.version) : noRelease(input, catalogue);
}

/** Case: the operator decides, never below what is stable and never below the floor. */
function decideAutomatic(input: VersionInput): Target | Problem {
  const { spec, catalogue, stable, installed, isHeld } = input;
  const floor = spec.version;
  if (installed === undefined && floor === undefined) {
    return decideFirst(input);
  }
  const isRaised = floor !== undefined && (installed === undefined || semver.gt(floor, installed));
  const least = isRaised ? decideExplicit(input, floor) : undefined;
  if (least && least.kind !== 'target') {
    return least;
  }
  if (floor !== undefined && !isRaised && floor !== installed && catalogue && !findRelease(catalogue, floor)) {
    return versionNotFound(spec, catalogue, floor);
  }
  if (installed !== undefined && isHeld && !isRaised) {
    return target(installed);
  }
  const from = highest(stable, highest(floor, installed));
  const better = catalogue?.releases.filter(
    (r) => isTakeable(r, input) && r.breaking === undefined && (from === undefined || semver.gte(r.version, from)),
  );
  const best = newest(input, better ?? []);
  const choice = highest(best?.version, least?.version ?? installed);
  return choice === undefined ? decideFirst(input) : target(choice);
}

/** Case: somebody asked for exactly this version. */
function decideExplicit(input: VersionInput, version: string): Target | Problem {
  const { spec, catalogue, config, stable, installed } = input;
  if (version === installed) {
    return target(version);
  }
  if (!catalogue) {
    return providerNotFound(spec);
  }
  const release = findRelease(catalogue, version);
  if (!release) {
    return versionNotFound(spec, catalogue, version);
  }
  if (stable !== undefined && semver.lt(version, stable)) {
    const refused = refuseDowngrade(input, findRelease(catalogue, stable), stable, version);
    if (refused) {
      return refused;
    }
  }
  // Back to what was stable is a cancel, which is always allowed: its pods still run.
  if (release.lifecycle?.stage === 'yanked' && version !== stable) {
    return problem(
      'Yanked',
      `Set another version than ${version}, it was yanked${because(release)}${staying(installed)}`,
    );
  }
  if (!isImageAllowed(release.image, config.allowedImagePrefixes)) {
    return imageNotAllowed(release);
  }
  return target(version);
}

/** A downgrade needs the tenant's consent to exactly this version and the running release's word that it can be done. */
function refuseDowngrade(
  { spec, usedConsent }: VersionInput,
  running: Release | undefined,
  stable: string,
  version: string,
): Problem | undefined {
  const stay = `Set version ${stable} to stay`;
  if (spec.upgrade?.allowDowngradeTo !== version) {
    return problem(
      'DowngradeRefused',
      `${stay}, or upgrade.allowDowngradeTo ${version} to go back from ${stable}; until then nothing of the spec is rolled out`,
    );
  }
  if (usedConsent === version) {
    return problem(
      'DowngradeRefused',
      `${stay}: the consent to ${version} was used already, remove upgrade.allowDowngradeTo and set it again to renew it`,
    );
  }
  if (!running) {
    return problem(
      'DowngradeRefused',
      `${stay}: release ${stable} is not published any more, so nothing says what it can be downgraded to`,
    );
  }
  const isAllowed =
    running.downgradableTo === undefined
      ? semver.major(stable) === semver.major(version) && semver.minor(stable) === semver.minor(version)
      : semver.satisfies(numbers(version), running.downgradableTo);
  const reach = running.downgradableTo === undefined ? 'releases of the same minor' : `"${running.downgradableTo}"`;
  return isAllowed
    ? undefined
    : problem('DowngradeRefused', `${stay}: release ${stable} can be downgraded to ${reach} only`);
}

/** What automation and a first install may take, but for what is breaking. */
function isTakeable(release: Release, { config }: VersionInput): boolean {
  return (
    isOffered(release) && !isPrerelease(release.version) && isImageAllowed(release.image, config.allowedImagePrefixes)
  );
}

/** The newest that does not fade, else the newest of all. Releases come newest first. */
function newest({ now }: VersionInput, releases: readonly Release[]): Release | undefined {
  return releases.find((r) => !isFading(r, now)) ?? releases[0];
}

export function imageNotAllowed(release: Release): Problem {
  return problem(
    'ImageNotAllowed',
    `Ask the platform team to allow image "${release.image}" of release ${release.version} in allowedImagePrefixes`,
  );
}

function providerNotFound({ provider }: InstallationSpec): Problem {
  return notYet(
    'ProviderNotFound',
    `Publish Provider "${provider.replace('/', '.')}" or correct spec.provider: there is no provider "${provider}"`,
  );
}

function versionNotFound(spec: InstallationSpec, catalogue: Catalogue, version: string): Problem {
  const { provider } = spec;
  const fault = catalogue.invalid.find((r) => r.version === version);
  if (fault) {
    return releaseInvalid(spec, fault);
  }
  const published = catalogue.releases.slice(0, 3).map((r) => r.version);
  const hint = published.length > 0 ? `, such as ${published.join(', ')}` : ': none is published yet';
  return notYet('VersionNotFound', `Set a published version of "${provider}" instead of ${version}${hint}`);
}

/** Why a first install finds nothing, with the way out that is really there. */
function noRelease({ spec, config }: VersionInput, catalogue: Catalogue): Problem {
  const named = catalogue.releases.find((r) => r.lifecycle?.stage !== 'yanked');
  if (named && !isImageAllowed(named.image, config.allowedImagePrefixes)) {
    return imageNotAllowed(named);
  }
  const [fault] = catalogue.invalid;
  if (!named && fault) {
    return releaseInvalid(spec, fault);
  }
  const hint = named ? `, or set version ${named.version} to name one` : '';
  return notYet('NoRelease', `Publish a release of "${spec.provider}" that is no preview and no prerelease${hint}`);
}

export function releaseInvalid({ provider }: InstallationSpec, { version, reason }: InvalidRelease): Problem {
  return problem('ReleaseInvalid', `Release ${version} of "${provider}" cannot be installed: ${reason}`);
}

function because({ lifecycle }: Release): string {
  return lifecycle?.message ? ` (${lifecycle.message})` : '';
}

function staying(installed: string | undefined): string {
  return installed === undefined ? '' : `; ${installed} stays`;
}

/** Prereleases satisfy ranges by their numbers. */
function numbers(version: string): string {
  return version.split('-')[0] ?? version;
}

function highest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return semver.gt(a, b) ? a : b;
}

function target(version: string): Target {
  return { kind: 'target', version };
}
