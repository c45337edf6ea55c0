import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

const SLICE_MS = 10;

/**
 * Cuts long work into slices: returns something to wait for whenever a slice is used up, so that timers and sockets, the
 * Lease's before all, get their turn between the ten thousand objects of a list.
 */
export function createTimeSlice(clock: Clock): () => Promise<void> | undefined {
  let since = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    if (now - since < SLICE_MS) {
      return undefined;
    }
    since = now;
    return setImmediate();
  };
}
