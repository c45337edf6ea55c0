import { durationMs } from '../../api/duration.ts';
import type { Window } from '../../api/window.ts';
import { memo } from '../../api/memo.ts';
import { readSchedule, type Schedule } from './schedule.ts';
import { readTimeZone, type Clocks } from './time-zone.ts';

/** The minutes that a window covers. */
export interface Cover {
  readonly kind: Window['kind'];
  readonly schedule: Schedule;
  /** The minutes that the starts of a date (days since 1970-01-01) cover, a bit for each. Bit 0 is midnight UTC a day before. */
  on(date: number): bigint;
}

const DAY = 24 * 60;
const WHOLE_DAY = below(DAY);

/** Undefined for a window that cannot be understood. */
export function coverOf(window: Window): Cover | undefined {
  const schedule = readSchedule(window.schedule);
  const zone = readTimeZone(window.timeZone ?? 'UTC');
  if (typeof schedule === 'string' || zone === 'unknown') {
    return undefined;
  }
  const minutes = durationMs(window.duration) / 60_000;
  // Nearly all days are alike.
  const ordinary = memo(4, (ahead: number) => stretch(schedule.starts << BigInt(DAY - ahead), minutes));
  return {
    kind: window.kind,
    schedule,
    on(date) {
      const clocks = zone.clocksOn(date);
      const change = clocks.changeAt - (date - 1) * DAY;
      if (clocks.before === clocks.after || change >= 2 * DAY - Math.min(clocks.before, clocks.after)) {
        return ordinary(clocks.before);
      }
      if (change <= DAY - Math.max(clocks.before, clocks.after)) {
        return ordinary(clocks.after);
      }
      return stretch(startsAround(change, schedule, clocks), minutes);
    },
  };
}

/**
 * The starts of a date on which clocks are changed; bit 0 is midnight in UTC a day before.
 * A start that the clock skips takes place when it has been put forward. One that it repeats takes place the first time
 * only, unless the schedule starts in every hour.
 */
function startsAround(change: number, { starts, isHourly }: Schedule, { before, after }: Clocks): bigint {
  const shownBefore = below(change - (DAY - before));
  const shownAfter = WHOLE_DAY & ~below(change - (DAY - after));
  const first = starts & shownBefore;
  const second = starts & shownAfter & ~(isHourly ? 0n : first);
  const isSkipped = (starts & ~shownBefore & ~shownAfter) !== 0n;
  return (first << BigInt(DAY - before)) | (second << BigInt(DAY - after)) | (isSkipped ? 1n << BigInt(change) : 0n);
}

/** Each bit becomes `count` bits. */
function stretch(starts: bigint, count: number): bigint {
  let covered = starts;
  let done = 1;
  while (done < count) {
    const step = Math.min(done, count - done);
    covered |= covered << BigInt(step);
    done += step;
  }
  return covered;
}

/** The lowest `count` bits. */
export function below(count: number): bigint {
  return count <= 0 ? 0n : (1n << BigInt(count)) - 1n;
}
