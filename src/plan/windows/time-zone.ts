import { memo } from '../../api/memo.ts';

/** How far the clocks of a zone are ahead of UTC, in minutes, around the one moment at which they may be changed. */
export interface Clocks {
  readonly before: number;
  readonly after: number;
  /** The moment, in minutes since the epoch; without meaning where `before` equals `after`. */
  readonly changeAt: number;
}

export interface TimeZone {
  /** The clocks on a day, counted from 1970-01-01. */
  clocksOn(day: number): Clocks;
}

const DAY = 24 * 60;
/** Clocks are looked at in blocks of so many days and one around: no zone changes them twice within a week (Gaza does in one). */
const BLOCK = 5;

/** The zone with this IANA name, from the time zone database that Node.js carries. */
export const readTimeZone = memo(64, (name: string): TimeZone | 'unknown' => {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return 'unknown';
  }
  const clocksIn = memo(128, (block: number) => readClocks(format, block));
  return { clocksOn: (day) => clocksIn(Math.floor(day / BLOCK)) };
});

function readClocks(format: Intl.DateTimeFormat, block: number): Clocks {
  // A day more at both ends: a day begins and ends elsewhere at another moment than in UTC.
  let early = (block * BLOCK - 1) * DAY;
  let late = ((block + 1) * BLOCK + 1) * DAY;
  const before = offsetAt(format, early);
  const after = offsetAt(format, late);
  if (before === after) {
    return { before, after, changeAt: late };
  }
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (offsetAt(format, middle) === before) {
      early = middle;
    } else {
      late = middle;
    }
  }
  return { before, after, changeAt: late };
}

function offsetAt(format: Intl.DateTimeFormat, minute: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(minute * 60_000)) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}
