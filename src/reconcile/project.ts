import { lastChange, ownedFields, type WithManagedFields } from '../cluster/owned-fields.ts';
import type { Stored } from '../controller/feed.ts';
import { objectKey } from '../controller/object-key.ts';
import { hash } from '../api/hash.ts';
import { InstallationSpec, type InstallationStatus } from '../api/installation.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL } from '../api/names.ts';
import { pack } from '../api/packed.ts';
import { withoutNulls } from '../api/nulls.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import { ProviderSpec, type ProviderStatus } from '../api/provider.ts';
import { readCatalogue, type Catalogue } from '../plan/catalogue.ts';
import { isSameSpec, ownedHash, selectorOf } from '../plan/children.ts';
import { parseAttempt } from '../plan/attempt.ts';
import { parseFailures } from '../api/failure.ts';
import { parseCommitted, type Committed } from '../plan/committed.ts';
import type { Condition } from '../api/conditions.ts';
import type { SavedRevision } from '../plan/revision.ts';
import { CONTAINER } from '../plan/template.ts';
import { shared, sharedText, sharedValue } from './shared.ts';
import type {
  ChildView,
  DeploymentView,
  Installation,
  PodView,
  RevisionView,
  ServicePort,
  ServiceView,
} from '../plan/observed.ts';

/**
 * From what the API server sends to what the decisions read: only that is kept in memory. Projections never throw on
 * what a user may have stored; what is wrong with it becomes part of the projection.
 */

interface Metadata extends NonNullable<WithManagedFields['metadata']> {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface Raw {
  readonly metadata: Metadata;
}

/** Stands for a spec that breaks the schema: nothing in it can be relied on, so nothing of it is read. */
const UNREADABLE = {
  provider: '',
  upgradePolicy: 'manual',
  resourceTier: 'standard',
} as const satisfies InstallationSpec;

export function projectInstallation(raw: Raw & { spec?: unknown; status?: InstallationStatus }): Stored & Installation {
  const { metadata } = raw;
  const spec = withoutNulls(raw.spec ?? {});
  const parsed = InstallationSpec.safeParse(spec);
  return {
    ...identity(metadata),
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    retry: retryOf(metadata),
    invalid: parsed.success ? undefined : firstIssue(parsed.error.issues),
    spec: parsed.success ? parsed.data : UNREADABLE,
    status: compact(raw.status ?? {}),
  };
}

/**
 * Keeps once what others say, too. It changes the object that came from the wire, which nobody else has: a copy of it would
 * take more memory than a parsed object does.
 */
function compact(status: Mutable<InstallationStatus>): InstallationStatus {
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

export interface ProviderView extends Stored {
  readonly uid: string;
  readonly generation: number;
  readonly invalid: string | undefined;
  /** The value of the annotation `…/retry`. */
  readonly retry: string | undefined;
  readonly catalogue: Catalogue;
  readonly status: ProviderStatus;
}

export function projectProvider(
  raw: Raw & { spec?: unknown; status?: ProviderStatus },
  config: OperatorConfig,
): ProviderView {
  const { metadata } = raw;
  const spec = withoutNulls(raw.spec ?? {}) as ProviderSpec;
  // Releases are judged one by one (readCatalogue): what is wrong with one must not take the others away.
  const parsed = ProviderSpec.omit({ versions: true }).safeParse(spec);
  return {
    ...identity(metadata),
    uid: metadata.uid,
    generation: metadata.generation ?? 0,
    invalid: parsed.success ? undefined : firstIssue(parsed.error.issues),
    retry: retryOf(metadata),
    catalogue: readCatalogue(spec, config),
    status: raw.status ?? {},
  };
}

/** As much of it as is remembered. */
function retryOf({ annotations }: Metadata): string | undefined {
  return annotations?.[ANNOTATION.retry]?.slice(0, 64);
}

export function projectChild(raw: Raw & { spec?: unknown }): Stored & ChildView {
  const { metadata } = raw;
  const owned = ownedHash(ownedFields(raw, FIELD_MANAGER));
  const applied = metadata.annotations?.[ANNOTATION.applied];
  const spec = raw.spec as { selector?: { matchLabels?: object } } | undefined;
  return {
    ...identity(metadata),
    uid: metadata.uid,
    deleting: metadata.deletionTimestamp !== undefined,
    owner: ownerOf(metadata),
    adoptable: hash(spec?.selector?.matchLabels ?? spec?.selector) === hash(selectorOf(metadata.name)),
    // One text and not two equal ones, where nobody changed anything.
    owned: owned === applied ? applied : owned,
    applied,
    changed: lastChange(raw, FIELD_MANAGER),
  };
}

export function projectService(raw: Raw & { spec?: { ports?: readonly ServicePort[] } }): Stored & ServiceView {
  const ports = (raw.spec?.ports ?? []).map(({ name, port, protocol, targetPort }) => ({
    name,
    port,
    protocol,
    targetPort,
  }));
  return { ...projectChild(raw), ports: sharedValue(ports) };
}

interface Container {
  readonly resources?: DeploymentView['resources'];
  readonly name?: string;
  readonly image?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

interface RawDeployment extends Raw {
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly minReadySeconds?: number;
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec?: { readonly containers?: readonly Container[] };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  };
}

export function projectDeployment(raw: RawDeployment): Stored & DeploymentView {
  const { metadata, spec, status } = raw;
  const annotations = metadata.annotations ?? {};
  const condition = (type: string) => status?.conditions?.find((c) => c.type === type);
  const failure = condition('ReplicaFailure');
  const container = spec?.template?.spec?.containers?.find((c) => c.name === CONTAINER);
  const owned = ownedFields(raw, FIELD_MANAGER);
  const child = projectChild(raw);
  return {
    ...child,
    attempt: parseAttempt(annotations[ANNOTATION.attempt], metadata.creationTimestamp),
    failures: parseFailures(annotations[ANNOTATION.failed]),
    body: bodyOf(owned, isWhole(child) ? owned['spec'] : spec),
    inputsHash: spec?.template?.metadata?.annotations?.[ANNOTATION.inputsHash],
    minReadySeconds: spec?.minReadySeconds ?? 0,
    resources: container?.resources && sharedValue(container.resources),
    configHash: spec?.template?.metadata?.annotations?.[ANNOTATION.configHash],
    committed: compactCommitted(parseCommitted(annotations[ANNOTATION.committed])),
    version: spec?.template?.metadata?.annotations?.[ANNOTATION.version],
    stableVersion: annotations[ANNOTATION.stableVersion],
    image: sharedText(container?.image),
    ports: portNumbers(container?.ports ?? []),
    generation: metadata.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    replicas: spec?.replicas ?? 1,
    total: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
    progress: sharedText(condition('Progressing')?.reason),
    failure: failure?.status === 'True' ? failure.message : undefined,
    ownsReplicas: Object.hasOwn((owned['spec'] as object | undefined) ?? {}, 'replicas'),
    paused: spec?.paused === true,
  };
}

/** Whose value is another but ours is what an admission webhook made of it; of what somebody else took a field is missing. */
function isWhole({ applied, owned, changed }: ChildView): boolean {
  return isSameSpec(applied, owned) || changed === undefined;
}

/** What a revision saves: all but what a Deployment of this name has anyway. */
function bodyOf(owned: Record<string, unknown>, spec: unknown): string {
  const { labels, annotations } = (owned['metadata'] ?? {}) as { labels?: object; annotations?: object };
  return pack(JSON.stringify({ metadata: { labels, annotations }, spec }));
}

export function projectRevision(
  raw: Raw & { revision?: number; data?: Partial<SavedRevision> },
): Stored & RevisionView & Pick<ChildView, 'owner'> {
  const { metadata, data } = raw;
  return {
    ...identity(metadata),
    name: metadata.name,
    uid: metadata.uid,
    owner: ownerOf(metadata),
    number: raw.revision ?? 0,
    version: data?.version,
    ports: data?.ports && sharedValue(data.ports),
    hasBudget: data?.hasBudget === true,
    effective: data?.effective && sharedValue(data.effective),
  };
}

interface RawPod extends Raw {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    readonly containerStatuses?: readonly {
      readonly name?: string;
      readonly restartCount?: number;
      readonly state?: { readonly running?: object; readonly waiting?: { reason?: string; message?: string } };
      readonly lastState?: { readonly terminated?: { readonly exitCode?: number; readonly reason?: string } };
    }[];
  };
}

/** Why it is not ready, and nothing else: a pod changes often, and hardly ever in what is kept here. */
export function projectPod(raw: RawPod): Stored & PodView & { readonly installation: string } {
  const { metadata, status } = raw;
  const containers = status?.containerStatuses ?? [];
  const waiting = containers.find((c) => c.state?.waiting)?.state?.waiting;
  const scheduled = status?.conditions?.find((c) => c.type === 'PodScheduled');
  const restarts = Math.max(0, ...containers.map((c) => c.restartCount ?? 0));
  const restarted = containers.find((c) => restarts > 0 && c.restartCount === restarts);
  const exit = restarted?.lastState?.terminated;
  return {
    ...identity(metadata),
    name: metadata.name,
    installation: `${metadata.namespace ?? ''}/${metadata.labels?.[LABEL.instance] ?? ''}`,
    inputsHash: metadata.annotations?.[ANNOTATION.inputsHash],
    restarts,
    exit:
      exit?.exitCode === undefined
        ? undefined
        : { container: sharedText(restarted?.name ?? ''), code: exit.exitCode, reason: sharedText(exit.reason) },
    hasStarted: restarts > 0 || containers.some((c) => c.state?.running ?? c.lastState?.terminated),
    waiting: waiting && { reason: sharedText(waiting.reason ?? ''), message: waiting.message ?? '' },
    unschedulable: scheduled?.reason === 'Unschedulable' ? scheduled.message : undefined,
  };
}

function ownerOf({ ownerReferences }: Metadata): ChildView['owner'] {
  const owner = ownerReferences?.find((reference) => reference.controller);
  return owner && { kind: sharedText(owner.kind), name: owner.name, uid: owner.uid };
}

function compactCommitted(committed: Committed | undefined): Committed | undefined {
  return (
    committed && {
      wish: copyOf(committed.wish),
      tier: sharedText(committed.tier),
      release: sharedText(committed.release),
    }
  );
}

/** V8 keeps the whole text for as long as there is a part that was cut out of it. */
function copyOf(part: string): string {
  return Buffer.from(part).toString();
}

function portNumbers(ports: NonNullable<Container['ports']>): ReadonlyMap<string, number> {
  const numbers = ports.map((p) => [p.name ?? '', p.containerPort] as const);
  return shared(`ports ${JSON.stringify(numbers)}`, () => new Map(numbers));
}

/** The content hash of each key of a ConfigMap or Secret: the values themselves are not kept. */
export interface ContentView extends Stored {
  /** By key; a map, because a key may have the name of something that every object inherits. */
  readonly hashes: ReadonlyMap<string, string>;
}

export function projectContent(raw: Raw & { data?: object; binaryData?: object }): ContentView {
  const entries = Object.entries({ ...raw.binaryData, ...raw.data });
  return {
    ...identity(raw.metadata),
    hashes: new Map(entries.map(([key, value]) => [key, hash(value)])),
  };
}

function identity(metadata: Metadata): Stored {
  return { key: objectKey(metadata), resourceVersion: metadata.resourceVersion };
}

function firstIssue(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  const [issue] = issues;
  return `${issue?.path.join('.') || 'spec'}: ${issue?.message ?? 'invalid'}`;
}
