import { z } from 'zod';
import { LONGEST_RETRY_VALUE, LONGEST_SOFTWARE, MOST_RETRY_VALUES } from './failure.ts';
import { atomicList, flag, int, text, time } from './field.ts';

/** Why automation does not take a release, in the order in which it is said. */
const BlockReason = z.enum([
  'Yanked',
  'ImageNotAllowed',
  'Kubernetes',
  'ContentChanged',
  'MissingUserInputs',
  'InvalidUserInput',
  'EnvNotAllowed',
  'SoftwareConflict',
  'PreviouslyFailed',
  'Skipped',
  'Preview',
  'Prerelease',
  'Breaking',
  'Range',
  'Level',
  'SecurityOnly',
  'PathMissing',
  'Deprecated',
  'Expired',
  'Policy',
  'Suspended',
  'Unhealthy',
  'NoPods',
  'Soaking',
  'OutsideWindow',
  'Queued',
]);
export type BlockReason = z.output<typeof BlockReason>;

const Change = z.enum(['patch', 'minor', 'major']);
export type Change = z.output<typeof Change>;

export const UpdateCandidate = z
  .object({
    version: text(64, 'The newer release.'),
    change: Change.describe('How far it is from what runs: 0.x counts a minor as major, 0.0.x everything.'),
    takeable: flag('You may have it: set version to it.'),
    eligible: flag('Automation would take it now.'),
    blockedBy: atomicList(BlockReason.describe('One reason.'), 26, 'All reasons why automation does not take it now.'),
    missingUserInputs: atomicList(
      text(128, 'Name of an input.'),
      32,
      'Inputs that it requires and the spec does not have.',
    ),
    notBefore: time('When time alone may let it through.').optional(),
    releasedAt: time('When it was published.').optional(),
  })
  .describe('One newer release.');
export type UpdateCandidate = z.output<typeof UpdateCandidate>;

export const PendingUpgrade = z
  .object({
    version: text(64, 'Where it ends.'),
    reason: text(64, 'What it waits for: a reason of blockedBy, or UnderWay between two hops.', 1),
    notBefore: time('When it goes on at the earliest.').optional(),
    path: atomicList(
      text(64, 'One release.'),
      200,
      'The releases that it takes one by one, the last one is where it ends.',
    ),
  })
  .describe('An upgrade that is decided on and not yet all the way.');
export type PendingUpgrade = z.output<typeof PendingUpgrade>;

export const FailedVersion = z
  .object({
    version: text(64, 'The release.'),
    image: text(512, 'Its image: the same version with another image is another thing.'),
    at: time('When it failed last.'),
    reason: text(64, 'What was seen, in one CamelCase word.'),
    message: text(1024, 'What was seen, for people.').optional(),
    attempts: int(1, 99, 'How often it was tried.'),
    wish: text(
      32,
      'Hash of what the spec asked for, which is held until it changes; absent where automation chose.',
    ).optional(),
    software: text(
      LONGEST_SOFTWARE,
      'The system software that automation moved to, where that is to blame and not the release.',
    ).optional(),
    retries: atomicList(
      text(LONGEST_RETRY_VALUE, 'One value.'),
      MOST_RETRY_VALUES,
      'Values of the annotation retry that were there when it failed: another one lets it be tried again.',
    ).optional(),
    retryAfter: time('When it is tried once more, where what ran before runs again; never when absent.').optional(),
  })
  .describe('One release whose rollout failed.');

export const HistoryEntry = z
  .object({
    version: text(64, 'What was rolled out.'),
    from: text(64, 'What was stable before.').optional(),
    result: z
      .enum(['Succeeded', 'RolledBack', 'Failed', 'Superseded'])
      .describe('How it ended; absent while it is under way.')
      .optional(),
    trigger: z
      .enum(['Install', 'Policy', 'Spec', 'SystemSoftware', 'Tier', 'Rollback'])
      .describe('Who asked for it: Policy is automation, Spec is you.'),
    startedAt: time('When it began.'),
    completedAt: time('When it ended.').optional(),
    message: text(1024, 'What was seen, for people.').optional(),
  })
  .describe('One rollout.');
