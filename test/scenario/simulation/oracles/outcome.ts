import { ownedFields } from '../../../../src/cluster/owned-fields.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL, MARKER } from '../../../../src/api/names.ts';
import type { InstallationStatus } from '../../../../src/api/installation.ts';
import { KINDS, type Kind } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { keyOf, type ApiServer } from '../../cluster/server.ts';
import { specOf } from '../people/people.ts';

export const CHILD_KINDS: readonly Kind[] = [KINDS.Deployment, KINDS.Service, KINDS.PodDisruptionBudget];

/** The numbers of the rollout, which depend on the history, and the hash of all that was applied, which covers them. */
const OF_HISTORY: ReadonlySet<string> = new Set([ANNOTATION.rollout, LABEL.rollout, ANNOTATION.applied]);

/** The fields that the operator owns in the children of an installation, without those that depend on the history. */
export function childrenOf(server: ApiServer, key: string): Record<string, unknown> {
  return Object.fromEntries(
    CHILD_KINDS.flatMap((kind) => {
      const child = server.get(kind, key);
      return child?.metadata.ownerReferences ? [[kind.kind, withoutHistory(child)]] : [];
    }),
  );
}

function withoutHistory(child: ApiObject): object {
  const owned = ownedFields(child, FIELD_MANAGER);
  const { ownerReferences = [], ...metadata } = (owned['metadata'] ?? {}) as Partial<ApiObject['metadata']>;
  const owners = ownerReferences.map(({ uid: _, ...owner }) => owner);
  const whole = { ...owned, metadata: { ...metadata, ownerReferences: owners } };
  return JSON.parse(
    JSON.stringify(whole, (name, value: unknown) => (OF_HISTORY.has(name) ? undefined : value)),
  ) as object;
}

/** The part of the end state that must be the same whatever happened before: it has no uid, version or time. */
export function outcomeOf(server: ApiServer): unknown {
  return server.list(KINDS.ProviderInstallation).map((installation) => ({
    key: keyOf(installation.metadata),
    spec: installation['spec'],
    status: timeless(installation['status'] as InstallationStatus),
    children: childrenOf(server, keyOf(installation.metadata)),
    secrets: server.list(KINDS.Secret).map(({ metadata }) => metadata.name),
  }));
}

/** Every write of an operator to a child, in order: the child after the write, without times. */
export function childWrites(server: ApiServer): string[] {
  const kinds: readonly Kind[] = [...CHILD_KINDS, KINDS.ControllerRevision];
  return server.history
    .filter(({ kind, by }) => kinds.includes(kind) && (by === FIELD_MANAGER || by === MARKER))
    .map(({ kind, key, after }) => {
      const { labels, annotations } = after?.metadata ?? {};
      const content = after && timeless({ labels, annotations, spec: after['spec'], data: after['data'] });
      return `${kind.kind} ${key} ${after ? JSON.stringify(content).replaceAll(TIME, 'then') : 'removed'}`;
    });
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** Members that are a time, at any depth. */
const TIMES: ReadonlySet<string> = new Set([
  'installedAt',
  'updatedAt',
  'lastTransitionTime',
  'startedAt',
  'completedAt',
  'at',
  'retryAfter',
  'notBefore',
]);

function timeless(value: object): unknown {
  return JSON.parse(JSON.stringify(value, (name, value: unknown) => (TIMES.has(name) ? undefined : value)));
}

/** Describes children that nobody asked for, and children that are missing although somebody did. */
export function misplacedChildren(server: ApiServer): string[] {
  const misplaced: string[] = [];
  for (const { metadata } of server.list(KINDS.ControllerRevision)) {
    // The note of a generated Secret outlives its installation.
    if (metadata.labels?.[LABEL.generated]) {
      continue;
    }
    const isKept = metadata.ownerReferences?.some(({ uid, name }) => uid === uidOf(server, metadata.namespace, name));
    if (!isKept) {
      misplaced.push(`ControllerRevision ${keyOf(metadata)} is nobody's`);
    }
  }
  for (const kind of CHILD_KINDS) {
    for (const { metadata } of server.list(kind)) {
      const owner = server.get(KINDS.ProviderInstallation, keyOf(metadata));
      // A child that somebody disowned before the operator ceased to need it is theirs.
      if (!metadata.ownerReferences && !(owner && isWanted(server, kind, owner))) {
        continue;
      }
      if (!metadata.ownerReferences?.some(({ uid }) => uid === owner?.metadata.uid)) {
        misplaced.push(`${kind.kind} ${keyOf(metadata)} is nobody's`);
      }
    }
  }
  for (const installation of server.list(KINDS.ProviderInstallation)) {
    const key = keyOf(installation.metadata);
    for (const kind of CHILD_KINDS) {
      const child = server.get(kind, key);
      if (isWanted(server, kind, installation) ? !child : child?.metadata.ownerReferences) {
        misplaced.push(`${kind.kind} ${key} ${child ? 'is there without need' : 'is missing'}`);
      }
    }
  }
  return misplaced;
}

/** Whether the tier needs a child. The replicas that run tell the tier, because one that failed was taken back. */
function isWanted(server: ApiServer, kind: Kind, installation: ApiObject): boolean {
  const deployment = server.get(KINDS.Deployment, keyOf(installation.metadata));
  const tier = deployment
    ? TIERS[(deployment['spec'] as { replicas: number }).replicas]
    : specOf(installation).resourceTier;
  return kind !== KINDS.PodDisruptionBudget || tier === 'performance';
}

const TIERS: Readonly<Record<number, string>> = { 1: 'free', 2: 'standard', 3: 'performance' };

function uidOf(server: ApiServer, namespace: string | undefined, name: string): string | undefined {
  return server.get(KINDS.ProviderInstallation, keyOf({ namespace, name }))?.metadata.uid;
}
