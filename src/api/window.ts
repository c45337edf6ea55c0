import { z } from 'zod';
import { duration } from './duration.ts';
import { atomicList, matching } from './field.ts';

/** Five fields of what cron knows; whether they say something possible is checked when planning. */
const SCHEDULE = /^[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4}$/;
const TIME_ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

const Window = z
  .object({
    kind: z
      .enum(['allow', 'deny'])
      .describe('allow: automation may start upgrades while it lasts. deny: it may not, whatever else allows it.'),
    schedule: matching(
      SCHEDULE,
      100,
      'Must be five cron fields such as 0 2 * * 0: minute, hour, day of month, month, day of week',
      'When it starts, as five cron fields: minute, hour, day of month, month, day of week (SUN#1 for the first Sunday of the month, L for the last day of it).',
    ),
    duration: duration('168h', 'How long it lasts, in elapsed time such as 4h or 1h30m.', '1m'),
    timeZone: matching(
      TIME_ZONE,
      64,
      'Must be the name of a time zone such as Europe/Berlin',
      'IANA name of the time zone that schedule is read in; UTC when absent.',
    ).optional(),
  })
  .describe('A time that comes again and again.');
export type Window = z.output<typeof Window>;

/** When automation may start an upgrade; what has begun is finished. */
export const windows = atomicList(
  Window,
  16,
  'When automation may start upgrades; always when absent. With deny windows only, at all times outside of them.',
);
