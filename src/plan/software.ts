import semver from 'semver';
import type { InstallationSpec } from '../api/installation.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Release } from '../api/provider.ts';
import type { InstalledSoftware, SoftwareDependency, SoftwareRelease } from '../api/software.ts';
import type { Problem } from './problem.ts';
import type { Shelf, SoftwareCatalogue } from './software-catalogue.ts';
import { choicesOf, type Choices, type Option } from './software-choices.ts';
import { clashOf } from './software-clash.ts';
import { meets, type Need } from './software-need.ts';
import { refusalOfSoftware, tooManyWays } from './software-refusal.ts';
import { byName, NO_SOFTWARE, type SoftwareSet } from './software-set.ts';

/** What the choice of system software depends on. */
export interface SoftwareInput {
  readonly spec: Pick<InstallationSpec, 'provider' | 'systemSoftware' | 'upgradePolicy' | 'upgrade'>;
  readonly shelf: Shelf;
  /** What the pods have that are stable: it stays wherever it can. */
  readonly stable: SoftwareSet;
  /** What automation moved to and had to go back from. */
  readonly avoided: ReadonlySet<string>;
  readonly config: Pick<OperatorConfig, 'allowedImagePrefixes'>;
  readonly now: number;
}

/** Whether what is stable stays where it can, or moves on as its policy allows. */
export type Movement = 'stay' | 'update';

export type Policy = InstalledSoftware['updatePolicy'];

/** One software in the version that was chosen. */
export interface SoftwareUse {
  readonly name: string;
  readonly version: string;
  /** Undefined where what is stable is not published any more. */
  readonly release: SoftwareRelease | undefined;
  readonly policy: Policy;
  readonly requiredBy: readonly string[];
  /** A newer version is published that everything else can run with. */
  readonly isOutdated: boolean;
}

export interface Resolution {
  readonly kind: 'resolution';
  /** Sorted by name. */
  readonly uses: readonly SoftwareUse[];
  readonly set: SoftwareSet;
}

const NOTHING: Resolution = { kind: 'resolution', uses: [], set: NO_SOFTWARE };

/** More than any sensible catalogue needs; a hostile one must not hold everybody up. */
const MOST_STEPS = 2000;

/** Which system software releases run with, for one observation: each answer is found once. */
export interface SoftwareFinder {
  /** What a release is to run with; `stay` when absent. */
  resolve(release: Release, movement?: Movement): Resolution | Problem;
  /** What is known of a set that a release runs with, whether or not it would be chosen today. */
  describe(release: Release, set: SoftwareSet): Resolution;
}

export function softwareFinder(input: SoftwareInput): SoftwareFinder {
  const found = new Map<string, Resolution | Problem>();
  const choices = new Map<string, Choices>();

  function choicesFor(name: string, movement: Movement): Choices {
    const key = `${movement} ${name}`;
    const known = choices.get(key) ?? choicesOf(name, movement, input);
    choices.set(key, known);
    return known;
  }

  function describe(release: Release, set: SoftwareSet): Resolution {
    const sorted: SoftwareSet = new Map([...set].sort(byName));
    const published = new Map(
      [...sorted].map(([name, version]) => [name, findSoftware(input.shelf.get(name), version)]),
    );
    const needs = [...published].reduce(
      (all, [name, own]) => withNeeds(all, own?.dependencies ?? [], `${name} ${own?.version}`),
      needsOf(release, input),
    );
    const uses = [...sorted].map(([name, version]): SoftwareUse => {
      const { policy, newest } = choicesFor(name, 'stay');
      const own = needs.get(name) ?? [];
      const isOutdated = newest.some((other) => semver.gt(other, version) && meets(other, own));
      return { name, version, release: published.get(name), policy, requiredBy: own.map(({ by }) => by), isOutdated };
    });
    return { kind: 'resolution', uses, set: sorted };
  }

  function accepted(release: Release, set: SoftwareSet): Resolution | Problem {
    const resolution = describe(release, set);
    return clashOf(resolution.uses, release) ?? resolution;
  }

  return {
    describe,
    resolve(release, movement = 'stay') {
      if (!release.systemSoftwareDependencies?.length && !input.spec.systemSoftware?.length) {
        return NOTHING;
      }
      const key = `${movement} ${release.version}`;
      const known = found.get(key);
      if (known) {
        return known;
      }
      const outcome = search(needsOf(release, input), (name) => choicesFor(name, movement));
      const answer = outcome.kind === 'problem' ? outcome : accepted(release, outcome.set);
      found.set(key, answer);
      return answer;
    },
  };
}

/**
 * Chooses a version of everything that is needed, and of what that needs in turn. The names are taken in their order and
 * the best version of each first; where that leads nowhere, the next best.
 */
function search(needs: Needs, choicesFor: (name: string) => Choices): Found | Problem {
  let steps = 0;
  let furthest: { readonly depth: number; readonly refusal: Problem } | undefined;

  function complete(all: Needs, chosen: SoftwareSet): SoftwareSet | undefined {
    const name = [...all.keys()].filter((n) => !chosen.has(n)).sort()[0];
    if (name === undefined) {
      return chosen;
    }
    const own = all.get(name) ?? [];
    let clash: Problem | undefined;
    for (const { version, release } of fitting(choicesFor(name), own)) {
      steps += 1;
      if (steps > MOST_STEPS) {
        return undefined;
      }
      const dependencies = release?.dependencies ?? [];
      const taken = new Map([...chosen, [name, version]]);
      const more = withNeeds(all, dependencies, `${name} ${version}`);
      const broken = dependencies.find((d) => {
        const other = taken.get(d.name);
        return other !== undefined && !meets(other, [d]);
      });
      if (broken) {
        clash ??= refusalOfSoftware(broken.name, more.get(broken.name) ?? [], choicesFor(broken.name));
        continue;
      }
      const found = complete(more, taken);
      if (found) {
        return found;
      }
    }
    // How far the best versions of all else come is the plainest thing to tell.
    if (!furthest || chosen.size > furthest.depth) {
      furthest = { depth: chosen.size, refusal: clash ?? refusalOfSoftware(name, own, choicesFor(name)) };
    }
    return undefined;
  }

  // What cannot be had whatever else is chosen is plainer still.
  const missing = [...needs].sort(byName).find(([name, own]) => fitting(choicesFor(name), own).length === 0);
  if (missing) {
    const [name, own] = missing;
    return refusalOfSoftware(name, own, choicesFor(name));
  }
  const set = complete(needs, NO_SOFTWARE);
  if (set) {
    return { kind: 'found', set };
  }
  return steps <= MOST_STEPS && furthest ? furthest.refusal : tooManyWays();
}

function fitting({ options }: Choices, needs: readonly Need[]): readonly Option[] {
  return options.filter(({ version }) => meets(version, needs));
}

interface Found {
  readonly kind: 'found';
  readonly set: SoftwareSet;
}

/** What the release needs, and what the tenant asked for besides. */
function needsOf(release: Release, { spec }: SoftwareInput): Needs {
  const asked: Needs = new Map((spec.systemSoftware ?? []).map(({ name }) => [name, []]));
  return withNeeds(asked, release.systemSoftwareDependencies ?? [], `${spec.provider} ${release.version}`);
}

function findSoftware(catalogue: SoftwareCatalogue | undefined, version: string): SoftwareRelease | undefined {
  return catalogue?.releases.find((r) => r.version === version);
}

type Needs = ReadonlyMap<string, readonly Need[]>;

function withNeeds(needs: Needs, dependencies: readonly SoftwareDependency[], by: string): Needs {
  return dependencies.length === 0
    ? needs
    : new Map([
        ...needs,
        ...dependencies.map(({ name, range }) => [name, [...(needs.get(name) ?? []), { by, range }]] as const),
      ]);
}
