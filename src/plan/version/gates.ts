import type { BlockReason } from '../../api/upgrade-status.ts';
import type { Release } from '../../api/provider.ts';
import { parseRange } from '../../api/range.ts';
import { isPrerelease } from '../../api/version.ts';
import { breakingBetween } from '../catalogue/breaking.ts';
import { isImageAllowed } from '../catalogue/catalogue.ts';
import { isAvoided, isFailed, isHeldBack } from '../failures/avoidance.ts';
import { foreignEnv } from '../pods/tenant-env.ts';
import { changeBetween, isAtMost } from '../catalogue/level.ts';
import { baseOf, memoryOf, type VersionInput } from './version-input.ts';

/**
 * Who asks for a release: nobody named one at the first install; automation; somebody who named it, as the version, as a
 * floor above what runs or in a request; somebody who asked the API for whatever is newest.
 */
export type Mode = 'install' | 'auto' | 'explicit' | 'newest';

interface Gate {
  readonly reason: BlockReason;
  readonly modes: string;
  /** Looks at one thing only. */
  readonly shuts: (release: Release, input: VersionInput) => boolean;
}

/** Each row is a gate, with the modes for which it is there at all, in the order of `blockedBy` in docs/upgrades.md. */
const GATES: readonly Gate[] = [
  { reason: 'Yanked', modes: 'install auto explicit newest', shuts: isYanked },
  { reason: 'ImageNotAllowed', modes: 'install auto explicit newest', shuts: hasForeignImage },
  { reason: 'Kubernetes', modes: 'install auto explicit newest', shuts: needsOtherKubernetes },
  { reason: 'MissingUserInputs', modes: 'install auto explicit newest', shuts: lacksAnswers },
  { reason: 'InvalidUserInput', modes: 'install auto explicit newest', shuts: hasUnfitAnswers },
  { reason: 'EnvNotAllowed', modes: 'install auto explicit newest', shuts: forbidsEnv },
  { reason: 'SoftwareConflict', modes: 'install', shuts: hasSoftwareConflict },
  { reason: 'SoftwareConflict', modes: 'auto explicit newest', shuts: lacksSoftware },
  { reason: 'PreviouslyFailed', modes: 'install auto', shuts: isLeftAlone },
  { reason: 'PreviouslyFailed', modes: 'newest', shuts: hasFailed },
  { reason: 'PreviouslyFailed', modes: 'explicit', shuts: hasFailedAsWished },
  { reason: 'Skipped', modes: 'install auto newest', shuts: isSkipped },
  { reason: 'Preview', modes: 'install auto newest', shuts: isPreview },
  { reason: 'Prerelease', modes: 'install auto newest', shuts: isUnwantedPrerelease },
  { reason: 'Breaking', modes: 'auto newest', shuts: crossesBreaking },
  { reason: 'Range', modes: 'install auto newest', shuts: isOutOfRange },
  { reason: 'Level', modes: 'auto', shuts: isBeyondLevel },
  { reason: 'SecurityOnly', modes: 'auto', shuts: bringsNoSecurity },
];

const BY_MODE: Readonly<Record<Mode, readonly Gate[]>> = {
  install: gatesOf('install'),
  auto: gatesOf('auto'),
  explicit: gatesOf('explicit'),
  newest: gatesOf('newest'),
};

function gatesOf(mode: Mode): readonly Gate[] {
  return GATES.filter((gate) => gate.modes.split(' ').includes(mode));
}

/** Everything that stands between a release and being taken, but for time, the way there and the state of the installation. */
export function blockersOf(release: Release, mode: Mode, input: VersionInput): BlockReason[] {
  return BY_MODE[mode].filter((gate) => gate.shuts(release, input)).map((gate) => gate.reason);
}

/** Whether no gate is shut. */
export function isUnblocked(release: Release, mode: Mode, input: VersionInput): boolean {
  return !BY_MODE[mode].some((gate) => gate.shuts(release, input));
}

/** The gates that only the tenant's answers open. */
export const OF_ANSWERS: ReadonlySet<string> = new Set(['MissingUserInputs', 'InvalidUserInput']);

/** Whether no gate is shut once the tenant has answered what it asks for. */
export function isUnblockedOnceAnswered(release: Release, mode: Mode, input: VersionInput): boolean {
  return blockersOf(release, mode, input).every((reason) => OF_ANSWERS.has(reason));
}

function hasForeignImage({ image }: Release, { config }: VersionInput): boolean {
  return !isImageAllowed(image, config.allowedImagePrefixes);
}

/** Of a cluster's version only the numbers count: `v1.36.3-gke.1` is 1.36.3. */
function needsOtherKubernetes({ requires }: Release, { kubernetesVersion }: VersionInput): boolean {
  const [numbers] = /\d+\.\d+\.\d+/.exec(kubernetesVersion ?? '') ?? [];
  const range = requires?.kubernetes;
  return range !== undefined && numbers !== undefined && parseRange(range)?.hasNumbers(numbers) !== true;
}

/** A yanked release that runs goes on. */
function isYanked({ version, lifecycle }: Release, { stable, installed }: VersionInput): boolean {
  return lifecycle?.stage === 'yanked' && version !== stable && version !== installed;
}

function lacksAnswers(release: Release, { answers }: VersionInput): boolean {
  return (answers?.(release).missing.length ?? 0) > 0;
}

function hasUnfitAnswers(release: Release, { answers }: VersionInput): boolean {
  const sheet = answers?.(release);
  return sheet !== undefined && sheet.unfit.length + sheet.tooLate.length > 0;
}

function forbidsEnv(release: Release, { spec }: VersionInput): boolean {
  return foreignEnv(release, spec).length > 0;
}

function lacksSoftware(release: Release, { software }: VersionInput): boolean {
  const resolution = software?.resolve(release);
  return resolution?.kind === 'problem' || resolution?.obstacle !== undefined;
}

/** Missing software may come with the next commit: a first install waits for it and takes no older release instead. */
function hasSoftwareConflict(release: Release, { software }: VersionInput): boolean {
  const resolution = software?.resolve(release);
  return resolution?.kind === 'problem' && resolution.patience === 'none';
}

/** Automation also learns from the failures of others. */
function isLeftAlone(release: Release, input: VersionInput): boolean {
  // Where nothing is there any more, nothing of it failed.
  return input.installed !== undefined && isAvoided(release, input.stable, memoryOf(input));
}

function hasFailed(release: Release, input: VersionInput): boolean {
  return isFailed(release, memoryOf(input));
}

function hasFailedAsWished(release: Release, input: VersionInput): boolean {
  return isHeldBack(release, input.wish, memoryOf(input));
}

function isSkipped({ version }: Release, { spec }: VersionInput): boolean {
  return spec.upgrade?.skipVersions?.includes(version) === true;
}

function isPreview({ lifecycle }: Release): boolean {
  return lifecycle?.stage === 'preview';
}

function isUnwantedPrerelease({ version }: Release, { spec }: VersionInput): boolean {
  return spec.upgrade?.prereleases !== true && isPrerelease(version);
}

/** A breaking release is breaking for whoever crosses it, be it by a later one that says nothing. */
function crossesBreaking(release: Release, input: VersionInput): boolean {
  return breakingOnTheWay(release, input).length > 0;
}

/** Measured from what is stable: a breaking release that is being rolled out is crossed once it is done. */
export function breakingOnTheWay({ version }: Release, input: VersionInput): ReturnType<typeof breakingBetween> {
  const runs = baseOf(input) ?? input.installed;
  return runs === undefined ? [] : breakingBetween(input.catalogue, runs, version);
}

function isOutOfRange({ version }: Release, { spec }: VersionInput): boolean {
  const range = spec.upgrade?.range;
  return range !== undefined && parseRange(range)?.has(version) !== true;
}

/** Measured from what is stable, so that small steps never add up to a large one. */
function isBeyondLevel({ version }: Release, input: VersionInput): boolean {
  const base = baseOf(input);
  return base !== undefined && !isAtMost(changeBetween(base, version), input.spec.upgrade?.level ?? 'minor');
}

function bringsNoSecurity({ fixes }: Release, { spec }: VersionInput): boolean {
  return spec.upgrade?.securityOnly === true && fixes?.includes('security') !== true;
}
