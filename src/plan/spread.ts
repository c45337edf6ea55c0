import type { WindowState } from './windows.ts';

const LONGEST_SPREAD = 10 * 60_000;

/** How long after the opening of a window this installation waits: its hash (hex) spreads a fleet over the beginning. */
export function spreadDelayMs(hash: string, window: Pick<WindowState, 'durationMs'>): number {
  const spread = Math.min(Math.floor((window.durationMs ?? Infinity) / 4), LONGEST_SPREAD);
  return Number(BigInt(`0x${hash}`) % BigInt(spread));
}

/**
 * From when on automation may start an upgrade of this installation: now or earlier where it may at once.
 * Where it is closed, when it opens next: the turn within that window is known by then. Undefined: not within a year.
 */
export function dueAt(hash: string, window: WindowState, now: number): number | undefined {
  if (!window.isOpen) {
    return window.changesAt;
  }
  return window.openedAt === undefined ? now : window.openedAt + spreadDelayMs(hash, window);
}
