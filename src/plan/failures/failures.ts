import semver from 'semver';
import { MOST_ATTEMPTS, MOST_FAILURES, type Failure } from '../../api/failure.ts';
import { epoch, timestamp } from '../../api/time.ts';
import type { Expiry } from '../state/rollout.ts';
import { movedSince, parseSoftware } from '../software/set.ts';
import type { State } from '../state/state.ts';
import { isOneOf, type Wishes } from '../pods/wish.ts';

export { type Failure } from '../../api/failure.ts';

const FIRST_RETRY_MS = 6 * 3_600_000;
/** Where so many more tries came to nothing either, it is no hiccup of the cluster. */
const MOST_RETRIES = 3;
const MOST_OF_SOFTWARE = 4;

/** A failure that was just found. The rest of it follows from the failures before it. */
export interface NewFailure extends Omit<Failure, 'at' | 'attempts' | 'retryAfter'> {
  readonly expires: Expiry;
}

/** Remembers one more failure, the newest first; the same one again counts up. */
export function addFailure(
  failures: readonly Failure[],
  { expires, ...failure }: NewFailure,
  now: number,
): readonly Failure[] {
  const isSame = (f: Failure) => isSameThing(f, failure) && f.wish === failure.wish;
  const attempts = Math.min((failures.find(isSame)?.attempts ?? 0) + 1, MOST_ATTEMPTS);
  const retryAfter = retryTime(expires, attempts, now);
  const added: Failure = { ...failure, at: timestamp(now), attempts, ...(retryAfter !== undefined && { retryAfter }) };
  return withinBounds([added, ...failures.filter((f) => !isSame(f))]);
}

function retryTime(expires: Expiry, attempts: number, now: number): string | undefined {
  switch (expires) {
    case 'at once':
      return timestamp(now);
    case 'later':
      return attempts > MOST_RETRIES ? undefined : timestamp(now + FIRST_RETRY_MS * 2 ** (attempts - 1));
    case 'never':
      return undefined;
  }
}

/**
 * Forgets the lowest versions first: after two failures in a row nothing below the highest is chosen anyway. Of
 * software the last ones are enough for the same reason, and no release drives them out.
 */
function withinBounds([added, ...others]: readonly Failure[]): readonly Failure[] {
  const ofSoftware = others.filter(isOfSoftware).slice(0, MOST_OF_SOFTWARE);
  const ofReleases = others.filter((f) => !isOfSoftware(f)).sort((a, b) => semver.rcompare(a.version, b.version));
  const kept = [...ofSoftware, ...ofReleases].slice(0, MOST_FAILURES - 1);
  return [...(added ? [added] : []), ...others.filter((f) => kept.includes(f))];
}

/** Everything that the records tell of failures, the newest first: each takes over what failed before it. */
export function recordedFailures({ records }: Pick<State, 'records'>): readonly Failure[] {
  const [newest] = records;
  const all = [...records.flatMap(({ mark }) => mark.failure ?? []), ...(newest?.failures ?? [])];
  return all.filter((f) => all.find((o) => isSameThing(o, f) && o.wish === f.wish) === f);
}

/**
 * The failures that still matter. Nobody can choose a version that is not newer than the stable one, unless the spec asks for
 * it just as it did then. Another wish lets go of the wish that failed, and so does the same one that went well with another
 * version, but not of the version that failed, which automation avoids.
 */
export function rememberedFailures(state: State, wishes: Wishes): readonly Failure[] {
  const failedSince = new Set(
    state.records.flatMap(({ number, mark }) => (number > (state.stable?.number ?? 0) ? (mark.failure ?? []) : [])),
  );
  const kept = recordedFailures(state)
    .filter((f) => failedSince.has(f) || !isDisproved(f, state.stable))
    .map((f) => (isOneOf(wishes, f.wish) && (failedSince.has(f) || f.wish !== state.stable?.wish) ? f : withoutWish(f)))
    .filter((f) => f.wish !== undefined || isAbove(f.version, state.stable?.version) || isNewSoftware(f, state));
  return withinBounds(kept);
}

/** The same release, or the same move of its system software. */
export function isSameThing(a: Thing, b: Thing): boolean {
  return a.version === b.version && a.image === b.image && a.software === b.software;
}

type Thing = Pick<Failure, 'version' | 'image' | 'software'>;

/** Not the release failed, but the system software that automation moved to. */
export function isOfSoftware({ software }: Pick<Failure, 'software'>): boolean {
  return software !== undefined;
}

/** Automation could move there again. */
function isNewSoftware({ software }: Failure, { stableSoftware }: State): boolean {
  return [...parseSoftware(software)].some(([name, version]) => isAbove(version, stableSoftware.get(name)));
}

/** It was tried again, and went well. */
function isDisproved(failure: Failure, stable: State['stable']): boolean {
  if (!stable) {
    return false;
  }
  return isOfSoftware(failure)
    ? movedSince(parseSoftware(stable.committed.software), parseSoftware(failure.software)).size === 0
    : failure.version === stable.version;
}

function withoutWish({ wish: _, ...failure }: Failure): Failure {
  return failure;
}

/** A memory that somebody edited may have anything for a version. */
export function isAbove(version: string, stable: string | undefined): boolean {
  return semver.valid(version) !== null && (stable === undefined || semver.gt(version, stable));
}

/** The failure that holds this wish, if any: a changed wish, another value of the annotation or enough time lets it go. */
export function heldFailure(
  failures: readonly Failure[],
  { wishes, retries, now }: { readonly wishes: Wishes; readonly retries: readonly string[]; readonly now: number },
): Failure | undefined {
  return failures.find((f) => isOneOf(wishes, f.wish) && !mayTryAgain(f, retries, now));
}

/** Each software that automation moved to in vain and leaves alone now, as `php=8.3.13`. */
export function avoidedSoftware(
  failures: readonly Pick<Failure, 'software' | 'retries' | 'retryAfter'>[],
  { retries, now }: { readonly retries: readonly string[]; readonly now: number },
): ReadonlySet<string> {
  const avoided = failures.filter((f) => isOfSoftware(f) && !mayTryAgain(f, retries, now));
  return new Set(avoided.flatMap((f) => f.software?.split(' ') ?? []));
}

/** Whether what failed may be tried once more. */
export function mayTryAgain(
  failure: Pick<Failure, 'retries' | 'retryAfter'>,
  retries: readonly string[],
  now: number,
): boolean {
  const isAsked = retries.some((value) => failure.retries?.includes(value) !== true);
  return isAsked || (failure.retryAfter !== undefined && epoch(failure.retryAfter) <= now);
}

/** The failure that what runs now followed: it went back, or what is tried now is to do better. */
export function failureBefore({ records, stable, head, done }: State): Failure | undefined {
  const since = stable && records.find((r) => r.number > stable.number && r !== head)?.mark.failure;
  return since ?? (done === 'never' && head?.isMending ? head.failures[0] : undefined);
}
