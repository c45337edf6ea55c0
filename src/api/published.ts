import { z } from 'zod';
import { type Rule, listMap, matching, text, time } from './field.ts';

/** The fields of every published version, of a provider or of system software. */

/** A DNS label without `--`: two names joined by `--` or by a dot can always be told apart again. */
export const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const NAME_MESSAGE = 'Must be a DNS label of at most 31 characters such as acme, without --';

/** Whether a registry has it shows later; with a space in it no node can even ask for it. */
export function imageName(description: string): z.ZodString {
  return matching(
    /^\S+$/,
    512,
    'Must be an image such as registry.example.com/acme/web:1.4.2, without spaces',
    description,
  );
}

export const Lifecycle = z
  .object({
    stage: z
      .enum(['preview', 'supported', 'deprecated', 'yanked'])
      .describe(
        'preview: only by its exact version. deprecated: only when nothing better is there. yanked: never, but what runs it stays.',
      )
      .optional(),
    message: text(1024, 'Why, for people.').optional(),
    expiresAt: time('From then on it counts as deprecated.').optional(),
  })
  .describe('How far the publisher stands behind this version; supported when absent.');

/** The fields that reach the pod never change once they are published, so that a version means one thing. */
export function immutable(field: string, presence: 'required' | 'added once'): Rule {
  return {
    rule:
      presence === 'added once'
        ? `!has(oldSelf.${field}) || (has(self.${field}) && self.${field} == oldSelf.${field})`
        : `self.${field} == oldSelf.${field}`,
    message: `${field} of a published version cannot change: publish a new version, or remove this one and add it again, which begins its age anew`,
    fieldPath: `.${field}`,
  };
}

/** Of a status: what was published with a mistake, and which. */
export function invalidVersions(one: 'release' | 'version', use: 'installed' | 'used') {
  const entry = z.object({ version: text(64, 'The version.'), reason: text(1024, `Why it cannot be ${use}.`) });
  const all = one === 'release' ? 'Releases' : 'Versions';
  return listMap(
    entry.describe(`One ${one} that cannot be ${use}.`),
    200,
    `${all} that cannot be ${use}.`,
    'version',
  ).optional();
}
