import { ApiError } from '../../../src/cluster/errors.ts';
import type { Call, Transport } from '../../../src/cluster/transport.ts';
import type { FieldsV1, ManagedFieldsEntry } from './object.ts';

/** One request of the conversation, and the behaviour that it shows. */
export interface Utterance {
  readonly shows: string;
  readonly method: Call['method'];
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: object;
}

interface OwnedChange {
  readonly got?: readonly string[];
  readonly lost?: readonly string[];
}

/** The part of an answer that a real API server and the fake one must have in common. */
export interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly causes?: readonly string[];
  readonly generation?: number;
  /** The fields that each manager got or lost by the request, by manager and operation. Absent if none did. */
  readonly owners?: Readonly<Record<string, OwnedChange>>;
  /** The names of the variables, in the order in which they are stored. */
  readonly env?: readonly string[];
}

const DEPLOYMENT = '/apis/apps/v1/namespaces/ssa/deployments/web';
const SERVICE = '/api/v1/namespaces/ssa/services/web';
const ours = (force: boolean) => ({ fieldManager: 'provider-operator', force: String(force) });
const apply = { method: 'PATCH', contentType: 'application/apply-patch+yaml' } as const;
const patch = { method: 'PATCH', contentType: 'application/merge-patch+json' } as const;

const create = {
  method: 'POST',
  path: '/api/v1/namespaces/ssa/secrets',
  body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'ssa' }, immutable: true },
} as const;

const container = (image: string, env: readonly { name: string; value?: string }[]) => ({
  name: 'provider',
  image,
  env,
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  resources: { limits: { cpu: '1' } },
});

function deployment(
  containers: readonly object[],
  { labels = {}, replicas }: { labels?: object; replicas?: number } = {},
): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'ssa', labels: { managed: 'us', ...labels }, annotations: { applied: 'hash' } },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
    },
  };
}

function service(...ports: readonly { name: string; port: number }[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'ssa', labels: { managed: 'us' } },
    spec: {
      selector: { app: 'web' },
      ports: ports.map((port) => ({ ...port, protocol: 'TCP', targetPort: port.name })),
    },
  };
}

const first = deployment(
  [
    container('web:1', [
      { name: 'A', value: '1' },
      { name: 'B', value: '' },
    ]),
  ],
  { replicas: 0 },
);
const second = deployment(
  [
    container('web:2', [
      { name: 'C', value: '3' },
      { name: 'A', value: '1' },
    ]),
  ],
  {
    labels: { version: '2' },
  },
);

const changed = container('web:2', [
  { name: 'C', value: '3' },
  { name: 'A', value: 'changed' },
  { name: 'D', value: '4' },
]);
const third = deployment([container('web:2', [{ name: 'C', value: '3' }])], { labels: { version: '2' } });

const copy = (more: object) => ({ name: 'copy', ...more });

/** A Deployment, whole, with these init containers. */
function withInit(...initContainers: readonly object[]): object {
  const containers = [{ name: 'provider', image: 'web:1' }];
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers, initContainers } };
  return { ...named, spec: { selector: { matchLabels: { app: 'web' } }, template } };
}

const named = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'ssa' } };

/** Every way in which the operator and others write to a child, one after the other. */
export const CONVERSATION: readonly Utterance[] = [
  { shows: 'a first apply creates', ...apply, path: DEPLOYMENT, query: ours(false), body: first },
  { shows: 'the same again changes nothing', ...apply, path: DEPLOYMENT, query: ours(true), body: first },
  {
    shows: 'an edit takes a field',
    ...patch,
    path: DEPLOYMENT,
    query: { fieldManager: 'editor' },
    body: { spec: { replicas: 1 } },
  },
  { shows: 'an unforced apply is a conflict', ...apply, path: DEPLOYMENT, query: ours(false), body: first },
  { shows: 'a forced one takes it back', ...apply, path: DEPLOYMENT, query: ours(true), body: first },
  { shows: 'what is applied no longer is gone', ...apply, path: DEPLOYMENT, query: ours(true), body: second },
  {
    shows: 'an edit replaces a list',
    ...patch,
    path: DEPLOYMENT,
    query: { fieldManager: 'editor' },
    body: {
      spec: {
        replicas: 0,
        template: { spec: { containers: [{ ...container('web:evil', [{ name: 'D', value: '4' }]) }] } },
      },
    },
  },
  { shows: 'others keep what we do not apply', ...apply, path: DEPLOYMENT, query: ours(true), body: second },
  {
    shows: 'an edit removes a label',
    ...patch,
    path: DEPLOYMENT,
    query: { fieldManager: 'editor' },
    body: { metadata: { labels: { managed: null } } },
  },
  { shows: 'it comes back', ...apply, path: DEPLOYMENT, query: ours(true), body: second },
  {
    shows: 'an edit changes a part of an item',
    ...patch,
    path: DEPLOYMENT,
    query: { fieldManager: 'editor' },
    body: { spec: { template: { spec: { containers: [changed] } } } },
  },
  { shows: 'an item goes with who brought it', ...apply, path: DEPLOYMENT, query: ours(true), body: third },
  { shows: 'and comes back with him', ...apply, path: DEPLOYMENT, query: ours(true), body: second },
  {
    shows: 'an apply for another uid is refused',
    ...apply,
    path: DEPLOYMENT,
    query: ours(true),
    body: withUid(second, '00000000-0000-0000-0000-000000000000'),
  },
  {
    shows: 'a deletion of another uid is refused',
    method: 'DELETE',
    path: DEPLOYMENT,
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'another' } },
  },
  {
    shows: 'a deletion deletes',
    method: 'DELETE',
    path: DEPLOYMENT,
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
  },
  {
    shows: 'an apply for the uid of what is deleted is refused',
    ...apply,
    path: DEPLOYMENT,
    query: ours(true),
    body: withUid(second, '00000000-0000-0000-0000-000000000000'),
  },
  {
    shows: 'a first apply of the name creates again',
    ...apply,
    path: DEPLOYMENT,
    query: ours(false),
    body: withInit(copy({ image: 'php:1' })),
  },
  {
    shows: 'another manager adds to a container',
    ...apply,
    path: DEPLOYMENT,
    query: { fieldManager: 'other', force: 'true' },
    body: { ...named, spec: { template: { spec: { initContainers: [copy({ command: ['cp'] })] } } } },
  },
  { shows: 'nothing without an image is left of one', ...apply, path: DEPLOYMENT, query: ours(true), body: withInit() },
  {
    shows: 'a Service is made',
    ...apply,
    path: SERVICE,
    query: ours(false),
    body: service({ name: 'http', port: 80 }, { name: 'admin', port: 81 }),
  },
  {
    shows: 'its ports are replaced by key',
    ...apply,
    path: SERVICE,
    query: ours(true),
    body: service({ name: 'metrics', port: 82 }, { name: 'http', port: 80 }),
  },
  {
    shows: 'an edit of the selector takes it whole',
    ...patch,
    path: SERVICE,
    query: { fieldManager: 'editor' },
    body: { spec: { selector: { more: 'x' } } },
  },
  {
    shows: 'which is a conflict',
    ...apply,
    path: SERVICE,
    query: ours(false),
    body: service({ name: 'http', port: 80 }),
  },
  {
    shows: 'a second controller is refused',
    ...apply,
    path: SERVICE,
    query: ours(true),
    body: controlledBy(service({ name: 'http', port: 80 }), 'former', 'present'),
  },
  { shows: 'a dry run says that an object can be created', ...create, query: { dryRun: 'All' } },
  { shows: 'and creates none', ...create },
  { shows: 'a second one of the name is refused', ...create },
  { shows: 'so is a dry run of it', ...create, query: { dryRun: 'All' } },
];

function controlledBy(object: object, ...uids: readonly string[]): object {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', controller: true };
  const ownerReferences = uids.map((uid) => ({ ...owner, uid }));
  return { ...object, metadata: { ...(object as { metadata: object }).metadata, ownerReferences } };
}

function withUid(object: object, uid: string): object {
  return { ...object, metadata: { ...(object as { metadata: object }).metadata, uid } };
}

interface Stored {
  readonly metadata?: { readonly generation?: number; readonly managedFields?: readonly ManagedFieldsEntry[] };
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: { env?: { name: string }[] }[] } } };
}

/** The paths of the fields that each manager owns of one object. */
type Owned = ReadonlyMap<string, readonly string[]>;

/** Sends the whole conversation to a server, and returns its answers. */
export async function converse(transport: Transport): Promise<Answer[]> {
  const answers: Answer[] = [];
  const owned = new Map<string, Owned>();
  for (const { shows, ...call } of CONVERSATION) {
    answers.push(await answerTo(transport, { ...call, doing: shows, resource: 'test' }, owned));
  }
  return answers;
}

async function answerTo(transport: Transport, call: Call, owned: Map<string, Owned>): Promise<Answer> {
  try {
    const { metadata = {}, spec } = await transport.request<Stored>(call);
    const env = spec?.template?.spec.containers[0]?.env?.map(({ name }) => name);
    const after = ownedIn(metadata.managedFields ?? []);
    const owners = changesOf(owned.get(call.path) ?? new Map(), after);
    owned.set(call.path, after);
    return {
      status: 200,
      ...(metadata.generation !== undefined && { generation: metadata.generation }),
      ...(call.method === 'PATCH' && Object.keys(owners).length > 0 && { owners }),
      ...(env && { env }),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    const causes = (error.details.causes ?? []).map(({ field = '' }) => field);
    return { status: error.status, reason: error.reason, ...(causes.length > 0 && { causes }) };
  }
}

function ownedIn(entries: readonly ManagedFieldsEntry[]): Owned {
  const ours = entries.filter(({ manager }) => manager !== 'kube-controller-manager');
  return new Map(ours.map(({ manager, operation, fieldsV1 }) => [`${manager} ${operation}`, pathsIn(fieldsV1).sort()]));
}

/** `{"f:spec":{"f:replicas":{}}}` as `spec replicas`. A list item has its key, followed by `.` if it is owned itself. */
function pathsIn(fields: FieldsV1, above: readonly string[] = []): string[] {
  return Object.entries(fields).flatMap(([name, below]) => {
    const path = [...above, name.replace(/^f:/, '')];
    return Object.keys(below).length === 0 ? [path.join(' ')] : pathsIn(below, path);
  });
}

function changesOf(before: Owned, after: Owned): Record<string, OwnedChange> {
  const changes: Record<string, OwnedChange> = {};
  for (const owner of new Set([...before.keys(), ...after.keys()])) {
    const [had, has] = [before.get(owner) ?? [], after.get(owner) ?? []];
    const got = has.filter((path) => !had.includes(path));
    const lost = had.filter((path) => !has.includes(path));
    if (got.length + lost.length > 0) {
      changes[owner] = { ...(got.length > 0 && { got }), ...(lost.length > 0 && { lost }) };
    }
  }
  return changes;
}
