import { z } from 'zod';
import { duration } from './duration.ts';
import { atomicList, flag, int, withChecked } from './field.ts';
import { MOST_ROUNDS } from './operator-config.ts';
import { versionRange } from './range.ts';
import { exactVersion } from './version.ts';
import { windows } from './window.ts';

const Rollback = withChecked(
  z
    .object({
      enabled: flag('false leaves a failed rollout as it is; true when absent.').optional(),
      progressDeadlineSeconds: int(
        2,
        86_400,
        'Seconds after which a rollout that is not done has failed; the platform decides when absent.',
      ).optional(),
      stableSeconds: int(
        0,
        3600,
        'Seconds that a new pod must be ready before it counts; the platform decides when absent.',
      ).optional(),
    })
    .describe('When a rollout has failed, and what then.'),
  ({ progressDeadlineSeconds: deadline, stableSeconds: stable }) =>
    deadline === undefined || stable === undefined || deadline > MOST_ROUNDS * stable,
  {
    rule: `!has(self.progressDeadlineSeconds) || !has(self.stableSeconds) || self.progressDeadlineSeconds > ${MOST_ROUNDS} * self.stableSeconds`,
    message: `progressDeadlineSeconds must be greater than ${MOST_ROUNDS} times stableSeconds: pods are replaced in up to ${MOST_ROUNDS} rounds`,
    fieldPath: '.progressDeadlineSeconds',
  },
);

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
      exactVersion('One version.'),
      64,
      'Versions that are only taken by naming them in version.',
    ).optional(),
    allowDowngradeTo: exactVersion(
      'Consent to one downgrade, to exactly this version. It expires by itself.',
    ).optional(),
    windows: windows.optional(),
    rollback: Rollback.optional(),
  })
  .describe('How the version may move.');
