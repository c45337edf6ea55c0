import semver from 'semver';
import { numbersOf, type Numbers } from '../../api/range.ts';
import type { SoftwareRelease, SoftwareWish } from '../../api/software.ts';
import { isPrerelease } from '../../api/version.ts';
import { isFading, isImageAllowed, isOffered } from '../catalogue/catalogue.ts';
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

/**
 * The stable version stays where it can. A floor above it is taken as it is named, like the floor of a release. A software
 * that has no stable version yet, or one that cannot stay, gets the newest. An update goes as far as its policy allows.
 */
export function choicesOf(name: string, movement: Movement, input: SoftwareInput): Choices {
  const { spec, shelf, stable, avoided, config, now } = input;
  const catalogue = shelf.get(name);
  const wish = spec.systemSoftware?.find((w) => w.name === name);
  const policy = policyOf(wish, spec);
  const named = wish?.version;
  const present = stable.get(name);
  const fits = (version: string) => wish === undefined || suits(wish, policy, version);
  const offered = (catalogue?.releases ?? []).filter((r) =>
    r.version === named ? r.lifecycle?.stage !== 'yanked' : isOffered(r) && !isPrerelease(r.version),
  );
  const isOther = (r: SoftwareRelease) => r.version !== present && fits(r.version);
  const isAllowed = ({ provides }: SoftwareRelease) =>
    provides?.image === undefined || isImageAllowed(provides.image, config.allowedImagePrefixes);
  const isLast = (r: SoftwareRelease) => isFading(r, now) || avoided.has(`${name}=${r.version}`);
  const allowed = offered.filter(isAllowed);
  const newest = allowed.filter((r) => !isLast(r));
  const inTurn = [...newest, ...allowed.filter(isLast)];
  const pool = inTurn.filter(isOther);
  const barrier = barrierOf(name, avoided);
  const updates =
    movement === 'update' && present !== undefined
      ? pool.filter((r) => !isLast(r) && isWithinPolicy(present, r.version, policy) && semver.gt(r.version, barrier))
      : [];
  // Nobody asked for an update: what stays need not be what would be chosen today.
  const kept = present !== undefined && (movement === 'update' || fits(present)) ? [present] : [];
  const start = kept[0] ?? named;
  const isNear = (r: SoftwareRelease) =>
    start !== undefined && policy === 'patchLevel' && changeBetween(start, r.version) === 'patch';
  const floor = present !== undefined && kept.length === 0 ? pool.filter((r) => r.version === named) : [];
  // Nothing but its own policy moves what can stay: an update of another software is no reason.
  const others = movement === 'update' && kept.length > 0 ? [] : [floor, pool.filter(isNear), pool];
  const inOrder = [...new Set([...updates.map(versionOf), ...kept, ...others.flat().map(versionOf)])];
  return {
    catalogue,
    wish,
    policy,
    options: inOrder.map((version) => ({
      version,
      numbers: numbersOf(version),
      release: catalogue?.releases.find((r) => r.version === version),
    })),
    offered: inTurn.map(versionOf),
    newest: newest.map(versionOf),
    foreign: offered.filter((r) => isOther(r) && !isAllowed(r)),
  };
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
const MOST_IN_A_ROW = 2;

/** The version than which an update has to be newer. */
function barrierOf(name: string, avoided: ReadonlySet<string>): string {
  const failed = [...avoided].flatMap((one) => (one.startsWith(`${name}=`) ? one.slice(name.length + 1) : []));
  return failed.length < MOST_IN_A_ROW ? '0.0.0-0' : (failed.sort(semver.rcompare)[0] ?? '0.0.0-0');
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
