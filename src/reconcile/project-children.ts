import { lastChange, ownedFields } from '../cluster/owned-fields.ts';
import type { Stored } from '../controller/feed.ts';
import { parseFailures } from '../api/failure.ts';
import { hash } from '../api/hash.ts';
import { ANNOTATION, FIELD_MANAGER } from '../api/names.ts';
import { pack } from '../api/packed.ts';
import { parseAttempt } from '../plan/attempt.ts';
import { isSameSpec, ownedHash, selectorOf } from '../plan/children.ts';
import { parseCommitted, type Committed } from '../plan/committed.ts';
import type { ChildView, DeploymentView, RevisionView, ServicePort, ServiceView } from '../plan/observed.ts';
import type { SavedRevision } from '../plan/revision.ts';
import { CONTAINER } from '../plan/template.ts';
import { identity, ownerOf, type Raw } from './raw.ts';
import { shared, sharedText, sharedValue } from './shared.ts';

export function projectChild(raw: Raw & { spec?: unknown }): Stored & ChildView {
  const { metadata } = raw;
  const owned = ownedHash(ownedFields(raw, FIELD_MANAGER));
  const applied = metadata.annotations?.[ANNOTATION.applied];
  const spec = raw.spec as { selector?: { matchLabels?: object } } | undefined;
  const selector = spec?.selector?.matchLabels ?? spec?.selector;
  return {
    ...identity(metadata),
    uid: metadata.uid,
    deleting: metadata.deletionTimestamp !== undefined,
    owner: ownerOf(metadata),
    adoptable: applied !== undefined && hash(selector) === hash(selectorOf(metadata.name)),
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
    software: sharedText(spec?.template?.metadata?.annotations?.[ANNOTATION.software]),
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
    committed: compactCommitted(parseCommitted(metadata.annotations?.[ANNOTATION.committed])),
    effective: data?.effective && sharedValue(data.effective),
  };
}

function compactCommitted(committed: Committed | undefined): Committed | undefined {
  return (
    committed && {
      wish: copyOf(committed.wish),
      tier: sharedText(committed.tier),
      release: sharedText(committed.release),
      asked: sharedText(committed.asked),
      software: sharedText(committed.software),
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
