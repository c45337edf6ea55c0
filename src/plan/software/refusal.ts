import type { SoftwareRelease } from '../../api/software.ts';
import { notYet, problem, type Problem } from '../../api/problem.ts';
import { isForAll } from '../catalogue/catalogue.ts';
import type { SoftwareCatalogue } from '../catalogue/software-catalogue.ts';
import type { Choices } from './choices.ts';
import { meets, type Need } from './need.ts';

function conflict(message: string): Problem {
  return problem('SoftwareConflict', message);
}

/** Enough to choose from; a message is to be read. */
const MOST_EXAMPLES = 3;

/** Why a software cannot be had, in words that say what to do. */
export function refusalOfSoftware(name: string, needs: readonly Need[], choices: Choices): Problem {
  const it = `system software "${name}"`;
  const { catalogue, wish, policy } = choices;
  const who = needs.map(({ by, range }) => `${by} needs "${range}"`).join(', ');
  if (!catalogue) {
    const next = who === '' ? ', or remove it from systemSoftware' : `: ${who}`;
    return notYet('SoftwareNotFound', `Publish SystemSoftware "${name}"${next}`);
  }
  const named = wish?.version;
  const examples = examplesOf(needs, choices);
  const suchAs = examples.length > 0 ? `, such as ${examples.join(', ')}` : '';
  const unusable = named === undefined ? undefined : refusalOfNamed(it, named, suchAs, choices);
  if (unusable) {
    return unusable;
  }
  const foreign = choices.foreign.find(({ version }) => meets(version, needs));
  if (foreign && !choices.options.some(({ version }) => meets(version, needs))) {
    return problem(
      'ImageNotAllowed',
      `Ask the platform team to allow image "${foreign.provides?.image}" of ${it} in allowedImagePrefixes`,
    );
  }
  if (named !== undefined) {
    const what = policy === 'none' ? `version ${named}` : `${named} or newer`;
    const next = suchAs === '' ? `Publish a version of ${it} that all can run with` : `Set another version of ${it}`;
    return conflict(`${next}${suchAs}: systemSoftware asks for ${what}, and ${who}`);
  }
  const preview = catalogue.releases.find((r) => isTakenByNameOnly(r, catalogue) && meets(r.version, needs));
  if (preview) {
    const why = who === '' ? 'nothing else is published' : who;
    return conflict(`Set version ${preview.version} of ${it} to take a preview: ${why}`);
  }
  return conflict(
    who === ''
      ? `Publish a version of ${it}, or remove it from systemSoftware: none is offered`
      : `Publish a version of ${it} that all can run with: ${who}`,
  );
}

/** The search was given up. */
export function tooManyWays(): Problem {
  return conflict('Set the versions in systemSoftware: too many have to be tried to find some that can run together');
}

/** The version that the tenant names cannot be had, nor anything newer. */
function refusalOfNamed(
  it: string,
  named: string,
  suchAs: string,
  { catalogue, options }: Choices,
): Problem | undefined {
  if (options.length > 0) {
    return undefined;
  }
  const fault = catalogue?.invalid.find((r) => r.version === named);
  if (fault) {
    return conflict(`Set another version of ${it} than ${named}${suchAs}: it cannot be used, ${fault.reason}`);
  }
  const published = catalogue?.releases.find((r) => r.version === named);
  if (!published) {
    return notYet(
      'SoftwareNotFound',
      suchAs === ''
        ? `Publish version ${named} of ${it}, or set another one: systemSoftware asks for it`
        : `Set a published version of ${it} instead of ${named}${suchAs}`,
    );
  }
  return published.lifecycle?.stage === 'yanked'
    ? conflict(`Set another version of ${it} than ${named}${suchAs}: it was yanked`)
    : undefined;
}

/** Versions that would do for all who need it, whatever the tenant asks for now. */
function examplesOf(needs: readonly Need[], { offered, wish }: Choices): readonly string[] {
  return offered.filter((version) => version !== wish?.version && meets(version, needs)).slice(0, MOST_EXAMPLES);
}

/** Taken by whoever names it, and by nobody else. */
function isTakenByNameOnly(release: SoftwareRelease, catalogue: SoftwareCatalogue): boolean {
  return release.lifecycle?.stage !== 'yanked' && !isForAll(release, catalogue.prereleasesAreReleases);
}

/** It could not be told any more. */
export function tooMuchSoftware(most: number): Problem {
  return conflict(
    `Set another version, or remove something from systemSoftware: a pod can have at most ${most} pieces of system software`,
  );
}
