import { hash } from '../../api/hash.ts';
import type { InstallationSpec } from '../../api/installation.ts';
import type { Release } from '../../api/provider.ts';
import { isImageAllowed } from '../catalogue/catalogue.ts';
import { wishAgain } from '../pods/inputs.ts';
import type { Answers } from '../pods/answers.ts';
import type { Configuration } from '../pods/environment.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import type { Problem } from '../../api/problem.ts';
import { askedOf } from '../state/record.ts';
import { isStuck, type State } from '../state/state.ts';
import type { Resolution } from '../software/resolution.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import { policyOf, suits } from '../software/choices.ts';
import { isSameSet, type SoftwareSet } from '../software/set.ts';
import { dueAt } from '../windows/spread.ts';
import type { Target } from '../version/version.ts';
import { isIncomplete } from '../pods/sheet.ts';
import { askedSoftware } from '../pods/wish.ts';

/** The system software that a release is to run with now. */
export interface Chosen {
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
  readonly answers: Answers;
  readonly finder: SoftwareFinder;
  readonly target: Target;
  readonly now: number;
}

/**
 * The committed software stays, whatever is published, until the spec asks for something else or automation moves it in a
 * window: nothing is rolled out because somebody published a dependency.
 */
export function softwareFor(observed: Observed, state: State, toRun: ToRun): Chosen | Problem {
  const { installation } = observed;
  const { release, finder } = toRun;
  const { base, software } = state;
  const isSameWish = base?.committed.wish === wishAgain(installation, release.version, toRun, base);
  if (!base || !isSameWish || (asksForSoftware(installation.spec, base) && !isInItsMove(observed, state))) {
    const resolution = finder.resolve(release);
    const isSame = isSameWish && resolution.kind === 'resolution' && isSameSet(resolution.set, software);
    if (!isSame) {
      return resolution.kind === 'problem' ? resolution : { kind: 'chosen', resolution, isUpdate: false };
    }
  }
  const stays: Chosen = { kind: 'chosen', resolution: finder.keep(software), isUpdate: false };
  const update = updateOf(observed, state, toRun);
  if (!update) {
    return stays;
  }
  const due = dueAt(hash(installation.uid), installation.spec.upgrade?.windows ?? [], toRun.now);
  return due !== undefined && due <= toRun.now
    ? { kind: 'chosen', resolution: update, isUpdate: true }
    : { ...stays, notBefore: due };
}

/** The set to which its own policy moves it, if any. Automation asks for new pods only where some can be made. */
function updateOf(
  { installation, config }: Observed,
  state: State,
  { release, answers, finder, target }: ToRun,
): Resolution | undefined {
  const isAtRest = state.isRolledOut && state.isAvailable && state.hasPods && state.isPristine;
  const mayMove = installation.spec.suspend !== true && target.version === state.base?.version;
  if (!mayMove || !(isAtRest || isStuck(state)) || !isImageAllowed(release.image, config.allowedImagePrefixes)) {
    return undefined;
  }
  const [base, moved] = [finder.resolve(release), finder.resolve(release, 'update')];
  // A better choice that nobody asked for is no update, unless nothing ever ran.
  const isUpdate = base.kind === 'resolution' && moved.kind === 'resolution' && !isSameSet(moved.set, base.set);
  const mayBeginAnew = state.stable === undefined && installation.spec.upgradePolicy === 'auto';
  const update = isUpdate || mayBeginAnew ? moved : undefined;
  return update?.kind === 'resolution' &&
    !update.obstacle &&
    !isIncomplete(answers.to(release, update.uses)) &&
    !isSameSet(update.set, state.software) &&
    movesAsAsked(installation.spec, state.software, update.set)
    ? update
    : undefined;
}

/** The stable version may not be the one that the spec asks for by now. Automation does not move back to that one. */
function movesAsAsked(spec: InstallationSpec, from: SoftwareSet, to: SoftwareSet): boolean {
  return (spec.systemSoftware ?? []).every(
    (wish) => to.get(wish.name) === from.get(wish.name) || suits(wish, policyOf(wish, spec), to.get(wish.name)),
  );
}

/** The spec says something else about system software than when the pods were made. */
export function asksForSoftware(spec: InstallationSpec, record: RolloutRecord): boolean {
  return askedOf(record) !== askedSoftware(spec);
}

/** Automation moves it, and what the spec says by now is no reason to stop. */
function isInItsMove({ installation }: Observed, { base, stable, software }: State): boolean {
  return base?.trigger === 'SystemSoftware' && base !== stable && isAsAsked(installation.spec, software, base);
}

/** Everything that the spec says about system software is true of this set, and nothing is left of what it alone had asked for. */
export function isAsAsked(
  spec: InstallationSpec,
  set: SoftwareSet,
  { requiredBy = {} }: Pick<RolloutRecord, 'requiredBy'>,
): boolean {
  const wishes = spec.systemSoftware ?? [];
  const isWanted = ([name, by]: [string, readonly string[]]) => by.length > 0 || wishes.some((w) => w.name === name);
  return (
    Object.entries(requiredBy).every(isWanted) &&
    wishes.every((wish) => suits(wish, policyOf(wish, spec), set.get(wish.name)))
  );
}
