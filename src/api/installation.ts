import { z } from 'zod';
import { conditionList, observedGeneration } from './conditions.ts';
import { atomicList, flag, int, listMap, matching, text, time, withChecked, withRules, literal } from './field.ts';
import { KeyRef } from './key-ref.ts';
import { ENV_MESSAGE, ENV_NAME } from './runtime.ts';
import { InstalledSoftware, SoftwareWish } from './software.ts';
import { StoredTier } from './tier.ts';
import { Upgrade } from './upgrade.ts';
import { FailedVersion, HistoryEntry, PendingUpgrade, UpdateCandidate } from './upgrade-status.ts';
import { UserAnswer } from './user-input.ts';
import { exactVersion } from './version.ts';

const PROVIDER = /^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/;

const ConfigFrom = withChecked(
  z
    .object({
      name: matching(ENV_NAME, 128, ENV_MESSAGE, 'Name of the environment variable.'),
      secretKeyRef: KeyRef('Secret').optional(),
      configMapKeyRef: KeyRef('ConfigMap').optional(),
    })
    .describe('One environment variable from a Secret or a ConfigMap.'),
  (e) => (e.secretKeyRef === undefined) !== (e.configMapKeyRef === undefined),
  {
    rule: 'has(self.secretKeyRef) != has(self.configMapKeyRef)',
    message: 'Must have exactly one of secretKeyRef and configMapKeyRef',
  },
);

/** Of config, of the answers, and of both together; what is larger belongs into a file. */
export const MOST_CONFIG_BYTES = 65_536;
const TOO_LARGE = `Must have at most ${MOST_CONFIG_BYTES} bytes in all: put large values into a ConfigMap or a Secret`;

const config = withRules(
  z
    .record(
      z.string().max(128).regex(ENV_NAME, ENV_MESSAGE),
      literal(8192, 'Value of the variable. It reaches the process literally.'),
    )
    .refine((map) => Object.keys(map).length <= 128, 'Must have at most 128 keys')
    .refine((map) => bytesOf(Object.entries(map)) <= MOST_CONFIG_BYTES, TOO_LARGE)
    .describe(
      'Environment variables of the process, by name. Values reach it literally; an empty value is a set variable.',
    )
    .meta({ maxProperties: 128 }),
  { rule: `self.all(name, name.matches('${ENV_NAME.source}'))`, message: `Keys: ${ENV_MESSAGE}` },
  // Readers in JavaScript drop it without a word.
  { rule: "!('__proto__' in self)", message: 'Keys: __proto__ cannot be the name of a variable' },
  { rule: 'self.all(name, size(name) <= 128)', message: 'Keys: must have at most 128 characters' },
  {
    // Charts render null for what is absent, and then it has no bytes.
    rule: `self.map(name, size(bytes(name)) + (type(self[name]) == string ? size(bytes(self[name])) : 0)).sum() <= ${MOST_CONFIG_BYTES}`,
    message: TOO_LARGE,
  },
);

/** Of all names and values together. */
export function bytesOf(entries: readonly (readonly [name: string, value: string])[]): number {
  return entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
}

export const InstallationSpec = withChecked(
  z
    .object({
      provider: withRules(
        matching(
          PROVIDER,
          63,
          'Must be org/name such as acme/web',
          'Which provider to install, as org/name. Cannot be changed.',
        ),
        { rule: 'self == oldSelf', message: 'provider cannot be changed: delete the installation and create another' },
      ),
      version: exactVersion(
        'manual: the version to run. auto: the floor, newer ones are taken without asking as far as upgrade allows, also at the first install. Absent: the newest at the first install.',
      ).optional(),
      upgradePolicy: z
        .enum(['manual', 'auto'])
        .default('manual')
        .describe('Who decides when a newer release is taken: you (manual) or the operator (auto).'),
      resourceTier: z
        .enum(['free', 'standard', 'performance'])
        .default('standard')
        .describe('How much it gets: replicas, processor, memory.'),
      config: config.optional(),
      configFrom: listMap(
        ConfigFrom,
        128,
        'Environment variables from Secrets and ConfigMaps of the namespace.',
        'name',
      ).optional(),
      userInputs: listMap(
        UserAnswer,
        64,
        'Answers to the inputs that releases and system software ask for, by name. One that nobody asks for yet may be given early.',
        'name',
        {
          rule: `self.map(answer, has(answer.value) ? size(bytes(answer.value)) : 0).sum() <= ${MOST_CONFIG_BYTES}`,
          message: TOO_LARGE,
        },
      ).optional(),
      systemSoftware: listMap(
        SoftwareWish,
        32,
        'System software: which version, and how it is kept up to date. What the release needs is there anyway.',
        'name',
      ).optional(),
      upgrade: Upgrade.optional(),
      documentRoot: literal(256, 'Reaches the process as DOCUMENT_ROOT, instead of the one of the release.').optional(),
      description: text(1024, 'What it is for, for people.').optional(),
      suspend: flag(
        'Freezes it: a rollout under way ends first, also by going back; then nothing is rolled out or healed until this is false again. Deleting still works.',
      ).optional(),
    })
    .describe('What to run.'),
  (spec) => !spec.configFrom?.some((e) => Object.hasOwn(spec.config ?? {}, e.name)),
  {
    rule: '!has(self.config) || !has(self.configFrom) || self.configFrom.all(e, !(e.name in self.config))',
    message: 'config and configFrom set the same variable: keep one of them',
    fieldPath: '.configFrom',
  },
);
export type InstallationSpec = z.output<typeof InstallationSpec>;
export type TierName = InstallationSpec['resourceTier'];

const version = (description: string) => text(64, description).optional();

export const InstallationStatus = z
  .object({
    observedGeneration,
    targetVersion: version('The version decided on.'),
    installedVersion: version('The version committed to the Deployment.'),
    currentVersion: version('The version whose rollout was done last.'),
    previousVersion: version('The version that was current before it.'),
    latestVersion: version('The highest release that is not yanked, preview or prerelease.'),
    currentImage: text(512, 'Image of the current version.').optional(),
    usedConsent: version('The version that upgrade.allowDowngradeTo was used for; it allows no second downgrade.'),
    updateCandidates: listMap(
      UpdateCandidate,
      10,
      'Newer releases: the one decided on, the newest that you may have, then the newest.',
      'version',
    ).optional(),
    candidatesTotal: int(0, 200, 'How many newer releases there are in all.').optional(),
    pendingUpgrade: PendingUpgrade.optional(),
    failedVersions: atomicList(
      FailedVersion,
      16,
      'Releases that failed here and are not tried again by themselves.',
    ).optional(),
    history: atomicList(HistoryEntry, 10, 'The last rollouts, newest first.').optional(),
    lastHandledRetry: text(
      256,
      'The value of the annotation provider-operator.io/retry that was obeyed last.',
    ).optional(),
    systemSoftware: listMap(InstalledSoftware, 48, 'The system software in the pods.', 'name').optional(),
    deploymentName: text(63, 'Name of the Deployment.').optional(),
    serviceName: text(63, 'Name of the Service; absent where the release has no ports.').optional(),
    installedAt: time('When the first rollout was done.').optional(),
    updatedAt: time('When the last rollout was done.').optional(),
    effective: z
      .object({
        tier: StoredTier.describe('What the tier gave to the committed pods.').optional(),
        configHash: text(64, 'Hash of the configuration that the committed pods have.').optional(),
      })
      .describe('What holds for the committed pods after defaults.')
      .optional(),
    conditions: conditionList(
      'Ready, Reconciling, Stalled, Available, UpdateAvailable, UpgradeHealthy, Drifted, InputsUnused and ReferencesMissing.',
    ),
  })
  .describe('What the operator sees and does.');
export type InstallationStatus = z.output<typeof InstallationStatus>;
