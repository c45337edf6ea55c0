import { z } from 'zod';
import { conditionList, observedGeneration } from './conditions.ts';
import { atomicList, flag, int, listMap, matching, text, time, withChecked, withRules, literal } from './field.ts';
import { imageName, immutable, invalidVersions, Lifecycle, NAME, NAME_MESSAGE } from './published.ts';
import { versionRange } from './range.ts';
import { ENV_ENTRY, ENV_ENTRY_MESSAGE } from './reserved-env.ts';
import { Runtime } from './runtime.ts';
import { softwareDependencies } from './software.ts';
import { Tier } from './tier.ts';
import { userInputs } from './user-input.ts';
import { exactVersion } from './version.ts';

export const Release = withRules(
  z
    .object({
      version: exactVersion('The version: strict semver, without v and build metadata.'),
      image: imageName('Image that the pods run. Never changes once published.'),
      releasedAt: time('When it was published.').optional(),
      displayVersion: text(64, 'How people call the version.').optional(),
      changelog: text(4096, 'What changed, for people.').optional(),
      lifecycle: Lifecycle.optional(),
      recommended: flag('The publisher advises it, for people.').optional(),
      fixes: atomicList(
        z.enum(['security', 'bugfix', 'feature']).describe('One kind of change.'),
        3,
        'What it brings; an installation with upgrade.securityOnly takes only what has security here.',
      ).optional(),
      breaking: z
        .object({
          note: text(1024, 'What breaks and what to do.').optional(),
          url: text(1024, 'Where to read more.').optional(),
        })
        .describe(
          'Present when tenants have work to do: automation neither takes such a release nor passes it on the way to a later one.',
        )
        .optional(),
      upgradesFrom: versionRange(
        'npm-semver range of the versions that may move here directly; any when absent. Prereleases count by their numbers.',
      ).optional(),
      required: flag('A stepping stone: a longer upgrade may not jump over it, unless it is yanked.').optional(),
      downgradableTo: versionRange(
        'npm-semver range of the versions that this release may be downgraded to; the same minor only when absent.',
      ).optional(),
      requires: z
        .object({
          kubernetes: versionRange(
            'npm-semver range of the versions of Kubernetes that it runs on, of which only major.minor.patch count.',
          ).optional(),
        })
        .describe('What it needs around it.')
        .optional(),
      systemSoftwareDependencies: softwareDependencies(
        'System software that it runs on. Never changes once published; may be added once.',
      ).optional(),
      userInputs: userInputs(
        'What it asks its tenants for. Never changes once published; may be added once.',
      ).optional(),
      tenantEnv: atomicList(
        matching(ENV_ENTRY, 128, ENV_ENTRY_MESSAGE, 'One name, or the beginning of names, which ends in *.'),
        128,
        'The variables that tenants may set in config and configFrom, besides what userInputs ask for. Any that the platform does not reserve when absent.',
      ).optional(),
      documentRoot: literal(256, 'Reaches the process as DOCUMENT_ROOT. Never changes once published.').optional(),
      runtime: Runtime.describe(
        'How the pods of this release run. Never changes once published; may be added once.',
      ).optional(),
    })
    .describe('One published version.'),
  immutable('image', 'required'),
  immutable('documentRoot', 'added once'),
  immutable('runtime', 'added once'),
  immutable('systemSoftwareDependencies', 'added once'),
  immutable('userInputs', 'added once'),
);
export type Release = z.output<typeof Release>;

export const ProviderSpec = z
  .object({
    org: withChecked(
      matching(NAME, 31, NAME_MESSAGE, 'Who publishes it.'),
      (org) => org !== 'install' && org !== 'installed',
      {
        rule: "!(self in ['install', 'installed'])",
        message: 'Must not be install or installed: the REST API uses these words',
      },
    ),
    name: matching(NAME, 31, NAME_MESSAGE, 'Its name within the organization.'),
    displayName: text(128, 'Its name, for people.').optional(),
    description: text(4096, 'What it is, for people.').optional(),
    tags: atomicList(text(64, 'One tag.', 1), 32, 'Words to find it by.').optional(),
    author: text(256, 'Who makes it, for people.').optional(),
    trustTier: z.enum(['official', 'verified', 'community']).describe('Who vouches for it, for people.').optional(),
    iconURL: text(1024, 'Its picture.').optional(),
    readme: text(65_536, 'Its documentation, in Markdown.').optional(),
    versions: listMap(Release, 200, 'The published releases, each with its own version.', 'version').optional(),
    tiers: z
      .object({ free: Tier.optional(), standard: Tier.optional(), performance: Tier.optional() })
      .describe('What the tiers mean for this provider, where it differs from the tiers of the operator.')
      .optional(),
  })
  .describe('What is published.');
export type ProviderSpec = z.output<typeof ProviderSpec>;

export const ProviderStatus = z
  .object({
    observedGeneration,
    latestVersion: text(64, 'Highest release that is not yanked, preview or prerelease.').optional(),
    publishedVersions: int(0, 200, 'How many releases are published and valid.').optional(),
    firstSeen: z
      .record(z.string().max(64), time('When it was seen first.'))
      .refine((map) => Object.keys(map).length <= 200, 'Must have at most 200 keys')
      .describe(
        'When each release was seen first; upgrade.minReleaseAge counts from then, or from releasedAt if later.',
      )
      .meta({ maxProperties: 200 })
      .optional(),
    contents: z
      .record(z.string().max(64), text(64, 'Hash of all of it that reaches the pods.'))
      .refine((map) => Object.keys(map).length <= 200, 'Must have at most 200 keys')
      .describe(
        'What each release was when it was seen: where it was removed and added again with other content, its age begins anew.',
      )
      .meta({ maxProperties: 200 })
      .optional(),
    invalidVersions: invalidVersions('release', 'installed'),
    conditions: conditionList('Ready: whether every release can be installed.'),
  })
  .describe('What the operator found in it.');
export type ProviderStatus = z.output<typeof ProviderStatus>;
