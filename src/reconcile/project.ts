import type { Stored } from '../controller/feed.ts';
import type { Condition } from '../api/conditions.ts';
import { firstOf } from '../api/cut.ts';
import { firstIssue } from '../api/field.ts';
import { hash } from '../api/hash.ts';
import { InstallationSpec, type InstallationStatus } from '../api/installation.ts';
import { ANNOTATION } from '../api/names.ts';
import { ENV_MESSAGE } from '../api/runtime.ts';
import { withoutNulls } from '../api/nulls.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import { ProviderSpec, type ProviderStatus } from '../api/provider.ts';
import { SoftwareSpec, type SoftwareStatus } from '../api/software.ts';
import { readCatalogue, type Catalogue } from '../plan/catalogue/catalogue.ts';
import type { Installation } from '../plan/state/observed.ts';
import type { Published } from '../plan/tell/published-status.ts';
import { readSoftware, type SoftwareCatalogue } from '../plan/catalogue/software-catalogue.ts';
import { identity, type Metadata, type Raw } from './raw.ts';
import { sharedText, sharedValue } from './shared.ts';

/**
 * From what the API server sends to what the decisions read: only that is kept in memory. Projections never throw on
 * what a user may have stored; what is wrong with it becomes part of the projection.
 */

/** Stands for a spec of which nothing can be relied on. */
const UNREADABLE = {
  provider: '',
  upgradePolicy: 'manual',
  resourceTier: 'standard',
} as const satisfies InstallationSpec;

/** With what only the REST API tells. */
export interface InstallationView extends Stored, Installation {
  readonly createdAt: string;
}

export function projectInstallation(raw: Raw & { spec?: unknown; status?: InstallationStatus }): InstallationView {
  const { metadata } = raw;
  const { spec, invalid } = readSpec(withoutNulls(raw.spec ?? {}) as object);
  return {
    ...judged(metadata),
    invalid,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    retry: annotation(metadata, 'retry'),
    // A chart may have an empty value for none.
    restart: annotation(metadata, 'restart') || undefined,
    spec,
    status: compactStatus(raw.status ?? {}),
  };
}

/**
 * What is wrong with a spec, and the rest of it: what runs is known by the provider, and is kept as the rest says. A name that every
 * object inherits is dropped by the parser without a word, though the API server stores it.
 */
function readSpec(spec: { readonly config?: object }): Pick<Installation, 'spec' | 'invalid'> {
  const { data, error } = InstallationSpec.safeParse(spec);
  if (Object.hasOwn(spec.config ?? {}, '__proto__')) {
    return { spec: data ?? UNREADABLE, invalid: `config: ${ENV_MESSAGE}, and not __proto__` };
  }
  if (!error) {
    return { spec: data, invalid: undefined };
  }
  const faulty = new Set(error.issues.map(({ path: [member] }) => member));
  const rest = Object.fromEntries(Object.entries(spec).filter(([member]) => !faulty.has(member)));
  return { spec: InstallationSpec.safeParse(rest).data ?? UNREADABLE, invalid: firstIssue(error, 'spec') };
}

/**
 * Keeps once what others say, too. It changes the object that came from the wire, which nobody else has: a copy of it would
 * take more memory than a parsed object does.
 */
function compactStatus(status: Mutable<InstallationStatus>): InstallationStatus {
  const { effective, currentImage } = status;
  if (currentImage !== undefined) {
    status.currentImage = sharedText(currentImage);
  }
  if (effective?.tier) {
    (effective as Mutable<typeof effective>).tier = sharedValue(effective.tier);
  }
  for (const condition of (status.conditions ?? []) as Mutable<Condition>[]) {
    condition.type = sharedText(condition.type);
    condition.reason = sharedText(condition.reason);
    condition.message = sharedText(condition.message);
    condition.lastTransitionTime = sharedText(condition.lastTransitionTime);
  }
  return status;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ProviderView extends Stored, Published<Catalogue, ProviderStatus> {
  readonly uid: string;
  /** The value of the annotation `…/retry`. */
  readonly retry: string | undefined;
  /** For people. */
  readonly about: Pick<
    ProviderSpec,
    'displayName' | 'description' | 'tags' | 'author' | 'trustTier' | 'iconURL' | 'readme'
  >;
  readonly createdAt: string;
}

export function projectProvider(
  raw: Raw & { spec?: unknown; status?: ProviderStatus },
  config: OperatorConfig,
): ProviderView {
  const spec = withoutNulls(raw.spec ?? {}) as ProviderSpec;
  // Releases are judged one by one (readCatalogue): what is wrong with one must not take the others away.
  const { error } = ProviderSpec.omit({ versions: true }).safeParse(spec);
  return {
    ...judged(raw.metadata, error),
    retry: annotation(raw.metadata, 'retry'),
    about: aboutIn(spec),
    createdAt: raw.metadata.creationTimestamp ?? '',
    catalogue: readCatalogue(spec, config),
    status: raw.status ?? {},
  };
}

function aboutIn({ displayName, description, tags, author, trustTier, iconURL, readme }: ProviderSpec) {
  return { displayName, description, tags, author, trustTier, iconURL, readme } as ProviderView['about'];
}

export interface SoftwareView extends Stored, Published<SoftwareCatalogue, SoftwareStatus> {
  readonly uid: string;
  /** For people. */
  readonly about: Pick<SoftwareSpec, 'displayName' | 'tags'>;
}

export function projectSoftware(
  raw: Raw & { spec?: unknown; status?: SoftwareStatus },
  config: OperatorConfig,
): SoftwareView {
  const spec = withoutNulls(raw.spec ?? {}) as SoftwareSpec;
  // Versions are judged one by one (readSoftware), as those of a Provider are.
  const { error } = SoftwareSpec.omit({ versions: true }).safeParse(spec);
  return {
    ...judged(raw.metadata, error),
    about: { displayName: spec.displayName, tags: spec.tags },
    catalogue: readSoftware(raw.metadata.name, spec, config),
    status: raw.status ?? {},
  };
}

/** The fields of every kind of ours, and the rule that its spec breaks, if any. */
function judged(metadata: Metadata, error?: Parameters<typeof firstIssue>[0]) {
  const { uid, generation = 0 } = metadata;
  return { ...identity(metadata), uid, generation, invalid: error && firstIssue(error, 'spec') };
}

/** As much of it as is remembered; where it is longer, its end is a hash, so that it differs from any other. */
function annotation({ annotations }: Metadata, name: 'retry' | 'restart'): string | undefined {
  const value = annotations?.[ANNOTATION[name]];
  return value === undefined || value.length <= 64 ? value : `${firstOf(value, 47)}-${hash(value)}`;
}

/** The content hash of each key of a ConfigMap or Secret: the values themselves are not kept. */
export interface ContentView extends Stored {
  /** By key; a map, because a key may have the name of something that every object inherits. */
  readonly hashes: ReadonlyMap<string, string>;
}

export function projectContent(raw: Raw & { data?: object }): ContentView {
  return {
    ...identity(raw.metadata),
    // A kubelet makes no variable of what is in `binaryData`.
    hashes: new Map(Object.entries(raw.data ?? {}).map(([key, value]) => [key, hash(value)])),
  };
}
