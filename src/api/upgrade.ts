import { z } from 'zod';
import { duration } from './duration.ts';
import { atomicList, flag } from './field.ts';
import { versionRange } from './range.ts';
import { exactVersion } from './version.ts';
import { windows } from './window.ts';

/** How the version may move. What is absent is decided when planning, so that a new default is nobody's change. */
export const Upgrade = z
  .object({
    level: z
      .enum(['patch', 'minor', 'major'])
      .describe(
        'The furthest that automation goes from what runs; minor when absent. Of 0.x a minor counts as major, of 0.0.x everything.',
      )
      .optional(),
    range: versionRange(
      'npm-semver range that automation stays within. A prerelease must be inside by its numbers too.',
    ).optional(),
    securityOnly: flag('Automation takes only releases whose fixes have security.').optional(),
    prereleases: flag(
      'Prereleases are taken like any other release; only by their exact version when absent.',
    ).optional(),
    minReleaseAge: duration(
      '8760h',
      'How old a release must be before automation takes it, counted from releasedAt or from when it was first seen, whichever is later.',
    ).optional(),
    skipVersions: atomicList(
      z.array(exactVersion('One version.')).max(64).describe('Versions that are only taken by naming them in version.'),
    ).optional(),
    allowDowngradeTo: exactVersion(
      'Consent to one downgrade, to exactly this version. It expires by itself.',
    ).optional(),
    windows: windows.optional(),
  })
  .describe('How the version may move.');
