export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before attempt `attempt` + 1 (0 is the first failure): doubles up to the cap, of which the upper half
 * is random, so that clients that failed together do not come back together.
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** attempt);
  return full * (0.5 + random() / 2);
}
