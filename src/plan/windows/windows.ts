import { calendarDay } from '../../api/time.ts';
import type { Window } from '../../api/window.ts';
import { below, coverOf, type Cover } from './cover.ts';
import { memo } from '../../api/memo.ts';
import { readSchedule } from './schedule.ts';
import { readTimeZone } from './time-zone.ts';

/**
 * When automation may start an upgrade.
 *
 * Time is a row of bits here, one for each minute: a window is its starts, stretched by its duration; open is what allow
 * windows cover and deny windows do not. So a year with 16 windows that start every minute is as exact as one with a
 * single window, and takes milliseconds.
 */

export interface WindowState {
  readonly isOpen: boolean;
  /** Since when; absent where it is closed, and where it has been open for more than a week. */
  readonly openedAt?: number;
  /** From opening to closing; absent where one of them is unknown. */
  readonly durationMs?: number;
  /** The next moment at which isOpen changes; absent where it stays for a year. */
  readonly changesAt?: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60;
const LOOK_BACK = 8;
const LOOK_AHEAD = 366;
/** Days before the first looked at on which a window may have started that lasts until then. */
const LONGEST = 9;
const WHOLE_DAY = below(DAY);
const dateOf = memo(1024, calendarDay);

/** The fault of the first window that cannot be understood, and the way out. Undefined where all can. */
export function faultOf(windows: readonly Window[]): string | undefined {
  for (const [index, window] of windows.entries()) {
    const field = `upgrade.windows[${index}]`;
    const schedule = readSchedule(window.schedule);
    if (typeof schedule === 'string') {
      return `${field}.schedule: Set five cron fields such as 0 2 * * 0 instead of "${window.schedule}": ${schedule}`;
    }
    if (readTimeZone(window.timeZone ?? 'UTC') === 'unknown') {
      return `${field}.timeZone: Set an IANA time zone such as Europe/Berlin: "${window.timeZone}" is unknown`;
    }
  }
  return undefined;
}

/** Whether upgrades may start now, since when, and until when. Windows with a fault never let one start. */
export function windowsAt(windows: readonly Window[], now: number): WindowState {
  if (windows.length === 0) {
    return { isOpen: true };
  }
  const covers = windows.map(coverOf);
  if (!covers.every((cover) => cover !== undefined)) {
    return { isOpen: false };
  }
  const minute = Math.floor(now / MINUTE);
  const today = Math.floor(minute / DAY);
  let isOpen = false;
  let opened: number | undefined;
  for (const [day, open] of openDays(covers, today - LOOK_BACK, today + LOOK_AHEAD)) {
    const closed = WHOLE_DAY ^ open;
    if (day <= today) {
      const passed = closed & below(Math.min(minute + 1 - day * DAY, DAY));
      opened = passed === 0n ? opened : day * DAY + length(passed);
      isOpen = opened !== minute + 1;
    }
    if (day >= today) {
      const other = isOpen ? closed : open;
      const changed = day === today ? other & ~below(minute + 1 - day * DAY) : other;
      if (changed !== 0n) {
        return windowState(isOpen, opened, day * DAY + length(changed & -changed) - 1);
      }
    }
  }
  return windowState(isOpen, opened, undefined);
}

function windowState(isOpen: boolean, opened: number | undefined, change: number | undefined): WindowState {
  return {
    isOpen,
    ...(isOpen && opened !== undefined && { openedAt: opened * MINUTE }),
    ...(isOpen && opened !== undefined && change !== undefined && { durationMs: (change - opened) * MINUTE }),
    ...(change !== undefined && { changesAt: change * MINUTE }),
  };
}

/** The open minutes of each day of UTC, from `first` to `last`. */
function* openDays(covers: readonly Cover[], first: number, last: number): Generator<[day: number, open: bigint]> {
  const isAllowedByDefault = covers.every((cover) => cover.kind === 'deny');
  const covered = { allow: 0n, deny: 0n };
  for (let day = first - LONGEST; day <= last; day += 1) {
    // Clocks are at most 14 hours ahead: nothing of the next date lies before this day of UTC, and nothing of the date
    // after it lies within.
    const date = dateOf(day + 1);
    for (const cover of covers) {
      if (cover.schedule.isOn(date)) {
        covered[cover.kind] |= cover.on(day + 1);
      }
    }
    if (day >= first) {
      const allowed = isAllowedByDefault ? WHOLE_DAY : covered.allow & WHOLE_DAY;
      yield [day, allowed & ~covered.deny];
    }
    covered.allow >>= BigInt(DAY);
    covered.deny >>= BigInt(DAY);
  }
}

/** How many bits a number above 0 has. */
function length(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 + 28 - Math.clz32(Number.parseInt(hex.charAt(0), 16));
}
