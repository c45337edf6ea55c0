import { z } from 'zod';
import { conditionList, observedGeneration } from './conditions.ts';
import { atomicList, flag, int, listMap, matching, text, withChecked, withRules } from './field.ts';
import { imageName, immutable, invalidVersions, Lifecycle, NAME, NAME_MESSAGE } from './published.ts';
import { versionRange } from './range.ts';
import { EnvVar } from './runtime.ts';
import { userInputs } from './user-input.ts';
import { exactVersion } from './version.ts';

/** System software: what providers run on, such as an interpreter. */

const PATH = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;
const PATH_MESSAGE = 'Must be an absolute path such as /opt/php, without a / at the end';

function softwareName(description: string) {
  return matching(NAME, 31, NAME_MESSAGE, description);
}

/** The versions of another software that a release or a software needs. */
export function softwareDependencies(description: string) {
  return listMap(
    z
      .object({
        name: softwareName('Name of the SystemSoftware.'),
        range: versionRange('npm-semver range of the versions that do. Prereleases count by their numbers.'),
      })
      .describe('One software, and the versions of it that do.'),
    16,
    description,
    'name',
  );
}
export type SoftwareDependency = z.output<ReturnType<typeof softwareDependencies>>[number];

const Provides = withChecked(
  z
    .object({
      env: listMap(
        EnvVar,
        64,
        'Environment variables. They win over those of the release; the answers and the config of the tenant win over them.',
        'name',
      ).optional(),
      image: imageName('Image that has the files.').optional(),
      path: matching(PATH, 256, PATH_MESSAGE, 'The directory in the image.').optional(),
      mountPath: matching(PATH, 256, PATH_MESSAGE, 'Where the process finds it, read-only.').optional(),
    })
    .describe('What it brings into the pods.'),
  ({ image, path, mountPath }) => new Set([image, path, mountPath].map((v) => v === undefined)).size === 1,
  {
    rule: 'has(self.image) == has(self.path) && has(self.image) == has(self.mountPath)',
    message: 'Must have all of image, path and mountPath, or none of them',
  },
);

export const SoftwareRelease = withRules(
  z
    .object({
      version: exactVersion('The version: strict semver, without v and build metadata.'),
      displayVersion: text(64, 'How people call the version.').optional(),
      recommended: flag('The publisher advises it, for people.').optional(),
      lifecycle: Lifecycle.optional(),
      dependencies: softwareDependencies(
        'Other software that it needs. Never changes once published; may be added once.',
      ).optional(),
      userInputs: userInputs(
        'What it asks the tenants for. Never changes once published; may be added once.',
      ).optional(),
      provides: Provides.describe(
        'What it brings into the pods. Never changes once published; may be added once.',
      ).optional(),
    })
    .describe('One published version.'),
  immutable('dependencies', 'added once'),
  immutable('provides', 'added once'),
  immutable('userInputs', 'added once'),
);
export type SoftwareRelease = z.output<typeof SoftwareRelease>;

export const SoftwareSpec = z
  .object({
    displayName: text(128, 'Its name, for people.').optional(),
    tags: atomicList(text(64, 'One tag.', 1), 32, 'Words to find it by.').optional(),
    prereleasesAreReleases: flag(
      'Versions with a hyphen, such as 7.1.1-38, are releases like any other: the vendor counts its builds that way. When false or absent they are prereleases, which only who names one gets.',
    ).optional(),
    versions: listMap(SoftwareRelease, 200, 'The published versions.', 'version').optional(),
  })
  .describe('What is published.');
export type SoftwareSpec = z.output<typeof SoftwareSpec>;

export const SoftwareStatus = z
  .object({
    observedGeneration,
    latestVersion: text(64, 'Highest version that is not yanked, preview or prerelease.').optional(),
    publishedVersions: int(0, 200, 'How many versions are published and valid.').optional(),
    invalidVersions: invalidVersions('version', 'used'),
    conditions: conditionList('Ready: whether every version can be used.'),
  })
  .describe('What the operator found in it.');
export type SoftwareStatus = z.output<typeof SoftwareStatus>;

/** A tenant's wish for one software. */
export const SoftwareWish = z
  .object({
    name: softwareName('Name of the SystemSoftware.'),
    version: exactVersion(
      'updatePolicy none: the version. Otherwise the floor: newer ones are taken as it says.',
    ).optional(),
    updatePolicy: z
      .enum(['inherit', 'none', 'patchLevel', 'all'])
      .describe(
        'Which newer versions are taken without asking, in the upgrade windows. inherit, also when absent: none under upgradePolicy manual; under auto patchLevel where upgrade.level is patch, else all.',
      )
      .optional(),
  })
  .describe('One software.');
export type SoftwareWish = z.output<typeof SoftwareWish>;

export const InstalledSoftware = z
  .object({
    name: text(63, 'Name of the SystemSoftware.'),
    currentVersion: text(64, 'The version in the pods whose rollout was done last.').optional(),
    targetVersion: text(64, 'The version decided on.').optional(),
    updatePolicy: z.enum(['none', 'patchLevel', 'all']).describe('What holds, inherit resolved.'),
    updateAvailable: flag('A newer version is published that the release can run on.'),
    requiredBy: atomicList(
      text(128, 'A provider or a software, with its version.'),
      32,
      'What needs it; absent where that is not known.',
    ).optional(),
  })
  .describe('One software in the pods.');
export type InstalledSoftware = z.output<typeof InstalledSoftware>;
