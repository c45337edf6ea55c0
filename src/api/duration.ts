import type { z } from 'zod';
import { text, withChecked } from './field.ts';

const DURATION = /^([0-9]{1,4}h([0-9]{1,5}m)?|[0-9]{1,6}m)$/;

/** A span of elapsed time as Go writes it, in hours and minutes, between `min` and `max`. */
export function duration(max: string, description: string, min = '0m'): z.ZodString {
  const message = `Must be a duration in hours and minutes such as 90m or 1h30m, from ${min} to ${max}`;
  const isWithin = (value: string) => durationMs(value) >= durationMs(min) && durationMs(value) <= durationMs(max);
  return withChecked(text(16, description, 2), isWithin, {
    rule: `self.matches('${DURATION.source}') && duration(self) >= duration('${min}') && duration(self) <= duration('${max}')`,
    message,
  });
}

/** Milliseconds of a duration; NaN for what is none. */
export function durationMs(value: string): number {
  if (!DURATION.test(value)) {
    return Number.NaN;
  }
  const [, hours = '0'] = /^(\d+)h/.exec(value) ?? [];
  const [, minutes = '0'] = /(\d+)m$/.exec(value) ?? [];
  return (Number(hours) * 60 + Number(minutes)) * 60_000;
}
