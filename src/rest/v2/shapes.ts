import { z } from 'zod';
import { InstallationSpec } from '../../api/installation.ts';
import { versionRange } from '../../api/range.ts';
import { namespaceField } from '../tenant.ts';
import { appVersionId } from './ids.ts';
import { UserAnswer, UserInput as AskedInput } from '../../api/user-input.ts';

/** The shapes of the second seed, as far as this project answers them: camelCase, and ids instead of names. */

const id = (description: string) => z.guid().describe(description);
const when = (description: string) => z.string().meta({ description, format: 'date-time' });

const Dependency = z
  .object({ systemSoftwareId: id('The system software.'), versionRange: z.string().describe('npm-semver range.') })
  .meta({ id: 'SystemSoftwareDependency', description: 'A system software that is needed, and in which versions.' });

const UserInput = z
  .object({
    name: z.string(),
    dataType: AskedInput.shape.dataType,
    required: z.boolean(),
    lifecycleConstraint: z.enum(['installation', 'update', 'reconfigure']),
    validationSchema: z.string().describe('A JSON Schema of the value, as a string.'),
    format: z.enum(['email', 'password', 'url', 'uri']).optional(),
    defaultValue: z.string().optional(),
    positionMeta: z
      .object({ index: z.int().optional(), section: z.string().optional(), step: z.string().optional() })
      .optional(),
  })
  .meta({ id: 'UserInput', description: 'What a version asks for.' });
export type UserInput = z.output<typeof UserInput>;

export const App = z
  .object({ id: id('Its id.'), name: z.string(), tags: z.array(z.string()) })
  .meta({ id: 'App', description: 'A provider.' });
export type App = z.output<typeof App>;

export const AppVersion = z
  .object({
    id: id('Its id.'),
    appId: id('Its app.'),
    externalVersion: z.string().describe('How people call it.'),
    internalVersion: z.string().describe('The version.'),
    docRoot: z.string(),
    docRootUserEditable: z.boolean(),
    recommended: z.boolean().optional(),
    breakingNote: z.object({ faqLink: z.string() }).optional(),
    systemSoftwareDependencies: z.array(Dependency).optional(),
    userInputs: z.array(UserInput).optional(),
  })
  .meta({ id: 'AppVersion', description: 'A release of a provider.' });
export type AppVersion = z.output<typeof AppVersion>;

export const SystemSoftware = z
  .object({
    id: id('Its id.'),
    name: z.string(),
    tags: z.array(z.string()),
    meta: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'SystemSoftware', description: 'What apps run on.' });
export type SystemSoftware = z.output<typeof SystemSoftware>;

export const SystemSoftwareVersion = z
  .object({
    id: id('Its id.'),
    externalVersion: z.string(),
    internalVersion: z.string(),
    expiryDate: when('From then on it is only taken where nothing better is there.').optional(),
    recommended: z.boolean().optional(),
    systemSoftwareDependencies: z.array(Dependency).optional(),
    userInputs: z.array(UserInput).optional(),
  })
  .meta({ id: 'SystemSoftwareVersion', description: 'A version of a system software.' });
export type SystemSoftwareVersion = z.output<typeof SystemSoftwareVersion>;

const VersionStatus = z
  .object({
    desired: id('The version that is asked for.'),
    current: id('The version whose rollout was done last.').optional(),
    previous: id('The version before it.').optional(),
    lastChangedAt: when('When the last rollout was done.').optional(),
    lastChangeBy: z.string().optional(),
  })
  .meta({ id: 'VersionStatus', description: 'Versions, by their ids.' });

const SoftwarePolicy = z.enum(['none', 'inheritedFromApp', 'patchLevel', 'all']);
export type SoftwarePolicy = z.output<typeof SoftwarePolicy>;

const InstalledSystemSoftware = z
  .object({
    systemSoftwareId: id('The system software.'),
    name: z.string(),
    externalVersion: z.string(),
    systemSoftwareVersion: VersionStatus,
    updateAvailable: z.boolean(),
    updatePolicy: SoftwarePolicy,
  })
  .meta({ id: 'InstalledSystemSoftware', description: 'A system software in the pods.' });
export type InstalledSystemSoftware = z.output<typeof InstalledSystemSoftware>;

export const Policy = z.enum(['none', 'patchLevel', 'all']).describe('Which newer versions are taken without asking.');
export type Policy = z.output<typeof Policy>;

export const AppInstallation = z
  .object({
    id: id('Its id.'),
    shortId: z.string().describe('Its name in the namespace.'),
    appId: id('The app.'),
    appName: z.string().describe('The app as org/name.'),
    appExternalVersion: z.string().describe('How people call the version.'),
    appVersion: VersionStatus,
    projectId: z.string().describe('The namespace.'),
    projectDescription: z.string(),
    description: z.string(),
    createdAt: when('When it was created.'),
    customDocumentRoot: z.string().optional(),
    installationPath: z.string(),
    disabled: z.boolean(),
    deletionRequested: z.boolean().optional(),
    phase: z.enum(['pending', 'installing', 'upgrading', 'ready', 'disabled', 'reconfiguring']),
    lastError: z.string().describe('What failed last; absent once something succeeded.').optional(),
    linkedDatabases: z.array(z.object({ databaseId: z.string() })),
    ports: z.array(z.int()).optional(),
    systemSoftware: z.array(InstalledSystemSoftware),
    updateAvailable: z.boolean(),
    updatePolicy: Policy,
    userInputs: z
      .array(z.object({ name: z.string(), value: z.string() }))
      .describe('Without those whose values are in Secrets.'),
  })
  .meta({ id: 'AppInstallation', description: 'A provider, installed in a namespace.' });
export type AppInstallation = z.output<typeof AppInstallation>;

export const RunState = z
  .object({
    state: z.enum(['running', 'stopped', 'exited']),
    logFileLocation: z.string(),
    uptimeSeconds: z.int().optional(),
    lastExitCode: z.int().optional(),
  })
  .meta({ id: 'AppInstallationStatus', description: 'Whether its pods run.' });
export type RunState = z.output<typeof RunState>;

export const MissingDependencies = z
  .object({
    missingSystemSoftwareDependencies: z.array(Dependency).optional(),
    missingUserInputs: z.array(UserInput).optional(),
  })
  .meta({ id: 'MissingAppDependencies', description: 'What a version needs that is not there yet.' });

const GivenInput = z.strictObject({
  name: UserAnswer.shape.name,
  value: UserAnswer.shape.value.unwrap().nullable().describe('The value, as a string; null removes it.'),
});

const SoftwareRequest = z
  .record(
    z.string().max(64).describe('The id of a system software.'),
    z
      .strictObject({
        systemSoftwareVersion: id('A version of it.').optional(),
        updatePolicy: SoftwarePolicy.optional(),
      })
      .nullable()
      .describe('null uninstalls it.'),
  )
  .describe('By the ids of system software; what is not named stays as it is.');

const description = InstallationSpec.shape.description.unwrap();

export const PatchRequest = z
  .strictObject({
    appVersionId: id('The version to upgrade to.')
      .meta({ examples: [appVersionId('acme/web', '1.1.0')] })
      .nullable()
      .optional(),
    systemSoftware: SoftwareRequest.optional(),
    updatePolicy: Policy.optional(),
    userInputs: z.array(GivenInput).max(64).optional(),
    description: description.nullable().optional(),
    customDocumentRoot: InstallationSpec.shape.documentRoot.unwrap().nullable().optional(),
  })
  .meta({ id: 'PatchAppInstallation', description: 'What is absent stays as it is; null removes.' });
export type PatchRequest = z.output<typeof PatchRequest>;

export const InstallRequest = z
  .strictObject({
    appVersionId: id('The version to install.').meta({ examples: [appVersionId('acme/web', '1.0.0')] }),
    description: description.optional(),
    installationPath: z.literal('/').describe('Accepted and without effect.').optional(),
    systemSoftware: SoftwareRequest.optional(),
    updatePolicy: Policy.optional(),
    userInputs: z.array(GivenInput).max(64).optional(),
  })
  .meta({ id: 'InstallApp' });
export type InstallRequest = z.output<typeof InstallRequest>;

export const Created = z.object({ id: id('The id of the installation.') }).meta({ id: 'CreatedAppInstallation' });

/** Digits and nothing else: not what other notations of a number come to, nor nothing. */
function count(least: number, most: number, usual: number, description: string) {
  const digits = (text: unknown) => (typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text);
  return z.preprocess(digits, z.int().min(least).max(most).default(usual)).describe(description);
}

const limit = count(1, 1000, 100, 'How many at most.');
const skip = count(0, 1_000_000, 0, 'How many to pass over.');
const page = count(1, 1_000_000, 1, 'Which part of that size, from 1.');
const paging = { limit, skip, page };

export const Page = z.strictObject(paging);

/** The part of a list that was asked for. */
export function pageOf<T>(all: readonly T[], { limit, skip, page }: z.output<typeof Page>): readonly T[] {
  const from = skip + (page - 1) * limit;
  return all.slice(from, from + limit);
}

const flagText = (description: string) => z.enum(['true', 'false']).describe(description).optional();

export const VersionsQuery = z.strictObject({
  versionRange: versionRange('npm-semver range of the versions to list.').optional(),
  recommended: flagText('Only those that the publisher advises.'),
});

export const CandidatesQuery = z.strictObject({ onlyRecommended: flagText('Only those that the publisher advises.') });

const oneOrMore = z.union([z.string().max(64), z.array(z.string().max(64)).max(64)]).optional();

export const ListQuery = z.strictObject({
  appIds: oneOrMore.describe('Only installations of these apps.'),
  searchTerm: z.string().max(256).describe('Words in the name, the app or the description.').optional(),
  sortOrder: z.enum(['newestFirst', 'oldestFirst']).default('newestFirst'),
  ...paging,
});

export const AllQuery = ListQuery.extend({
  namespace: namespaceField('Only of this namespace.').optional(),
});

export const Writing = z.strictObject({
  dryRun: flagText('Tells what would be done, and writes nothing.'),
  force: flagText('Changes also what a GitOps tool keeps, with the right to override.'),
});

export const TagQuery = z.strictObject({
  tagFilter: z.string().max(64).describe('Only those with this tag.').optional(),
});

export const TargetQuery = z.strictObject({
  targetAppVersionID: id('The version.').meta({ examples: [appVersionId('acme/web', '1.1.0')] }),
});

export const DryRun = z
  .object({
    dryRun: z.literal(true),
    version: z.string().nullable(),
    path: z.array(z.string()),
    systemSoftware: z.array(z.object({ name: z.string(), from: z.string().optional(), to: z.string().optional() })),
    env: z.object({ added: z.array(z.string()), changed: z.array(z.string()), removed: z.array(z.string()) }),
  })
  .meta({ id: 'AppDryRun', description: 'What a write would come to; nothing was written.' });
export type DryRun = z.output<typeof DryRun>;
