import semver from 'semver';
import type { Release } from '../../api/provider.ts';
import { parseRange } from '../../api/range.ts';
import type { SoftwareDependency, SoftwareRelease } from '../../api/software.ts';
import type { Problem } from '../../api/problem.ts';
import type { Movement, Policy, Resolution, SoftwareInput } from './resolution.ts';
import { choicesOf, type Choices, type Option } from './choices.ts';
import { clashOf } from './clash.ts';
import { meets, type Need } from './need.ts';
import { obstacleIn } from './obstacle.ts';
import { refusalOfSoftware, tooManyWays, tooMuchSoftware } from './refusal.ts';
import { byName, NO_SOFTWARE, type SoftwareSet } from './set.ts';

/** The details that a status tells of one software. */
interface SoftwareDetail {
  readonly name: string;
  readonly policy: Policy;
  readonly requiredBy: readonly string[];
  /** A newer version is published that everything else can run with. */
  readonly isOutdated: boolean;
}

const NOTHING: Resolution = { kind: 'resolution', uses: [], set: NO_SOFTWARE, obstacle: undefined };

/** More than any sensible catalogue needs; a hostile one must not hold everybody up, with one release or with many. */
const MOST_STEPS = 1000;
const MOST_STEPS_IN_ALL = 5 * MOST_STEPS;
/** As many as a status can tell of. */
const MOST_IN_ONE_POD = 48;

/** Which system software releases run with, for one observation: each answer is found once. */
export interface SoftwareFinder {
  /** The software that a release is to run with. `stay` when the movement is absent. */
  resolve(release: Release, movement?: Movement): Resolution | Problem;
  /** A set as it is, whether or not it would be chosen today. */
  keep(set: SoftwareSet): Resolution;
  /** The details of a set that a release runs with. */
  describe(release: Release, set: SoftwareSet): readonly SoftwareDetail[];
}

export function softwareFinder(input: SoftwareInput): SoftwareFinder {
  const found = new Map<string, Resolution | Problem>();
  const choices = new Map<string, Choices>();
  let stepsLeft = MOST_STEPS_IN_ALL;

  function choicesFor(name: string, movement: Movement): Choices {
    const key = `${movement} ${name}`;
    const known = choices.get(key) ?? choicesOf(name, movement, input);
    choices.set(key, known);
    return known;
  }

  function keep(set: SoftwareSet): Resolution {
    const sorted = [...set].sort(byName);
    const uses = sorted.map(([name, version]) => ({ name, version, release: published(name, version) }));
    return { kind: 'resolution', uses, set: new Map(sorted), obstacle: obstacleIn(uses, input.config) };
  }

  function published(name: string, version: string): SoftwareRelease | undefined {
    return input.shelf.get(name)?.releases.find((r) => r.version === version);
  }

  return {
    keep,
    describe(release, set) {
      const sorted = [...set].sort(byName);
      const needs = sorted.reduce(
        (all, [name, version]) => withNeeds(all, published(name, version)?.dependencies ?? [], `${name} ${version}`),
        needsOf(release, input),
      );
      return sorted.map(([name, version]) => {
        const { policy, newest } = choicesFor(name, 'stay');
        const own = needs.get(name) ?? [];
        const isOutdated = newest.some((other) => semver.gt(other, version) && meets(other, own));
        return { name, policy, requiredBy: own.map(({ by }) => by), isOutdated };
      });
    },
    resolve(release, movement = 'stay') {
      if (!release.systemSoftwareDependencies?.length && !input.spec.systemSoftware?.length) {
        return NOTHING;
      }
      const key = `${movement} ${release.version}`;
      const known = found.get(key);
      if (known) {
        return known;
      }
      const { answer, steps } = search(needsOf(release, input), {
        choicesFor: (name) => choicesFor(name, movement),
        keep,
        clashIn: (set) => clashOf(keep(set).uses, release),
        mostSteps: Math.min(MOST_STEPS, stepsLeft),
      });
      stepsLeft -= steps;
      found.set(key, answer);
      return answer;
    },
  };
}

/**
 * Chooses a version of everything that is needed, and of what that needs in turn. The names are taken in their order and
 * the best version of each first; where that leads nowhere, the next best.
 */
function search(needs: Needs, { choicesFor, keep, clashIn, mostSteps }: Effort) {
  let steps = 0;
  let furthest: { readonly depth: number; readonly refusal: Problem } | undefined;

  function complete(all: Needs, chosen: SoftwareSet): SoftwareSet | undefined {
    const name = [...all.keys()].filter((n) => !chosen.has(n)).sort()[0];
    if (name === undefined) {
      const clash = clashIn(chosen);
      furthest = clash ? { depth: chosen.size, refusal: clash } : furthest;
      return clash ? undefined : chosen;
    }
    if (all.size > MOST_IN_ONE_POD) {
      furthest = { depth: MOST_IN_ONE_POD, refusal: tooMuchSoftware(MOST_IN_ONE_POD) };
      return undefined;
    }
    const own = all.get(name) ?? [];
    let clash: Problem | undefined;
    for (const { version, release } of fitting(choicesFor(name), own)) {
      const dependencies = release?.dependencies ?? [];
      steps += 1 + dependencies.length;
      if (steps > mostSteps) {
        return undefined;
      }
      const taken = new Map([...chosen, [name, version]]);
      const more = withNeeds(all, dependencies, `${name} ${version}`);
      const [broken] = dependencies
        .filter(isBrokenBy(taken))
        .map((d) => d.name)
        .sort();
      if (broken !== undefined) {
        clash ??= refusalOfSoftware(broken, more.get(broken) ?? [], choicesFor(broken));
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

  // A software that cannot be had at all, whatever else is chosen, is plainer still.
  const missing = [...needs].sort(byName).find(([name, own]) => fitting(choicesFor(name), own).next().done === true);
  if (missing) {
    const [name, own] = missing;
    return { answer: refusalOfSoftware(name, own, choicesFor(name)), steps };
  }
  const set = complete(needs, NO_SOFTWARE);
  const refusal = steps <= mostSteps && furthest ? furthest.refusal : tooManyWays();
  return { answer: set ? keep(set) : refusal, steps };
}

/** One after the other: mostly the first will do. */
function* fitting({ options }: Choices, needs: readonly Need[]): Generator<Option> {
  const ranges = needs.map(({ range }) => parseRange(range));
  for (const option of options) {
    if (ranges.every((range) => range?.hasNumbers(option.version, option.numbers) === true)) {
      yield option;
    }
  }
}

function isBrokenBy(taken: SoftwareSet) {
  return (need: SoftwareDependency) => {
    const version = taken.get(need.name);
    return version !== undefined && !meets(version, [need]);
  };
}

interface Effort {
  readonly choicesFor: (name: string) => Choices;
  readonly keep: SoftwareFinder['keep'];
  /** Why a set cannot be in one pod. */
  readonly clashIn: (set: SoftwareSet) => Problem | undefined;
  readonly mostSteps: number;
}

/** The needs of the release, and the software that the tenant asks for besides. */
function needsOf(release: Release, { spec }: SoftwareInput): Needs {
  const asked: Needs = new Map((spec.systemSoftware ?? []).map(({ name }) => [name, []]));
  return withNeeds(asked, release.systemSoftwareDependencies ?? [], `${spec.provider} ${release.version}`);
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
