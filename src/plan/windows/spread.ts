import type { Window } from '../../api/window.ts';
import { windowsAt, type WindowState } from './windows.ts';

const LONGEST_SPREAD = 10 * 60_000;

/** How long after the opening of a window this installation waits: its hash (hex) spreads a fleet over the beginning. */
export function spreadDelayMs(hash: string, window: Pick<WindowState, 'durationMs'>): number {
  const spread = Math.min(Math.floor((window.durationMs ?? Infinity) / 4), LONGEST_SPREAD);
  return Number(BigInt(`0x${hash}`) % BigInt(spread));
}

/**
 * From when on automation may start an upgrade of this installation: now or earlier where it may at once, else its turn in
 * the window that opens next. Undefined: none does within a year.
 */
export function dueAt(hash: string, windows: readonly Window[], now: number): number | undefined {
  const present = windowsAt(windows, now);
  const next = present.isOpen || present.changesAt === undefined ? present : windowsAt(windows, present.changesAt);
  if (!next.isOpen) {
    return undefined;
  }
  return next.openedAt === undefined ? now : next.openedAt + spreadDelayMs(hash, next);
}
