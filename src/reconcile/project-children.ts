import { contestOf } from '../cluster/contested-fields.ts';
import { appliedAt, extract, lastChange, ownedFields, pathsIn } from '../cluster/owned-fields.ts';
import type { Stored } from '../controller/feed.ts';
import { hash } from '../api/hash.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL, LEFT_TO_OTHERS } from '../api/names.ts';
import { contestedHash, ownedHash } from '../plan/state/owned-hash.ts';
import { selectorOf } from '../plan/pods/children.ts';
import type {
  ChildKind,
  ChildView,
  DeploymentView,
  Reference,
  ServicePort,
  ServiceView,
} from '../plan/state/observed.ts';
import { isGeneratedKey } from '../plan/pods/generated.ts';
import { CONTAINER, templateId } from '../plan/pods/template.ts';
import { ALONE } from './alone.ts';
import { identity, ownerOf, type Raw } from './raw.ts';
import { shared, sharedText, sharedValue } from './shared.ts';

const OURS = [FIELD_MANAGER, LEFT_TO_OTHERS];

function projectChild(kind: ChildKind, raw: Raw & { spec?: unknown }): Stored & ChildView {
  const { metadata } = raw;
  const applied = metadata.annotations?.[ANNOTATION.applied];
  // Services of everybody come by here.
  const contest = applied === undefined ? undefined : contestOf(raw, FIELD_MANAGER, ALONE[kind]);
  const hashes = ownedHash(ownedFields(raw, FIELD_MANAGER));
  const owned = contest ? contestedHash(hashes, extract(raw, contest.fields)) : hashes;
  const spec = raw.spec as { selector?: { matchLabels?: object } } | undefined;
  const selector = spec?.selector?.matchLabels ?? spec?.selector;
  return {
    ...identity(metadata),
    uid: metadata.uid,
    deleting: metadata.deletionTimestamp !== undefined,
    owner: ownerOf(metadata),
    adoptable: applied !== undefined && hash(selector) === hash(selectorOf(metadata.name)),
    provider: kind === 'Deployment' ? sharedText(metadata.labels?.[LABEL.provider]?.replace('.', '/')) : undefined,
    // One text and not two equal ones, where nobody changed anything.
    owned: owned === applied ? applied : owned,
    applied,
    changed: lastChange(raw, OURS),
    ...(contest && { contested: { manager: contest.manager, paths: pathsIn(contest.fields) } }),
  };
}

export function projectService(raw: Raw & { spec?: { ports?: readonly ServicePort[] } }): Stored & ServiceView {
  const ports = (raw.spec?.ports ?? []).map(({ name, port, protocol, targetPort }) => ({
    name,
    port,
    protocol,
    targetPort,
  }));
  return { ...projectChild('Service', raw), ports: sharedValue(ports) };
}

export function projectBudget(raw: Raw & { spec?: unknown }): Stored & ChildView {
  return projectChild('PodDisruptionBudget', raw);
}

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly env?: readonly {
    readonly valueFrom?: { readonly configMapKeyRef?: KeyRef; readonly secretKeyRef?: KeyRef };
  }[];
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
}

interface RawDeployment extends Raw {
  readonly spec?: {
    readonly replicas?: number;
    readonly progressDeadlineSeconds?: number;
    readonly minReadySeconds?: number;
    readonly paused?: boolean;
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
    readonly readyReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** With what only the REST API tells. */
export interface DeploymentProjection extends Stored, DeploymentView {
  readonly ready: number;
  readonly image: string | undefined;
}

/** Of the API server, where nobody sets one. */
const DEFAULT_DEADLINE_SECONDS = 600;

export function projectDeployment(raw: RawDeployment): DeploymentProjection {
  const { metadata, spec, status } = raw;
  const annotations = spec?.template?.metadata?.annotations ?? {};
  const condition = (type: string) => status?.conditions?.find((c) => c.type === type);
  const failure = condition('ReplicaFailure');
  const available = condition('Available');
  const container = spec?.template?.spec?.containers?.find((c) => c.name === CONTAINER);
  const owned = ownedFields(raw, FIELD_MANAGER);
  return {
    ...projectChild('Deployment', raw),
    record: numberIn(metadata.labels?.[LABEL.rollout]),
    template: sharedText(templateId(annotations)),
    version: sharedText(annotations[ANNOTATION.version]),
    secrets: generatedIn(container),
    references: referencesIn(container),
    software: sharedText(annotations[ANNOTATION.software]),
    restart: annotations[ANNOTATION.restart],
    failed: metadata.annotations?.[ANNOTATION.failed],
    ports: portNumbers(container?.ports ?? []),
    createdAt: metadata.creationTimestamp ?? '',
    appliedAt: appliedAt(raw, FIELD_MANAGER),
    generation: metadata.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    replicas: spec?.replicas ?? 1,
    total: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
    ready: status?.readyReplicas ?? 0,
    image: sharedText(container?.image),
    unavailableSince: available?.status === 'True' ? undefined : available?.lastTransitionTime,
    progress: sharedText(condition('Progressing')?.reason),
    failure: failure?.status === 'True' ? failure.message : undefined,
    ownsReplicas: Object.hasOwn((owned['spec'] as object | undefined) ?? {}, 'replicas'),
    progressDeadlineSeconds: spec?.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    paused: spec?.paused === true,
  };
}

/** Most have none. */
function generatedIn({ env = [] }: Container = {}): DeploymentView['secrets'] {
  const refs = env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  return sharedValue(refs.filter(({ key }) => isGeneratedKey(key)).map(({ name, key }) => ({ name, key })));
}

/** Most have none. */
function referencesIn({ env = [] }: Container = {}): readonly Reference[] | undefined {
  const all = env.flatMap(({ valueFrom: { configMapKeyRef, secretKeyRef } = {} }): Reference[] => [
    ...(configMapKeyRef ? [{ kind: 'ConfigMap', name: configMapKeyRef.name, key: configMapKeyRef.key } as const] : []),
    ...(secretKeyRef && !isGeneratedKey(secretKeyRef.key)
      ? [{ kind: 'Secret', name: secretKeyRef.name, key: secretKeyRef.key } as const]
      : []),
  ]);
  return all.length > 0 ? all : undefined;
}

function numberIn(label: string | undefined): number | undefined {
  return label !== undefined && /^\d{1,15}$/.test(label) ? Number(label) : undefined;
}

function portNumbers(ports: NonNullable<Container['ports']>): ReadonlyMap<string, number> {
  const numbers = ports.map((p) => [p.name ?? '', p.containerPort] as const);
  return shared(`ports ${JSON.stringify(numbers)}`, () => new Map(numbers));
}
