import semver from 'semver';
import type { BlockReason } from '../../api/upgrade-status.ts';
import type { Release } from '../../api/provider.ts';
import { findRelease, isExpired, isFading, type Catalogue } from '../catalogue/catalogue.ts';
import { retryAt } from '../failures/avoidance.ts';
import { blockersOf, isUnblocked, type Mode } from './gates.ts';
import { pathsFrom, type PathFinder } from './path.ts';
import { soakOf } from './soak.ts';
import { dueAt } from '../windows/spread.ts';
import { baseOf, memoryOf, type VersionInput } from './version-input.ts';

/** How automation judges one release that is newer than the running one. */
export interface Assessment {
  readonly release: Release;
  /** Somebody who asks for the newest may have it. */
  readonly isTakeable: boolean;
  /** Every reason why automation does not take it now; none: it does, unless a newer one has none either. */
  readonly blockedBy: readonly BlockReason[];
  /** When time alone may change that, in milliseconds since the epoch. */
  readonly notBefore: number | undefined;
  /** The rollouts that lead there, by the steps that the policy allows; empty where no way does. */
  readonly path: readonly string[];
  /** The same for whoever names it: he may rest on what automation leaves out. */
  readonly pathByName: readonly string[];
}

/**
 * All newer releases, newest first, each with every reason against it. Automation takes the first that has none: what is
 * decided and what is explained can never differ.
 */
export function assess(input: VersionInput): readonly Assessment[] {
  const { catalogue, stable, installed } = input;
  const base = stable ?? installed;
  if (!catalogue || base === undefined) {
    return [];
  }
  const newer = catalogue.releases.filter((r) => semver.gt(r.version, base));
  // A first install that failed begins anew: without a floor there is nothing that a step could be measured from.
  const mode: Mode = baseOf(input) === undefined ? 'install' : 'auto';
  const lasting = new Map(newer.map((release) => [release, blockersOf(release, mode, input)]));
  const isClear = (release: Release) => lasting.get(release)?.length === 0;
  const someday = pathsOf(input, catalogue, isClear);
  const isRipe = (release: Release) => soakOf(release, input).isOver;
  const today = newer.every(isRipe) ? someday : pathsOf(input, catalogue, (r) => isClear(r) && isRipe(r));
  const named = pathsByName(input, catalogue);
  // Under manual nobody goes anywhere but by name.
  const isManual = input.spec.upgradePolicy === 'manual';
  const way = isManual ? named : someday;
  const isWellServed =
    isGood(findRelease(catalogue, stable), input) ||
    newer.some((r) => isGood(r, input) && isClear(r) && someday(r.version) !== undefined);

  const turn = turnOf(input);

  return newer.map((release) => {
    const { version } = release;
    const ofRelease = lasting.get(release) ?? [];
    const pathByName = named(version);
    // Where a breaking step is why automation gets no further, that is said, and not that there is no way.
    const isCrossing = ofRelease.includes('Breaking') && pathByName !== undefined;
    const blockers = [
      ...ofRelease,
      ...holding({ PathMissing: !isCrossing && !way(version) }),
      ...(isWellServed ? fading(release, input) : []),
      ...obstaclesNow(input),
    ];
    const path = (isManual ? undefined : today(version)) ?? way(version) ?? [];
    const wait = blockers.length > 0 ? whenBlocked(release, blockers, input) : waitOf(release, path, turn, input);
    return {
      release,
      isTakeable: isUnblocked(release, 'newest', input) && pathByName !== undefined,
      blockedBy: [...blockers, ...wait.blockedBy],
      notBefore: wait.notBefore,
      path,
      pathByName: pathByName ?? [],
    };
  });
}

/** The ways to what somebody names. They pass over what has to be named itself, such as a preview, only where they must. */
export function pathsByName(input: VersionInput, catalogue: Catalogue): PathFinder {
  const isPassable = (release: Release) => isUnblocked(release, 'explicit', input);
  return pathsOf(input, catalogue, isPassable, (release) => !isUnblocked(release, 'newest', input));
}

/** The ways from what is stable; where nothing is, each release is a way of its own. */
function pathsOf(
  { stable, now }: VersionInput,
  { releases, requiredVersions }: Catalogue,
  isPassable: (release: Release) => boolean,
  isAvoidable?: (release: Release) => boolean,
): PathFinder {
  const isSecondChoice = (release: Release) => isFading(release, now) || isAvoidable?.(release) === true;
  return stable === undefined
    ? (version) => [version]
    : pathsFrom(stable, { releases, requiredVersions, isPassable, isSecondChoice });
}

/** A withdrawn release may go on running, and every other is better. */
function isGood(release: Release | undefined, { now }: VersionInput): boolean {
  return release !== undefined && release.lifecycle?.stage !== 'yanked' && !isFading(release, now);
}

/** Taken only when nothing better is there. */
function fading(release: Release, { now }: VersionInput): BlockReason[] {
  return holding({ Deprecated: release.lifecycle?.stage === 'deprecated', Expired: isExpired(release, now) });
}

/** The reasons that hold automation back from every release. */
function obstaclesNow({ spec, stable, isHealthy = true, hasPods = true }: VersionInput): BlockReason[] {
  return holding({
    Policy: spec.upgradePolicy === 'manual',
    Suspended: spec.suspend === true,
    Unhealthy: stable !== undefined && !isHealthy,
    NoPods: stable !== undefined && !hasPods,
  });
}

/** The reasons that are true, in their order. */
function holding(reasons: Partial<Record<BlockReason, boolean>>): BlockReason[] {
  return (Object.keys(reasons) as BlockReason[]).filter((reason) => reasons[reason]);
}

type Wait = Pick<Assessment, 'blockedBy' | 'notBefore'>;

const NO_WAIT: Wait = { blockedBy: [], notBefore: undefined };

function whenBlocked(release: Release, blockers: readonly BlockReason[], input: VersionInput): Wait {
  const isOnlyFailed = blockers.every((reason) => reason === 'PreviouslyFailed');
  return { blockedBy: [], notBefore: isOnlyFailed ? retryAt(release, memoryOf(input)) : undefined };
}

/** The wait that is left where nothing else stands in the way. */
function waitOf(release: Release, path: readonly string[], turn: () => Turn, input: VersionInput): Wait {
  const { catalogue, stable, installed, isBusy, slot = 'free' } = input;
  if (release.version === installed) {
    return NO_WAIT;
  }
  // The first hop has to be old enough, and the last one: a way that cannot be ended is not begun.
  const ends = [findRelease(catalogue, path[0]), release].flatMap((r) => (r ? [soakOf(r, input)] : []));
  // Where nothing serves yet, nothing is won by waiting.
  const soaks = stable === undefined ? [] : ends.filter((soak) => !soak.isOver);
  const turns = stable === undefined ? [] : [turn()].filter(({ isOver }) => !isOver);
  const times = [...soaks, ...turns].map((wait) => wait.until);
  const isLast = times.length === 0 && (isBusy || slot === 'queued');
  return {
    blockedBy: holding({ Soaking: soaks.length > 0, OutsideWindow: turns.length > 0, Queued: isLast }),
    notBefore: times.length === 0 || times.includes(undefined) ? undefined : Math.max(...times.map((t) => t ?? 0)),
  };
}

interface Turn {
  readonly isOver: boolean;
  readonly until: number | undefined;
}

/** When this installation's turn comes within the upgrade windows; found out once, and only where it matters. */
function turnOf({ spec, turn, now }: VersionInput): () => Turn {
  let found: Turn | undefined;
  return () => {
    if (!found) {
      const due = dueAt(turn ?? '0', spec.upgrade?.windows ?? [], now);
      found = { isOver: due !== undefined && due <= now, until: due };
    }
    return found;
  };
}
