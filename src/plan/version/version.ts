import semver from 'semver';
import { assess, pathsByName, type Assessment } from './assessment.ts';
import { findRelease, isFading, type Catalogue } from '../catalogue/catalogue.ts';
import { isFailed } from '../failures/avoidance.ts';
import { refuseDowngrade } from './downgrade.ts';
import { isUnblockedOnceAnswered } from './gates.ts';
import { nextMoment } from './next-moment.ts';
import { problem, type Problem } from '../../api/problem.ts';
import type { Release } from '../../api/provider.ts';
import { noRelease, pathMissing, providerNotFound, refusalOf, refusalOfAnswers, versionNotFound } from './refusal.ts';
import { soakOf } from './soak.ts';
import { memoryOf, type VersionInput } from './version-input.ts';
import { faultOf } from '../windows/windows.ts';

/** The version to run now. */
export interface Target {
  readonly kind: 'target';
  readonly version: string;
}

/** A target, why it is one, and where it leads. */
export interface Choice extends Target {
  /** Where the path ends. */
  readonly goal: string;
  /** The rollouts to come, each of one release; the first is the target. Empty where nothing moves. */
  readonly path: readonly string[];
  /** The origin of the choice. If it fails, a spec is to blame as a whole, and of a choice of automation the version. */
  readonly trigger: 'Install' | 'Policy' | 'Spec';
  readonly reason: 'FirstInstall' | 'Named' | 'Cancelled' | 'Downgrade' | 'NewerRelease' | 'Stays';
}

/** With the next moment at which time alone may decide otherwise, in milliseconds since the epoch. */
export type VersionDecision = (Choice | Problem) & { readonly notBefore?: number };

/**
 * Decides the version to run, by the rules of docs/upgrades.md. A version that cannot be had is a problem and moves
 * nothing.
 */
export function decideVersion(input: VersionInput, assessments = assess(input)): VersionDecision {
  const decision = decideNow(input, assessments);
  const notBefore = nextMoment(input, assessments);
  return { ...decision, ...(notBefore !== undefined && { notBefore }) };
}

function decideNow(input: VersionInput, assessments: readonly Assessment[]): Choice | Problem {
  const { spec, installed } = input;
  const fault = faultOf(spec.upgrade?.windows ?? []);
  if (fault !== undefined) {
    return problem('InvalidSpec', `Correct the spec: ${fault}`);
  }
  if (spec.upgradePolicy === 'auto') {
    return decideAutomatic(input, assessments);
  }
  if (spec.version !== undefined) {
    return decideExplicit(input, spec.version);
  }
  return installed === undefined ? decideFirst(input) : stay(installed);
}

/** Case: first install and nobody named a version. A breaking release breaks nothing that is not there yet. */
function decideFirst(input: VersionInput): Choice | Problem {
  const { spec, catalogue, now } = input;
  if (!catalogue) {
    return providerNotFound(spec);
  }
  const open = catalogue.releases.filter((r) => isUnblockedOnceAnswered(r, 'install', input));
  const best = open.find((r) => !isFading(r, now)) ?? open[0];
  return best ? firstInstall(input, best) : noRelease(input, catalogue);
}

/** Where answers are missing it waits for them, and takes no older release instead. */
function firstInstall(input: VersionInput, release: Release): Choice | Problem {
  return refusalOfAnswers(release, input) ?? choice(input, [release.version], 'FirstInstall', 'Install');
}

/** Case: the operator decides, never below what is stable and never below the floor. */
function decideAutomatic(input: VersionInput, assessments: readonly Assessment[]): Choice | Problem {
  const { spec, catalogue, stable, installed } = input;
  const { version: floor } = spec;
  if (installed === undefined) {
    return floor === undefined ? decideFirst(input) : decideFirstAbove(input, floor);
  }
  const highest = stable !== undefined && semver.gt(stable, installed) ? stable : installed;
  if (floor !== undefined && semver.gt(floor, highest)) {
    return decideExplicit(input, floor);
  }
  if (floor !== undefined && floor !== stable && floor !== installed && catalogue && !findRelease(catalogue, floor)) {
    return versionNotFound(spec, catalogue, floor);
  }
  const least = floor === undefined ? undefined : floorInstead(input, floor);
  if (least) {
    return least;
  }
  const best = assessments.find(({ blockedBy }) => blockedBy.length === 0);
  return best && semver.gt(best.release.version, highest)
    ? choice(input, best.path, 'NewerRelease', 'Policy')
    : stay(installed);
}

/** Case: first install under automation. The floor must be there; beyond it automation's own rules hold as if it ran. */
function decideFirstAbove(input: VersionInput, floor: string): Choice | Problem {
  const least = decideExplicit(input, floor);
  const best = bestAbove(input, floor);
  return least.kind === 'target' && best ? firstInstall(input, best) : least;
}

function bestAbove(input: VersionInput, floor: string): Release | undefined {
  const { catalogue, now } = input;
  const above = (catalogue?.releases ?? []).filter(
    (r) => semver.gt(r.version, floor) && isUnblockedOnceAnswered(r, 'auto', input) && soakOf(r, input).isOver,
  );
  const least = findRelease(catalogue, floor);
  // Where all that is left is deprecated, automation would go on to the newest of that right after.
  return above.find((r) => !isFading(r, now)) ?? (least && isFading(least, now) ? above[0] : undefined);
}

/** Case: the first install went above the floor and failed. The tenant named the floor: that is tried once, too. */
function floorInstead(input: VersionInput, floor: string): Choice | undefined {
  const { catalogue, stable, installed, isBusy } = input;
  const release = findRelease(catalogue, installed);
  const hasFailed = stable === undefined && !isBusy && release !== undefined && isFailed(release, memoryOf(input));
  if (!hasFailed || !semver.lt(floor, release.version)) {
    return undefined;
  }
  const least = decideExplicit(input, floor);
  return least.kind === 'target' ? least : undefined;
}

/** Case: somebody asked for exactly this version. */
function decideExplicit(input: VersionInput, version: string): Choice | Problem {
  const { spec, catalogue, stable, installed } = input;
  if (version === installed) {
    return stay(version);
  }
  // Back to what was stable is a cancel, which is always allowed: its pods still run.
  if (version === stable) {
    return choice(input, [version], 'Cancelled', 'Spec');
  }
  if (!catalogue) {
    return providerNotFound(spec);
  }
  const release = findRelease(catalogue, version);
  if (!release) {
    return versionNotFound(spec, catalogue, version);
  }
  const isDowngrade = stable !== undefined && semver.lt(version, stable);
  const refusal = (isDowngrade ? refuseDowngrade(input, stable, version) : undefined) ?? refusalOf(release, input);
  if (refusal) {
    return refusal;
  }
  if (stable === undefined || isDowngrade) {
    return choice(input, [version], isDowngrade ? 'Downgrade' : 'Named', 'Spec');
  }
  const path = pathByName(input, catalogue, version);
  return path ? choice(input, path, 'Named', 'Spec') : pathMissing(release, catalogue, stable, input);
}

/** The way to what somebody named. A hop that is under way and lies on a way as short is not changed for another. */
function pathByName(input: VersionInput, catalogue: Catalogue, version: string): readonly string[] | undefined {
  const { stable, installed, isBusy } = input;
  const pathsAbove = (start: string | undefined) => pathsByName({ ...input, stable: start }, catalogue);
  const fromStable = pathsAbove(stable);
  const path = fromStable(version);
  const isHopUnderWay = isBusy && installed !== undefined && fromStable(installed)?.length === 1;
  const rest = isHopUnderWay ? pathsAbove(installed)(version) : undefined;
  return installed !== undefined && rest && path && rest.length < path.length ? [installed, ...rest] : path;
}

function choice(
  { installed }: VersionInput,
  path: readonly string[],
  reason: Choice['reason'],
  trigger: Choice['trigger'],
): Choice {
  const version = path[0] ?? '';
  const goal = path.at(-1) ?? version;
  return { kind: 'target', version, goal, path, reason, trigger: installed === undefined ? 'Install' : trigger };
}

function stay(version: string): Choice {
  return { kind: 'target', version, goal: version, path: [], trigger: 'Spec', reason: 'Stays' };
}
