import { hash } from '../api/hash.ts';
import type { InstallationSpec } from '../api/installation.ts';
import type { Release } from '../api/provider.ts';
import { isImageAllowed } from './catalogue.ts';
import { wishHash } from './children.ts';
import type { Committed } from './committed.ts';
import type { Configuration } from './environment.ts';
import type { Installation, Observed } from './observed.ts';
import type { Problem } from './problem.ts';
import { isStuck, type Running } from './running.ts';
import type { Movement, Resolution, SoftwareFinder } from './software.ts';
import { policyOf, suits } from './software-choices.ts';
import { isSameSet, type SoftwareSet } from './software-set.ts';
import { dueAt } from './spread.ts';
import type { Target } from './version.ts';
import { askedSoftware } from './wish.ts';

/** The system software that a release is to run with now. */
interface Chosen {
  readonly kind: 'chosen';
  readonly resolution: Resolution;
  /** It moves by its own policy, and nothing else changes. */
  readonly isUpdate: boolean;
  /** When it could, in milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
}

interface ToRun {
  readonly release: Release;
  readonly configuration: Configuration;
  readonly finder: SoftwareFinder;
  readonly movement: Movement;
  readonly target: Target;
  readonly now: number;
}

/**
 * What is committed stays, whatever is published, until the spec asks for something else or automation moves it in a
 * window: nothing is rolled out because somebody published a dependency.
 */
export function softwareFor(observed: Observed, running: Running, toRun: ToRun): Chosen | Problem {
  const { installation } = observed;
  const { release, configuration, finder } = toRun;
  const committed = running.deployment?.committed;
  const isSameWish = committed?.wish === wishHash(installation, release.version, configuration);
  if (!committed || !isSameWish || (asksForSoftware(installation.spec, committed) && !isInItsMove(observed, running))) {
    const resolution = finder.resolve(release);
    const isSame = isSameWish && resolution.kind === 'resolution' && isSameSet(resolution.set, running.software);
    if (!isSame) {
      return resolution.kind === 'problem' ? resolution : { kind: 'chosen', resolution, isUpdate: false };
    }
  }
  const stays: Chosen = { kind: 'chosen', resolution: finder.keep(running.software), isUpdate: false };
  const update = updateOf(observed, running, toRun);
  if (!update) {
    return stays;
  }
  const due = dueAt(hash(installation.uid), installation.spec.upgrade?.windows ?? [], toRun.now);
  return due !== undefined && due <= toRun.now
    ? { kind: 'chosen', resolution: update, isUpdate: true }
    : { ...stays, notBefore: due };
}

/** What its own policy moves it to, if anything: automation asks for new pods only where there can be some. */
function updateOf(
  { installation, config }: Observed,
  running: Running,
  { release, finder, movement, target }: ToRun,
): Resolution | undefined {
  const isAtRest = running.isDone && running.isAvailable && running.isPristine;
  const mayMove = movement === 'update' && installation.spec.suspend !== true && target.version === running.installed;
  if (!mayMove || !(isAtRest || isStuck(running)) || !isImageAllowed(release.image, config.allowedImagePrefixes)) {
    return undefined;
  }
  const [base, moved] = [finder.resolve(release), finder.resolve(release, 'update')];
  // What would be chosen today, and is not because nobody asked for anything, is no update; unless nothing ever ran.
  const isUpdate = base.kind === 'resolution' && moved.kind === 'resolution' && !isSameSet(moved.set, base.set);
  const mayBeginAnew = running.stable === undefined && installation.spec.upgradePolicy === 'auto';
  const update = isUpdate || mayBeginAnew ? moved : undefined;
  return update?.kind === 'resolution' && !update.obstacle && !isSameSet(update.set, running.software)
    ? update
    : undefined;
}

/** The spec says something else about system software than when the pods were made. */
export function asksForSoftware(spec: InstallationSpec, { asked }: Committed): boolean {
  return asked !== askedSoftware(spec);
}

/** Automation moves it, and what the spec says by now is no reason to stop. */
function isInItsMove({ installation }: Observed, { deployment, isProven, software }: Running): boolean {
  return deployment?.attempt?.trigger === 'SystemSoftware' && !isProven && hasAsked(installation.spec, software);
}

/** Everything that the spec says about system software is true of this set. */
export function hasAsked(spec: InstallationSpec, set: SoftwareSet): boolean {
  return (spec.systemSoftware ?? []).every((wish) => suits(wish, policyOf(wish, spec), set.get(wish.name)));
}

/** The spec alone asked for some of it, as the status tells, and does so no more. */
export function isLeftOver({ spec, status }: Installation, set: SoftwareSet): boolean {
  const isAsked = (name: string) => spec.systemSoftware?.some((wish) => wish.name === name) === true;
  const told = status.systemSoftware?.filter(({ requiredBy }) => requiredBy?.length === 0) ?? [];
  return told.some(({ name }) => set.has(name) && !isAsked(name));
}
