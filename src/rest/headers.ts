import { z } from 'zod';

/** Headers by which a write says what it knows, and which request it is. */

export const Matching = z.object({
  'if-match': z.string().max(512).describe('The ETag of what was read: anything else is refused.').optional(),
});

export const Keyed = Matching.extend({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .describe('Any text that is new for each request: the same once more does nothing again.')
    .optional(),
});
