import semver from 'semver';
import type { InstallationSpec } from '../../api/installation.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { Release } from '../../api/provider.ts';
import type { BlockReason } from '../../api/upgrade-status.ts';
import { findRelease, type Catalogue, type InvalidRelease } from '../catalogue/catalogue.ts';
import { blockersOf, isUnblockedOnceAnswered, OF_ANSWERS } from './gates.ts';
import { notYet, problem, type Problem } from '../../api/problem.ts';
import { envNotAllowed } from '../pods/tenant-env.ts';
import { isIncomplete, type Sheet, type Shortcoming } from '../pods/sheet.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import type { VersionInput } from './version-input.ts';

/** Why a version cannot be had, in words that say what to do. */

export function imageNotAllowed(release: Release): Problem {
  return problem(
    'ImageNotAllowed',
    `Ask the platform team to allow image "${release.image}" of release ${release.version} in allowedImagePrefixes`,
  );
}

/** What is missing or wrong in `userInputs`, all at once. */
export function unanswered({ version }: Pick<Release, 'version'>, { missing, unfit, tooLate }: Sheet): Problem {
  const message = `Answer in userInputs what ${version} asks for: ${inWords([...missing, ...unfit, ...tooLate])}`;
  if (missing.length === 0) {
    return problem('InvalidUserInput', message);
  }
  const mayArrive = missing.every((one) => one.mayArrive) && unfit.length + tooLate.length === 0;
  return mayArrive ? notYet('MissingUserInputs', message) : problem('MissingUserInputs', message);
}

/** A condition has no room for more; all are named in any case. */
const LONGEST_WITH_RULES = 2000;

function inWords(all: readonly Shortcoming[]): string {
  const words: string[] = [];
  const rest: string[] = [];
  let length = 0;
  for (const { name, by, variable, rule } of all) {
    const where = variable === undefined ? '' : `, which config sets as ${variable},`;
    const full = `"${name}"${by === undefined ? '' : ` of ${by}`}${where} ${rule}`;
    length += full.length;
    if (length <= LONGEST_WITH_RULES) {
      words.push(full);
    } else {
      rest.push(`"${name}"`);
    }
  }
  const others = rest.length === 0 ? [] : [`and then ${rest.slice(0, MOST_NAMED).join(', ')}`];
  return [...words, ...others].join('; ');
}

/** Of the others; names have up to 63 characters. */
const MOST_NAMED = 28;

export function releaseInvalid({ provider }: InstallationSpec, { version, reason }: InvalidRelease): Problem {
  return problem('ReleaseInvalid', `Release ${version} of "${provider}" cannot be installed: ${reason}`);
}

export function providerNotFound({ provider }: InstallationSpec): Problem {
  return notYet(
    'ProviderNotFound',
    `Publish Provider "${provider.replace('/', '.')}" or correct spec.provider: there is no provider "${provider}"`,
  );
}

export function versionNotFound(spec: InstallationSpec, catalogue: Catalogue, version: string): Problem {
  const { provider } = spec;
  const fault = catalogue.invalid.find((r) => r.version === version);
  if (fault) {
    return releaseInvalid(spec, fault);
  }
  const published = catalogue.releases.slice(0, 3).map((r) => r.version);
  const hint = published.length > 0 ? `, such as ${published.join(', ')}` : ': none is published yet';
  return notYet('VersionNotFound', `Set a published version of "${provider}" instead of ${version}${hint}`);
}

/** Why a release that somebody named is refused, if it is. */
export function refusalOf(release: Release, input: VersionInput): Problem | undefined {
  const { installed, kubernetesVersion } = input;
  const { version, requires } = release;
  const [reason] = blockersOf(release, 'explicit', input);
  const stays = installed === undefined || installed === version ? '' : `; ${installed} stays`;
  if (reason === 'Yanked') {
    return problem('Yanked', `Set another version than ${version}, it was yanked${whyYanked(release)}${stays}`);
  }
  if (reason === 'Kubernetes') {
    return problem(
      'KubernetesUnsupported',
      `Set another version than ${version}, it needs Kubernetes "${requires?.kubernetes}" and this is ${kubernetesVersion}${stays}`,
    );
  }
  if (reason === 'PreviouslyFailed') {
    return problem(
      'PreviouslyFailed',
      `Change the spec, or annotate the installation with a new ${ANNOTATION.retry}: ${version} failed as it is asked for${stays}`,
    );
  }
  if (reason === 'EnvNotAllowed') {
    const { message, ...refusal } = envNotAllowed(release, input.spec);
    return { ...refusal, message: `${message}${stays}` };
  }
  const answers = reason && OF_ANSWERS.has(reason) ? refusalOfAnswers(release, input) : undefined;
  if (answers) {
    return { ...answers, message: `${answers.message}${stays}` };
  }
  const software =
    reason === 'SoftwareConflict' ? input.software && softwareRefusal(release, input.software) : undefined;
  if (software) {
    return { ...software, message: `${software.message}${stays}` };
  }
  return reason && imageNotAllowed(release);
}

/** What the tenant has to answer first, if anything. */
export function refusalOfAnswers(release: Release, { answers }: VersionInput): Problem | undefined {
  const sheet = answers?.(release);
  return sheet && isIncomplete(sheet) ? unanswered(release, sheet) : undefined;
}

/** Why there is no system software with which pods of a release can be made, if there is none. */
export function softwareRefusal(release: Release, software: SoftwareFinder): Problem | undefined {
  const resolution = software.resolve(release);
  return resolution.kind === 'problem' ? resolution : resolution.obstacle;
}

/** Why no upgrade ends at a release that could be had otherwise. */
export function pathMissing(release: Release, catalogue: Catalogue, stable: string, input: VersionInput): Problem {
  const { version, upgradesFrom } = release;
  const shut = shutOnTheWay(release, catalogue, stable, input);
  const limit = upgradesFrom === undefined ? '' : `: it can be reached from "${upgradesFrom}" only`;
  const hop = shut?.hop;
  const answers = hop && isUnblockedOnceAnswered(hop, 'explicit', input) ? refusalOfAnswers(hop, input) : undefined;
  if (answers) {
    return { ...answers, message: `${answers.message}, on the way to ${version}` };
  }
  return problem(
    'PathMissing',
    shut === undefined
      ? `Set another version than ${version}, no published release leads there from ${stable}${limit}`
      : `Set another version than ${version}, release ${shut.named} on the way there cannot be installed and must not be left out`,
  );
}

/** The first release that no way may leave out and that nobody can have, and how messages name it: with its reason. */
export function shutOnTheWay(
  { version }: Release,
  catalogue: Catalogue,
  stable: string,
  input: VersionInput,
): { readonly named: string; readonly hop: Release | undefined } | undefined {
  const isBetween = (other: string) => semver.gt(other, stable) && semver.lt(other, version);
  for (const required of catalogue.requiredVersions.filter(isBetween)) {
    const hop = findRelease(catalogue, required);
    const reasons = hop ? blockersOf(hop, 'explicit', input) : ['ReleaseInvalid'];
    if (reasons.length > 0) {
      return { named: `${required} (${reasons.join(', ')})`, hop };
    }
  }
  return undefined;
}

/** Why a first install finds nothing, with the way out that is really there. */
export function noRelease(input: VersionInput, catalogue: Catalogue): Problem {
  const { spec } = input;
  const offered = catalogue.releases.filter((r) => r.lifecycle?.stage !== 'yanked');
  const [newest] = offered;
  const refusal = newest && refusalOf(newest, input);
  // An answer would not be enough, else it would have been chosen.
  if (refusal && !OF_ANSWERS.has(refusal.reason)) {
    return refusal;
  }
  const [fault] = catalogue.invalid;
  if (!newest && fault) {
    return releaseInvalid(spec, fault);
  }
  if (!newest && catalogue.releases.length > 0) {
    return notYet('NoRelease', `Publish another release of "${spec.provider}": all that are published were yanked`);
  }
  for (const release of offered) {
    const steps = stepsTo(release, input);
    if (steps) {
      const { version } = release;
      return notYet('NoRelease', `${steps}, no other release could be chosen, or set version ${version} to name one`);
    }
  }
  const hint = newest ? `, or set version ${newest.version} to name one` : '';
  return notYet('NoRelease', `Publish a release of "${spec.provider}" that is no preview and no prerelease${hint}`);
}

/** The change of the spec that lets a release in. Undefined where something else keeps it out, too. */
function stepsTo(release: Release, input: VersionInput): string | undefined {
  const { upgrade } = input.spec;
  const steps: Partial<Record<BlockReason, string>> = {
    Skipped: `remove ${release.version} from upgrade.skipVersions`,
    Range: `widen upgrade.range "${upgrade?.range}"`,
  };
  const all = blockersOf(release, 'install', input).map((reason) => steps[reason]);
  const words = all.every((step) => step !== undefined) ? all.join(' and ') : '';
  return words === '' ? undefined : words.charAt(0).toUpperCase() + words.slice(1);
}

function whyYanked({ lifecycle }: Release): string {
  return lifecycle?.message ? ` (${lifecycle.message})` : '';
}
