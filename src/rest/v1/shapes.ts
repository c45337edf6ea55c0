import { z } from 'zod';
import { InstallationSpec } from '../../api/installation.ts';
import { INSTALLATION_NAME } from '../../api/names.ts';
import { HistoryEntry, PendingUpgrade, UpdateCandidate } from '../../api/upgrade-status.ts';
import { exactVersion } from '../../api/version.ts';
import { Keyed, Matching } from '../headers.ts';
import { namespaceField } from '../tenant.ts';

/** The shapes of the first seed: snake_case, and more fields in answers than it asks for. */

const when = (description: string) => z.string().meta({ description, format: 'date-time' });

const versionAsked = (description: string, example = '1.1.0') =>
  exactVersion(description).meta({ examples: [example] });

export const PolicyAsked = z
  .enum(['auto', 'manual', 'auto-patch', 'auto-minor'])
  .describe('auto-patch and auto-minor: automation goes no further than that.');

const { config, resourceTier } = InstallationSpec.shape;

export const InstallRequest = z
  .strictObject({
    provider_name: InstallationSpec.shape.provider.meta({ examples: ['acme/web'] }),
    resource_tier: resourceTier.removeDefault().optional(),
    upgrade_policy: PolicyAsked.optional(),
    version: versionAsked('The version; the newest that can be had when absent or null.').nullish(),
    config: config.unwrap().nullish(),
  })
  .meta({ id: 'InstallRequest' });

export const UpgradeRequest = z
  .strictObject({
    version: versionAsked('The version; the newest that can be had when absent or null.').nullish(),
  })
  .meta({ id: 'UpgradeRequest' });

export const DowngradeRequest = z
  .strictObject({ target_version: versionAsked('A version that is lower than the installed one.', '1.0.0') })
  .meta({ id: 'DowngradeRequest' });

export const DeployRequest = z
  .strictObject({ version: versionAsked('The version to move to; pods are only replaced when absent.').nullish() })
  .meta({ id: 'DeployRequest' });

export const Installation = z
  .object({
    provider_name: z.string().describe('The provider, as org/name.'),
    prefix: z.string().describe('Its org.'),
    name: z.string().describe('Its name within the org.'),
    installed_version: z
      .string()
      .describe('The version that was accepted, though its pods may not run yet; empty where none could be chosen.'),
    current_version: z.string().nullable().describe('The version whose rollout was done last.'),
    latest_version: z.string().nullable().describe('The highest release for everybody.'),
    upgrade_available: z.boolean().describe('There is a newer one that can be had.'),
    upgrade_policy: z.enum(['auto', 'manual']).describe('Who decides when a newer release is taken.'),
    resource_tier: resourceTier.removeDefault(),
    config: z
      .record(z.string(), z.string())
      .describe('Environment variables, but for those that come from Secrets and ConfigMaps.'),
    installed_at: when('When the first rollout was done; when it was created, until then.'),
    created_at: when('When it was created.'),
    updated_at: when('When the last rollout was done; when it was created, until then.'),
  })
  .meta({ id: 'Installation', description: 'One provider, installed in a namespace.' });
export type Installation = z.output<typeof Installation>;

export const WatchEvent = z
  .object({
    event: z.enum(['installation', 'settled', 'deleted']),
    data: z.string().meta({
      description: 'JSON: the installation, or nothing once it is deleted.',
      contentMediaType: 'application/json',
      contentSchema: { anyOf: [{ $ref: '#/components/schemas/Installation' }, { type: 'object', maxProperties: 0 }] },
    }),
  })
  .meta({ id: 'WatchEvent', description: 'How an installation is by now.' });

const TrustTier = z.enum(['official', 'verified', 'community']).describe('Who vouches for it.');
const Scope = z.enum(['public', 'tenant']).describe('Whom it is published for.');

export const Provider = z
  .object({
    provider_name: z.string().describe('org/name'),
    name: z.string().describe('Its name within the org.'),
    prefix: z.string().describe('Its org.'),
    display_name: z.string(),
    description: z.string(),
    author: z.object({ organization_id: z.string(), org_name: z.string() }),
    trust_tier: TrustTier,
    scope: Scope,
    icon_url: z.string().optional(),
    readme: z.string().optional(),
    tags: z.array(z.string()),
    latest_version: z.string().nullable().describe('The highest release for everybody; null where there is none.'),
    install_count: z.int().describe('How often it is installed in the namespaces that this operator sees.'),
    created_at: when('When it was published.'),
    updated_at: when('When its newest release was.'),
  })
  .meta({ id: 'Provider', description: 'One entry of the catalogue.' });
export type Provider = z.output<typeof Provider>;

export const ProviderPage = z
  .object({ items: z.array(Provider), total: z.int(), limit: z.int(), offset: z.int() })
  .meta({ id: 'ProviderPage', description: 'A part of the catalogue.' });

export const Version = z
  .object({
    provider_name: z.string(),
    version: z.string(),
    status: z.enum(['published', 'yanked']),
    changelog: z.string().optional(),
    published_at: when('When it was published.').optional(),
    error_message: z.string().describe('Why it cannot be installed.').optional(),
    created_at: when('When it was seen first.'),
    updated_at: when('When it was seen first.'),
  })
  .meta({ id: 'Version', description: 'One release of a provider.' });
export type Version = z.output<typeof Version>;

export const DeploymentState = z
  .object({
    deployment_name: z.string(),
    status: z.enum(['pending', 'progressing', 'available', 'failed']),
    available_replicas: z.int(),
    ready_replicas: z.int(),
    version: z.string().optional(),
    image: z.string().optional(),
    updated_at: when('When the last rollout was done.').optional(),
    message: z.string().describe('What it waits for, or what is wrong.').optional(),
  })
  .meta({ id: 'Deployment', description: 'The pods of an installation.' });
export type DeploymentState = z.output<typeof DeploymentState>;

export const DryRun = z
  .object({
    dry_run: z.literal(true),
    version: z.string().nullable().describe('The version that it would end at.'),
    path: z.array(z.string()).describe('The releases that it would take one by one.'),
    software: z.array(z.object({ name: z.string(), from: z.string().optional(), to: z.string().optional() })),
    env: z
      .object({ added: z.array(z.string()), changed: z.array(z.string()), removed: z.array(z.string()) })
      .describe('Names of environment variables.'),
  })
  .meta({ id: 'DryRun', description: 'What a write would come to; nothing was written.' });
export type DryRun = z.output<typeof DryRun>;

const Input = z.object({
  name: z.string(),
  rule: z.string().describe('What may be given.'),
});

export const MissingDependencies = z
  .object({
    version: z.string(),
    missing_system_software: z.array(z.object({ name: z.string(), range: z.string() })),
    missing_user_inputs: z.array(Input),
  })
  .meta({ id: 'MissingDependencies', description: 'What a version needs that is not there yet.' });

const Candidate = z
  .object({ ...snakeCased(UpdateCandidate.shape) })
  .meta({ id: 'Candidate', description: 'One newer release, and why automation does not take it now.' });

export const Candidates = z
  .object({
    items: z.array(Candidate),
    total: z.int(),
    pending_upgrade: z.object(snakeCased(PendingUpgrade.shape)).nullable(),
  })
  .meta({ id: 'Candidates', description: 'The newer releases, the newest first.' });

export const Rollout = z.object(snakeCased(HistoryEntry.shape)).meta({ id: 'Rollout', description: 'One rollout.' });

type Snake<Text extends string> = Text extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : Text;
type SnakeCased<Shape> = { [Name in keyof Shape & string as Snake<Name>]: Shape[Name] };

/** The names of a status as the first seed writes names. */
export function snakeCased<Shape extends object>(shape: Shape): SnakeCased<Shape> {
  const renamed = Object.entries(shape).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value as unknown,
  ]);
  return Object.fromEntries(renamed) as SnakeCased<Shape>;
}

export const NameParams = z.object({
  org: z
    .string()
    .max(64)
    .meta({ description: 'The org of the provider.', examples: ['acme'] }),
  name: z
    .string()
    .max(64)
    .meta({ description: 'Its name within the org.', examples: ['web'] }),
});

export const VersionParams = NameParams.extend({
  version: z
    .string()
    .max(64)
    .meta({ description: 'One version.', examples: ['1.1.0'] }),
});

const installationName = (description: string) =>
  z
    .string()
    .max(52)
    .regex(INSTALLATION_NAME, 'Must be at most 52 of a-z, 0-9 and -, starting with a letter')
    .describe(description);

/** Where a request is about, for every route of installations. */
const namespace = namespaceField('The namespace, instead of the header X-Namespace.').optional();
const flagText = (description: string) => z.enum(['true', 'false']).describe(description).optional();

export const Reading = z.strictObject({
  namespace,
  installation: installationName('Its name, where the provider is installed several times.').optional(),
});

export const Writing = Reading.extend({
  dryRun: flagText('Tells what would be done, and writes nothing.'),
  force: flagText('Changes also what a GitOps tool keeps, with the right to override.'),
});

export const Deleting = Writing.extend({
  cascade: flagText('Accepted and without effect: what belongs to an installation always goes with it.'),
});

const limit = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).default(usual).describe('How many at most.');
const offset = z.coerce.number().int().min(0).max(1_000_000).default(0).describe('How many to pass over.');

export const ProviderQuery = z.strictObject({
  q: z.string().max(256).describe('Words in the name, the description or the tags.').optional(),
  scope: Scope.optional(),
  trust_tier: TrustTier.optional(),
  tags: z
    .union([z.string().max(64), z.array(z.string().max(64)).max(32)])
    .describe('Tags that it must have.')
    .optional(),
  limit: limit(100, 20),
  offset,
});

export const InstalledQuery = z.strictObject({ namespace, limit: limit(500, 100), offset });

export const TargetQuery = Reading.extend({ target: versionAsked('The version.').optional() });

export const Headers = z.object({
  'x-namespace': namespaceField('The namespace; that of the service account when absent.').optional(),
});
export const WriteHeaders = Headers.extend(Matching.shape);
export const PostHeaders = Headers.extend(Keyed.shape);
