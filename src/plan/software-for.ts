import { hash } from '../api/hash.ts';
import type { InstallationSpec } from '../api/installation.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Release } from '../api/provider.ts';
import type { Tier } from '../api/runtime.ts';
import { isImageAllowed } from './catalogue.ts';
import { wishHash } from './children.ts';
import type { Committed } from './committed.ts';
import type { Configuration } from './environment.ts';
import type { Observed } from './observed.ts';
import { notYet, problem, type Problem } from './problem.ts';
import type { Running } from './running.ts';
import type { Movement, Resolution, SoftwareFinder } from './software.ts';
import { isSameSet } from './software-set.ts';
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
  readonly definition: Tier | undefined;
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
  const { installation, config } = observed;
  const { release, configuration, definition, finder, movement, target } = toRun;
  const committed = running.deployment?.committed;
  const isOtherwiseSame =
    committed !== undefined &&
    committed.wish === wishHash(installation, release.version, configuration) &&
    committed.tier === hash(definition ?? null);
  if (!isOtherwiseSame || asksForSoftware(installation.spec, committed)) {
    const resolution = finder.resolve(release);
    if (resolution.kind === 'problem') {
      return resolution;
    }
    if (!isOtherwiseSame || !isSameSet(resolution.set, running.software)) {
      return { kind: 'chosen', resolution, isUpdate: false };
    }
  }
  const stays: Chosen = { kind: 'chosen', resolution: finder.describe(release, running.software), isUpdate: false };
  const isAtRest = running.isDone && running.isAvailable && running.isPristine && target.version === running.installed;
  if (movement === 'stay' || !isAtRest || installation.spec.suspend === true) {
    return stays;
  }
  const [base, update] = [finder.resolve(release), finder.resolve(release, 'update')];
  // What would be chosen today, and is not because nobody asked for anything, is no update.
  const isUpdate =
    base.kind === 'resolution' &&
    update.kind === 'resolution' &&
    !isSameSet(update.set, base.set) &&
    !isSameSet(update.set, running.software);
  if (!isUpdate) {
    return stays;
  }
  // Automation asks for new pods only where there can be some.
  const isImpossible =
    goneSoftware(update) ??
    foreignSoftware(update, config) ??
    !isImageAllowed(release.image, config.allowedImagePrefixes);
  if (isImpossible) {
    return stays;
  }
  const due = dueAt(hash(installation.uid), installation.spec.upgrade?.windows ?? [], toRun.now);
  return due !== undefined && due <= toRun.now
    ? { kind: 'chosen', resolution: update, isUpdate: true }
    : { ...stays, notBefore: due };
}

/** The spec says something else about system software than when the pods were made. */
export function asksForSoftware(spec: InstallationSpec, { asked }: Committed): boolean {
  return asked !== askedSoftware(spec);
}

/** Why pods cannot be made anew, though those that there are may go on: what they have is not published any more. */
export function goneSoftware({ uses }: Resolution): Problem | undefined {
  const gone = uses.find(({ release }) => !release);
  return (
    gone &&
    notYet(
      'SoftwareNotFound',
      `Publish version ${gone.version} of system software "${gone.name}" again, or set another one: the change needs its content`,
    )
  );
}

/** Why it may not be in new pods, though it stays in those that there are. */
export function foreignSoftware(
  { uses }: Resolution,
  { allowedImagePrefixes }: Pick<OperatorConfig, 'allowedImagePrefixes'>,
): Problem | undefined {
  const foreign = uses.find(({ release }) => {
    const image = release?.provides?.image;
    return image !== undefined && !isImageAllowed(image, allowedImagePrefixes);
  });
  return (
    foreign &&
    problem(
      'ImageNotAllowed',
      `Ask the platform team to allow image "${foreign.release?.provides?.image}" of system software "${foreign.name}" in allowedImagePrefixes`,
    )
  );
}
