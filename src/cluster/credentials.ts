import type { Clock } from '../controller/clock.ts';

const REREAD_AFTER_MS = 60_000;

/**
 * What `read` returns, read again at most each 60 s: kubelet and exec plugins replace a token long before it expires.
 * A reading that fails leaves the one before in use, so that only the API server decides that it is too old.
 */
export function rereadSeldom<Credential>(read: () => Promise<Credential>, clock: Clock): () => Promise<Credential> {
  let current: Promise<Credential> | undefined;
  let readAt = -Infinity;

  async function readOr(before: Promise<Credential> | undefined): Promise<Credential> {
    try {
      return await read();
    } catch (error) {
      if (before) {
        return before;
      }
      current = undefined;
      throw error;
    }
  }

  return () => {
    if (!current || clock.now() - readAt >= REREAD_AFTER_MS) {
      readAt = clock.now();
      current = readOr(current);
    }
    return current;
  };
}
