export type Cancel = () => void;

/** Where the runtime takes the time from, so that a test can be the one who makes it pass. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment; nobody can set this one back or forward. */
  monotonic(): number;
  setTimeout(fn: () => void, ms: number): Cancel;
}

/** Node fires a timer that is longer than this at once instead of late. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock; a timer that would overflow Node's fires early, after some 25 days. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(fn, ms) {
    const timer = setTimeout(fn, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as `signal` aborts; the caller looks at the signal. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const onAbort = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Whether a promise ends within `ms`, well or badly; it goes on in any case. */
export async function endsWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const late = sleep(clock, ms, ended.signal).then(() => false);
  const isInTime = await Promise.race([settled, late]);
  ended.abort();
  return isInTime;
}
