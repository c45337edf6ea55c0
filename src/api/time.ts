/** RFC 3339 in whole seconds, the form of `metav1.Time`, so that a round trip through the apiserver changes nothing. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch; NaN for what is no time. */
export function epoch(time: string): number {
  return Date.parse(time);
}

/** A day of the calendar, without a time zone. */
export interface CalendarDay {
  /** 1 to 12. */
  readonly month: number;
  readonly dayOfMonth: number;
  readonly daysInMonth: number;
  /** 0 is Sunday. */
  readonly dayOfWeek: number;
}

/** The day of the calendar that comes so many days after 1970-01-01. */
export function calendarDay(days: number): CalendarDay {
  const date = new Date(days * 86_400_000);
  return {
    month: date.getUTCMonth() + 1,
    dayOfMonth: date.getUTCDate(),
    daysInMonth: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    dayOfWeek: date.getUTCDay(),
  };
}
