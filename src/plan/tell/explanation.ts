import type { BlockReason } from '../../api/upgrade-status.ts';
import { ANNOTATION } from '../../api/names.ts';
import { assess, type Assessment } from '../version/assessment.ts';
import { isComing } from './candidates.ts';
import { whatBreaks } from '../catalogue/breaking.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import { isOfSoftware, type Failure } from '../failures/failures.ts';
import type { Release } from '../../api/provider.ts';
import { envNotAllowed } from '../pods/tenant-env.ts';
import { changeBetween } from '../catalogue/level.ts';
import { blockersOf, breakingOnTheWay } from '../version/gates.ts';
import { shutOnTheWay, softwareRefusal, unanswered } from '../version/refusal.ts';
import type { VersionInput } from '../version/version-input.ts';

/** Reasons that are automation's alone: they stop nobody who names a version. */
const OF_AUTOMATION: ReadonlySet<BlockReason> = new Set(['Level', 'SecurityOnly', 'Unhealthy', 'NoPods', 'Policy']);

/** Tells a tenant what to do to get a newer release. */
export interface Explanation {
  readonly reason: BlockReason | 'NewerRelease';
  readonly message: string;
}

export function explain(assessment: Assessment, input: VersionInput, runs: string): Explanation {
  const { release, blockedBy, notBefore, path, pathByName } = assessment;
  const { spec, failures = [], software, answers } = input;
  const { version } = release;
  const isManual = spec.upgradePolicy === 'manual';
  const reason = blockedBy.find((r) => !isManual || !OF_AUTOMATION.has(r));
  const take = (why = '') => `Set version ${version} to take it${why}${stepsOf(pathByName)}`;
  const automatically = (when: string) => `${version} is taken automatically ${when}${stepsOf(path)}`;
  const helps = (upgrade: Partial<Upgrade>) => isTakenWith(upgrade, version, input);
  switch (reason) {
    case undefined:
    case 'Policy':
      return { reason: 'NewerRelease', message: isManual ? take() : automatically('when it can be') };
    case 'Yanked':
      return { reason, message: `Wait for another release, ${version} was yanked` };
    case 'ImageNotAllowed':
      return { reason, message: `Ask the platform team to allow image "${release.image}" in allowedImagePrefixes` };
    case 'Kubernetes':
      return { reason, message: `${version} needs Kubernetes "${release.requires?.kubernetes}"` };
    case 'ContentChanged':
      return { reason, message: `Publish a new version, ${version} was published again with other content` };
    case 'MissingUserInputs':
    case 'InvalidUserInput':
      return { reason, message: whatToAnswer(release, answers) };
    case 'EnvNotAllowed':
      return { reason, message: envNotAllowed(release, spec).message };
    case 'SoftwareConflict':
      return { reason, message: whyNoSoftware(release, software) };
    case 'PreviouslyFailed':
      return { reason, message: whyLeftAlone(version, failures, notBefore) };
    case 'Skipped': {
      const skipVersions = spec.upgrade?.skipVersions?.filter((skipped) => skipped !== version);
      const way = helps({ skipVersions }) ? ', or remove it from' : ', it is in';
      return { reason, message: take(`${way} upgrade.skipVersions`) };
    }
    case 'Preview':
      return { reason, message: take(', it is a preview') };
    case 'Prerelease':
      return { reason, message: take(', it is a prerelease') };
    case 'Breaking':
      return { reason, message: take(`, ${whatBreaks(breakingOnTheWay(release, input), version)}`) };
    case 'Range': {
      const way = helps({ range: undefined }) ? ', or widen' : ', it is outside of';
      return { reason, message: take(`${way} upgrade.range "${spec.upgrade?.range}"`) };
    }
    case 'Level': {
      const level = changeBetween(runs, version);
      const way = helps({ level }) ? `, or set upgrade.level ${level}` : `, it is further than upgrade.level allows`;
      return { reason, message: take(way) };
    }
    case 'SecurityOnly':
      return { reason, message: take(', it fixes nothing of security and upgrade.securityOnly is set') };
    case 'PathMissing':
      return {
        reason,
        message: pathByName.length > 0 ? take(leftOut(pathByName, input)) : noWay(release, input, runs),
      };
    case 'Deprecated':
    case 'Expired':
      return { reason, message: take(', it is deprecated or expired') };
    case 'Suspended':
      return { reason, message: `Set suspend to false to take ${version}` };
    case 'Unhealthy':
      return { reason, message: automatically('when what condition Ready says is mended') };
    case 'NoPods':
      return { reason, message: automatically('when a pod is asked for: without one nothing shows whether it works') };
    case 'Soaking':
      return { reason, message: automatically('when it is as old as upgrade.minReleaseAge asks') };
    case 'OutsideWindow':
      return { reason, message: automatically('when its turn in an upgrade window comes: see status.pendingUpgrade') };
    case 'Queued':
      return { reason, message: automatically('when its turn comes') };
  }
}

type Upgrade = NonNullable<VersionInput['spec']['upgrade']>;

/** Whether automation takes a release, now or later, once these settings are changed: more than one may keep it from that. */
function isTakenWith(upgrade: Partial<Upgrade>, version: string, input: VersionInput): boolean {
  const spec = { ...input.spec, upgrade: { ...input.spec.upgrade, ...upgrade } };
  return assess({ ...input, spec }).find(isComing)?.release.version === version;
}

/** A path may have as many steps as there are releases. */
const MOST_STEPS = 5;

/** The steps before the last one of a path, as an end to a sentence. */
export function stepsOf(path: readonly string[]): string {
  const steps = path.slice(0, -1);
  const more = steps.length - MOST_STEPS;
  return steps.length === 0
    ? ''
    : `; it goes by ${steps.slice(0, MOST_STEPS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The step on which automation does not rest, with its first reason. */
function leftOut(path: readonly string[], input: VersionInput): string {
  const [stone] = path.slice(0, -1).flatMap((version) => {
    const step = findRelease(input.catalogue, version);
    const [reason] = step ? blockersOf(step, 'auto', input) : [];
    return reason ? [`, automation leaves out ${version} (${reason})`] : [];
  });
  return stone ?? '';
}

function noWay(release: Release, input: VersionInput, runs: string): string {
  const { version } = release;
  const shut = input.catalogue && shutOnTheWay(release, input.catalogue, runs, input);
  return shut
    ? `Wait for another release than ${shut.named}, it is on the way from ${runs} to ${version} and cannot be installed`
    : `Wait for a release on the way, none leads from ${runs} to ${version}`;
}

function whatToAnswer(release: Release, answers: VersionInput['answers']): string {
  const sheet = answers?.(release);
  return sheet ? unanswered(release, sheet).message : `Answer userInputs to take ${release.version}`;
}

function whyNoSoftware(release: Release, software: VersionInput['software']): string {
  const why = software && softwareRefusal(release, software)?.message;
  return `${why ?? 'Change systemSoftware'}, to take ${release.version}`;
}

function whyLeftAlone(version: string, failures: readonly Failure[], notBefore: number | undefined): string {
  const again = `annotate the installation with a new ${ANNOTATION.retry}`;
  if (notBefore !== undefined) {
    return `${version} failed here and is tried again later: to try it at once, ${again}`;
  }
  return failures.some((f) => f.version === version && !isOfSoftware(f))
    ? `${version} failed here: wait for a newer release, or ${again} to try it again`
    : `Wait for a newer release than those in status.failedVersions, or ${again}: too many failed in a row to try ${version}`;
}
