import { isDeepStrictEqual } from 'node:util';

/** The content of a Lease. Times are milliseconds since the epoch, of a clock that may not be ours. */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly holder: string;
  readonly seconds: number;
  readonly acquiredAt: number;
  readonly renewedAt: number;
  readonly transitions: number;
}

/** The Lease as it was when it was last seen to change, and when that was by our monotonic clock. */
export interface Observation {
  readonly record: LeaseRecord | undefined;
  readonly since: number;
  /** When the last look at it began: an answer may be old when it comes. */
  readonly askedAt: number;
  /** The last that was there, if there is none now: somebody may have deleted it under a leader that does not know yet. */
  readonly vanished: LeaseRecord | undefined;
}

/** The timing of client-go: others wait so long after the last renewal that they saw. */
export const LEASE_MS = 15_000;

/** A holder that gives its Lease back writes this duration: only then nobody has to be waited for. */
const RELEASED_SECONDS = 1;
/** A Lease that is missing twice may have been there in between; one that is there says so itself. */
const LONGEST_GAP_MS = 5_000;

export function releasedRecord(record: LeaseRecord, now: number): LeaseRecord {
  return { ...record, holder: '', seconds: RELEASED_SECONDS, renewedAt: now };
}

/** The observation after a look that began at `askedAt` and was answered `now`. */
export function observeLease(
  before: Observation | undefined,
  record: LeaseRecord | undefined,
  now: number,
  askedAt = now,
): Observation {
  if (before && isDeepStrictEqual(before.record, record) && (record || now - before.askedAt <= LONGEST_GAP_MS)) {
    return { ...before, askedAt };
  }
  const vanished = record === undefined ? (before?.record ?? before?.vanished) : undefined;
  return { record, since: now, askedAt, vanished };
}

/** A process that asks for the Lease. */
export interface Candidate {
  /** The last record that this process wrote, and those that it tried to write after that. */
  readonly mine: readonly LeaseRecord[];
  readonly isLeading: boolean;
}

/**
 * Whether a candidate may write itself in. The times in the record are another machine's and are not looked at: a holder
 * counts as alive until its record did not change for its duration on our own clock. Who leads still may write itself in
 * again where somebody emptied or deleted the Lease; who does not cannot know who held it last, even if somebody wrote
 * its name there.
 */
export function canTake(
  { record, since, vanished }: Observation,
  { mine, isLeading }: Candidate,
  now: number,
): boolean {
  const held = record ?? vanished;
  return (
    held === undefined ||
    mine.some((own) => isDeepStrictEqual(record, own)) ||
    (isLeading && (record === undefined || record.holder === '')) ||
    (held.holder === '' && held.seconds === RELEASED_SECONDS) ||
    now - since >= Math.max(held.seconds * 1000, LEASE_MS)
  );
}
