import { sleep, systemClock, type Cancel, type Clock } from './clock.ts';
import { canTake, LEASE_MS, observeLease, releasedRecord, type LeaseRecord, type Observation } from './lease-record.ts';

/** A Lease as it was read or written; `version` is what a later write has to name. */
export interface LeaseSeen {
  readonly record: LeaseRecord;
  readonly version: string;
}

/** Where the one Lease is kept. */
export interface LeaseStore {
  /** Undefined if there is none. */
  read(signal: AbortSignal): Promise<LeaseSeen | undefined>;
  /**
   * Replaces what was seen, or makes the first; undefined if it is not (or no longer) as it was seen, and nothing is
   * written then.
   */
  write(record: LeaseRecord, seen: LeaseSeen | undefined, signal: AbortSignal): Promise<LeaseSeen | undefined>;
}

interface ElectionHooks {
  /** `isLeading` has changed. */
  readonly onChange?: (isLeading: boolean) => void;
  readonly onError?: (error: unknown) => void;
  /** The server answers again after it did not. */
  readonly onRecovered?: () => void;
}

export interface ElectionOptions {
  readonly store: LeaseStore;
  /** Unique to this process. */
  readonly identity: string;
  readonly clock?: Clock;
  readonly hooks?: ElectionHooks;
}

/** Of this process. */
export interface Election {
  /** Nobody else can lead now, by this machine's monotonic clock. Ask before every write. */
  readonly isLeading: boolean;
  /** The Lease could be read or written within the last `RENEW_MS`. */
  readonly isLive: boolean;
  start(): void;
  /**
   * Ends it. With `release` it gives the Lease back, so that another needs not wait for its end: nothing may be on its way
   * any more by then.
   */
  stop(options: { readonly release: boolean }): Promise<void>;
}

/** A leader that could not renew for so long stops; what it has sent by then has the rest of the time to arrive. */
const RENEW_MS = 10_000;
const RETRY_MS = 2_000;
const PATIENCE_MS = RENEW_MS / 2;

/**
 * Elects one leader by a Lease, as client-go does (`tools/leaderelection`), with two differences: whether we lead is a
 * question to the monotonic clock and not to a flag that a stopped process could not lower; and who loses goes on as a
 * candidate, because a restart would only throw away warm caches.
 */
export function createElection({ store, identity, clock = systemClock, hooks = {} }: ElectionOptions): Election {
  const abort = new AbortController();
  let running: Promise<void> | undefined;
  let seen: LeaseSeen | undefined;
  /** The last record that was written, and those that were tried after it: an answer may be lost, or the write itself. */
  let mine: readonly LeaseRecord[] = [];
  let observation: Observation | undefined;
  let leadsUntil = -Infinity;
  let answeredAt = -Infinity;
  let isFailing = false;
  let wasLeading = false;
  let cancelExpiry: Cancel = () => {};

  function isLeading(): boolean {
    return clock.monotonic() < leadsUntil;
  }

  function tell(): void {
    if (isLeading() !== wasLeading) {
      wasLeading = !wasLeading;
      hooks.onChange?.(wasLeading);
    }
  }

  function lead(until: number): void {
    leadsUntil = until;
    armExpiry();
    tell();
  }

  /** Only to tell in time: it is the deadline itself that decides, however late or early a timer comes. */
  function armExpiry(): void {
    cancelExpiry();
    const leftMs = leadsUntil - clock.monotonic();
    if (leftMs > 0) {
      cancelExpiry = clock.setTimeout(armExpiry, Math.ceil(leftMs));
    } else {
      tell();
    }
  }

  function loseNow(): void {
    cancelExpiry();
    leadsUntil = -Infinity;
    tell();
  }

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      const startedAt = clock.monotonic();
      try {
        await attempt(startedAt);
        answeredAt = clock.monotonic();
        if (isFailing) {
          isFailing = false;
          hooks.onRecovered?.();
        }
      } catch (error) {
        isFailing = true;
        seen = undefined;
        if (!abort.signal.aborted) {
          hooks.onError?.(error);
        }
      }
      await sleep(clock, Math.max(0, startedAt + RETRY_MS - clock.monotonic()), abort.signal);
    }
  }

  /** Renews or takes the Lease if that is ours to do; after a write that came too late it looks at what is there. */
  async function attempt(startedAt: number): Promise<void> {
    // A connection that died silently must leave time for another.
    const patienceMs = isLeading() ? Math.min(leadsUntil - startedAt, PATIENCE_MS) : PATIENCE_MS;
    await withinTime(patienceMs, async (signal) => {
      for (let tries = 0; tries < 3; tries += 1) {
        // A leader knows what it wrote last, and saves the reading.
        const askedAt = clock.monotonic();
        const current = isLeading() && seen ? seen : await store.read(signal);
        observation = observeLease(observation, current?.record, clock.monotonic(), askedAt);
        if (!canTake(observation, { mine, isLeading: isLeading() }, clock.monotonic())) {
          seen = undefined;
          loseNow();
          return;
        }
        const next = nextRecord(current?.record);
        mine = [...mine.slice(0, 1), next];
        seen = await store.write(next, current, signal);
        if (seen) {
          mine = [seen.record];
          observation = observeLease(observation, seen.record, clock.monotonic());
          lead(startedAt + RENEW_MS);
          return;
        }
      }
    });
  }

  function nextRecord(record: LeaseRecord | undefined): LeaseRecord {
    const now = clock.now();
    const isOurs = record?.holder === identity;
    return {
      holder: identity,
      seconds: LEASE_MS / 1000,
      acquiredAt: isOurs ? record.acquiredAt : now,
      renewedAt: now,
      transitions: isOurs ? record.transitions : (record?.transitions ?? -1) + 1,
    };
  }

  async function withinTime(ms: number, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const late = new AbortController();
    const cancel = clock.setTimeout(() => late.abort(new Error(`No answer within ${ms / 1000} s`)), ms);
    try {
      await run(late.signal);
    } finally {
      cancel();
    }
  }

  async function release(): Promise<void> {
    if (!isLeading() || !seen) {
      return;
    }
    const last = seen;
    // From here on nothing is written: the next may begin as soon as the release is there, before we hear of it.
    loseNow();
    await withinTime(RETRY_MS, async (signal) => {
      await store.write(releasedRecord(last.record, clock.now()), last, signal);
    }).catch((error: unknown) => hooks.onError?.(error));
  }

  return {
    get isLeading() {
      return isLeading();
    },
    get isLive() {
      return clock.monotonic() - answeredAt < RENEW_MS;
    },
    start() {
      running ??= run();
    },
    async stop({ release: isReleased }) {
      abort.abort();
      await running;
      if (isReleased) {
        await release();
      }
      loseNow();
    },
  };
}
