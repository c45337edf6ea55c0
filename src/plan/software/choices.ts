import semver from 'semver';
import { numbersOf, type Numbers } from '../../api/range.ts';
import type { SoftwareRelease, SoftwareWish } from '../../api/software.ts';
import { isFading, isForAll, isImageAllowed } from '../catalogue/catalogue.ts';
import { changeBetween } from '../catalogue/level.ts';
import type { Movement, Policy, SoftwareInput } from './resolution.ts';
import type { SoftwareCatalogue } from '../catalogue/software-catalogue.ts';

/** A version that could be taken. */
export interface Option {
  readonly version: string;
  readonly numbers: Numbers;
  /** Undefined where what is stable is not published any more. */
  readonly release: SoftwareRelease | undefined;
}

/** The versions of one software that could be taken, whatever needs it. */
export interface Choices {
  readonly catalogue: SoftwareCatalogue | undefined;
  readonly wish: SoftwareWish | undefined;
  readonly policy: Policy;
  /** The best first. */
  readonly options: readonly Option[];
  /** Everything that is offered to everybody, whatever the policy; newest first, and last what is fading or failed. */
  readonly offered: readonly string[];
  /** The same without what comes last. */
  readonly newest: readonly string[];
  /** Versions that could be taken, too, if the platform team allowed their images. */
  readonly foreign: readonly SoftwareRelease[];
}

/** Of one software, what a choice depends on. */
interface Question {
  readonly name: string;
  readonly movement: Movement;
  readonly input: SoftwareInput;
  readonly wish: SoftwareWish | undefined;
  readonly policy: Policy;
  /** The stable version. */
  readonly present: string | undefined;
}

export function choicesOf(name: string, movement: Movement, input: SoftwareInput): Choices {
  const { spec, shelf, stable } = input;
  const catalogue = shelf.get(name);
  const wish = spec.systemSoftware?.find((w) => w.name === name);
  const question = { name, movement, input, wish, policy: policyOf(wish, spec), present: stable.get(name) };
  const { foreign, newest, last } = offersOf(question, catalogue);
  return {
    catalogue,
    wish,
    policy: question.policy,
    options: inOrderOfPreference(question, newest, last).map((version) => ({
      version,
      numbers: numbersOf(version),
      release: catalogue?.releases.find((r) => r.version === version),
    })),
    offered: [...newest, ...last].map(versionOf),
    newest: newest.map(versionOf),
    foreign: foreign.filter((r) => isOther(question, r)),
  };
}

interface Offers {
  readonly newest: readonly SoftwareRelease[];
  /** They are fading or failed here: they are taken last. */
  readonly last: readonly SoftwareRelease[];
  /** Their images are not allowed. */
  readonly foreign: readonly SoftwareRelease[];
}

/** The published releases that anybody may have, and the one that the wish names. */
function offersOf({ name, input, wish }: Question, catalogue: SoftwareCatalogue | undefined): Offers {
  const { avoided, config, now } = input;
  const offered = (catalogue?.releases ?? []).filter((r) =>
    r.version === wish?.version ? r.lifecycle?.stage !== 'yanked' : isForAll(r, catalogue?.prereleasesAreReleases),
  );
  const isAllowed = ({ provides }: SoftwareRelease) =>
    provides?.image === undefined || isImageAllowed(provides.image, config.allowedImagePrefixes);
  const isLast = (r: SoftwareRelease) => isFading(r, now) || avoided.has(`${name}=${r.version}`);
  const allowed = offered.filter(isAllowed);
  return {
    newest: allowed.filter((r) => !isLast(r)),
    last: allowed.filter(isLast),
    foreign: offered.filter((r) => !isAllowed(r)),
  };
}

/** Whether it is as the tenant asks for, and not what is stable. */
function isOther({ wish, policy, present }: Question, { version }: SoftwareRelease): boolean {
  return version !== present && (wish === undefined || suits(wish, policy, version));
}

/**
 * The versions that could be taken, in this order:
 *
 * 1. An update, as far as the policy allows, where it is time for one.
 * 2. The stable version, where it can stay. Nobody asked for an update: it need not be what would be chosen today.
 * 3. Where it cannot stay, the floor as it is named, like the floor of a release.
 * 4. What is a patch away, where the policy is `patchLevel`.
 * 5. Any other, the newest first.
 *
 * Nothing but its own policy moves what can stay: in an update of another software 3 to 5 are left out.
 */
function inOrderOfPreference(
  question: Question,
  newest: readonly SoftwareRelease[],
  last: readonly SoftwareRelease[],
): readonly string[] {
  const { name, movement, input, wish, policy, present } = question;
  const isChoice = (r: SoftwareRelease) => isOther(question, r);
  if (movement === 'update' && present !== undefined) {
    const barrier = barrierOf(name, input.avoided);
    const isUpdate = (version: string) => isWithinPolicy(present, version, policy) && semver.gt(version, barrier);
    return [...newest.filter(isChoice).map(versionOf).filter(isUpdate), present];
  }
  const mayStay = present !== undefined && (wish === undefined || suits(wish, policy, present));
  const others = [...newest, ...last].filter(isChoice).map(versionOf);
  const floor = present !== undefined && !mayStay ? others.filter((version) => version === wish?.version) : [];
  const start = mayStay ? present : wish?.version;
  const isNear = (version: string) =>
    start !== undefined && policy === 'patchLevel' && changeBetween(start, version) === 'patch';
  return [...new Set([...(mayStay ? [present] : []), ...floor, ...others.filter(isNear), ...others])];
}

/** `inherit` resolved: software that nobody speaks of follows the policy of the installation. */
export function policyOf(wish: SoftwareWish | undefined, spec: SoftwareInput['spec']): Policy {
  const policy = wish?.updatePolicy ?? 'inherit';
  if (policy !== 'inherit') {
    return policy;
  }
  if (spec.upgradePolicy === 'manual') {
    return 'none';
  }
  return spec.upgrade?.level === 'patch' ? 'patchLevel' : 'all';
}

/** Failed moves in a row after which only what is newer than all of them is tried. */
const MOST_MOVES_IN_A_ROW = 2;

/** The version than which an update has to be newer. */
function barrierOf(name: string, avoided: ReadonlySet<string>): string {
  const failed = [...avoided].flatMap((one) => (one.startsWith(`${name}=`) ? one.slice(name.length + 1) : []));
  return failed.length < MOST_MOVES_IN_A_ROW ? '0.0.0-0' : (failed.sort(semver.rcompare)[0] ?? '0.0.0-0');
}

/** Whether a version is as the tenant asks for it. */
export function suits({ version: named }: SoftwareWish, policy: Policy, version: string | undefined): boolean {
  return (
    version !== undefined &&
    (named === undefined || (policy === 'none' ? version === named : semver.gte(version, named)))
  );
}

function versionOf({ version }: SoftwareRelease): string {
  return version;
}

function isWithinPolicy(present: string, version: string, policy: Policy): boolean {
  return (
    semver.gt(version, present) &&
    (policy === 'all' || (policy === 'patchLevel' && changeBetween(present, version) === 'patch'))
  );
}
