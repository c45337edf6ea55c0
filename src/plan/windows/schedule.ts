import { CronPattern } from 'croner';
import type { CalendarDay } from '../../api/time.ts';
import { memo } from '../../api/memo.ts';

/** When something starts, by the calendar and the clock on the wall; which instants these are is the time zone's matter. */
export interface Schedule {
  isOn(day: CalendarDay): boolean;
  /** Bit n is set when it starts n minutes after midnight. */
  readonly starts: bigint;
  /** Starts in each hour of the day: an hour that the clock repeats has its own starts then. */
  readonly isHourly: boolean;
}

/** The number by which croner means every such day of the week, and not the first or last of a month as `#1` does. */
const ANY_WEEK = 0b111111;
const LAST_WEEK = 0b100000;
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads five cron fields; gives what is wrong with them instead where there is something.
 * croner reads them and nothing else: its search for the next run passes over starts that the clock skips
 * (`0,30 2 * * *`), takes repeated ones twice, and needs milliseconds to see that nothing changes.
 */
export const readSchedule = memo(256, (text: string): Schedule | string => {
  let pattern: CronPattern;
  try {
    pattern = new CronPattern(text, 'UTC', { mode: '5-part' });
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: (Syntax error, )?/, '').replace(/\.$/, '');
  }
  if (pattern.lastWeekday || pattern.nearestWeekdays.includes(1)) {
    return 'W is not supported';
  }
  return isPossible(pattern) ? scheduleOf(pattern) : 'there is no such day';
});

function scheduleOf(pattern: CronPattern): Schedule {
  // Without the pattern itself, which holds a list of 10,000 years.
  const { month, day, dayOfWeek, lastDayOfMonth, starDOM, starDOW } = pattern;
  const minutes = bits(pattern.minute);
  return {
    starts: pattern.hour.reduce((all, on, hour) => (on ? all | (minutes << BigInt(hour * 60)) : all), 0n),
    isHourly: pattern.hour.every(Boolean),
    isOn(date) {
      if (!month[date.month - 1]) {
        return false;
      }
      const byDate = Boolean(day[date.dayOfMonth - 1]) || (lastDayOfMonth && date.dayOfMonth === date.daysInMonth);
      const byWeekday = (weeksOf(date) & (dayOfWeek[date.dayOfWeek] ?? 0)) !== 0;
      // As in every cron: both fields given, either will do.
      return starDOM || starDOW ? byDate && byWeekday : byDate || byWeekday;
    },
  };
}

/** Which of its kind a day of the week is in its month, as croner's bits: the first to the fifth, and perhaps the last. */
function weeksOf({ dayOfMonth, daysInMonth }: CalendarDay): number {
  const nth = 1 << Math.floor((dayOfMonth - 1) / 7);
  return dayOfMonth + 7 > daysInMonth ? nth | LAST_WEEK : nth;
}

function isPossible(pattern: CronPattern): boolean {
  const hasDate = LONGEST.some(
    (days, index) => pattern.month[index] && (pattern.lastDayOfMonth || pattern.day.slice(0, days).includes(1)),
  );
  return hasDate || (!pattern.starDOW && pattern.dayOfWeek.some((weeks) => (weeks & ANY_WEEK) !== 0));
}

function bits(list: readonly number[]): bigint {
  return list.reduce((all, on, index) => (on ? all | (1n << BigInt(index)) : all), 0n);
}
