import { endsWithin, type Clock } from '../controller/clock.ts';

const REREAD_AFTER_MS = 60_000;
const PATIENCE_MS = 10_000;

/**
 * Reads again at most each 60 s, and returns the last reading: kubelet and exec plugins replace a token long before it expires.
 * A reading that fails leaves the one before in use, so that only the API server decides that it is too old.
 */
export function rereadSeldom<Credential>(read: () => Promise<Credential>, clock: Clock): () => Promise<Credential> {
  let current: Promise<Credential> | undefined;
  let readAt = -Infinity;

  async function readOr(before: Promise<Credential> | undefined): Promise<Credential> {
    try {
      return await withinTime(read());
    } catch (error) {
      if (before) {
        return before;
      }
      current = undefined;
      throw error;
    }
  }

  /** A plugin that hangs would take every request with it. */
  async function withinTime(reading: Promise<Credential>): Promise<Credential> {
    if (!(await endsWithin(clock, PATIENCE_MS, reading))) {
      throw new Error(`The credentials could not be read within ${PATIENCE_MS / 1000} s`);
    }
    return reading;
  }

  return () => {
    if (!current || clock.monotonic() - readAt >= REREAD_AFTER_MS) {
      readAt = clock.monotonic();
      current = readOr(current);
    }
    return current;
  };
}
