import { ANNOTATION } from '../../../src/api/names.ts';
import type { Failure } from '../../../src/api/failure.ts';
import type { OperatorConfig } from '../../../src/api/operator-config.ts';
import type { SoftwareRelease } from '../../../src/api/software.ts';
import { ownedHash } from '../../../src/plan/children.ts';
import type { WatchEvent } from '../../../src/controller/list-watch.ts';
import type { Call, Transport } from '../../../src/cluster/transport.ts';
import type { ApiObject, Draft } from '../cluster/object.ts';
import type { Wrap } from './process.ts';
import { SIMULATED } from './simulated.ts';

/** Bugs as operators have them in the field, planted between the operator and its cluster: each must be found. */
export interface PlantedBug {
  readonly name: string;
  readonly plant?: Wrap;
  /** What the operator takes for the word of the platform team. */
  readonly config?: OperatorConfig;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  { name: 'the status is written before the Deployment', plant: deferring('deployments.apps', '/status') },
  { name: 'the Service is written after the Deployment', plant: deferring('services', '/deployments/') },
  { name: 'an apply is left out where the same was applied before', plant: gatingOnHash },
  { name: 'deletions are not heard of', plant: mishearing((event) => (event.type === 'DELETED' ? [] : [event])) },
  {
    name: 'changes of a spec are not heard of once in a while',
    plant: mishearing((event) => (isEditOf(event, 'ProviderInstallation') ? [] : [event])),
  },
  {
    name: 'pods of an older template count for the new one',
    plant: mishearing((event) => [withoutGenerations(event)]),
  },
  { name: 'a status is written whatever has changed since', plant: patching(withoutVersion) },
  { name: 'what failed is forgotten', plant: patching(withoutFailures) },
  { name: 'what was done is taken back when its pods fail later', plant: doubting },
  { name: 'the limit of the fleet is ignored', config: { ...SIMULATED, maxConcurrentUpgrades: 1_000 } },
  { name: 'old pods go before new ones serve', plant: patching(withoutStrategy) },
  { name: 'system software that failed is forgotten', plant: patching(withoutFailedSoftware) },
  { name: 'yanked system software is taken for good', plant: mishearing((event) => [withoutYanks(event)]) },
];

/** Pretends that applies to `resource` were carried out, and sends them after the next write to a path like `until`. */
function deferring(resource: string, until: string): Wrap {
  return (transport) => {
    const deferred = new Map<string, Call>();

    async function request<Answer>(call: Call): Promise<Answer> {
      const key = keyOf(call);
      const waiting = call.path.includes(until) ? deferred.get(key) : undefined;
      if (call.method === 'PATCH' && call.resource === resource) {
        deferred.set(key, call);
        return pretended(call) as Answer;
      }
      const answer = await transport.request<Answer>(call);
      if (waiting) {
        deferred.delete(key);
        await transport.request(waiting);
      }
      return answer;
    }

    return { ...transport, request };
  };
}

/** Leaves out each apply that has the hash of the last one to the same object, whatever became of that object. */
function gatingOnHash(transport: Transport): Transport {
  const applied = new Map<string, { readonly hash: string | undefined; readonly answer: unknown }>();

  async function request<Answer>(call: Call): Promise<Answer> {
    const hash = (call.body as Draft | undefined)?.metadata?.annotations?.[ANNOTATION.applied];
    const last = applied.get(call.path);
    if (hash !== undefined && last?.hash === hash) {
      return last.answer as Answer;
    }
    const answer = await transport.request<Answer>(call);
    if (hash !== undefined) {
      applied.set(call.path, { hash, answer });
    }
    return answer;
  }

  return { ...transport, request };
}

function mishearing(hear: (event: WatchEvent<ApiObject>) => readonly WatchEvent<ApiObject>[]): Wrap {
  async function* misheard(events: AsyncIterable<unknown>): AsyncIterable<unknown> {
    for await (const event of events) {
      yield* hear(event as WatchEvent<ApiObject>);
    }
  }

  return (transport) => ({ ...transport, stream: async (call) => misheard(await transport.stream(call)) });
}

function isEditOf(event: WatchEvent<ApiObject>, kind: string): boolean {
  return event.type === 'MODIFIED' && event.object.kind === kind && Number(event.object.metadata.generation) % 2 === 0;
}

function withoutGenerations(event: WatchEvent<ApiObject>): WatchEvent<ApiObject> {
  if (event.type === 'ERROR' || event.type === 'BOOKMARK' || event.object.kind !== 'Deployment') {
    return event;
  }
  const { object } = event;
  const status = { ...(object['status'] as object), observedGeneration: object.metadata.generation };
  return { ...event, object: { ...object, status } };
}

function patching(change: (call: Call) => Call): Wrap {
  return (transport) => ({ ...transport, request: (call) => transport.request(change(call)) });
}

function withoutVersion(call: Call): Call {
  return call.path.endsWith('/status') ? { ...call, body: { status: (call.body as ApiObject)['status'] } } : call;
}

function withoutFailures(call: Call): Call {
  if (call.path.endsWith('/status')) {
    const body = call.body as ApiObject;
    const { failedVersions: _, ...status } = body['status'] as Readonly<Record<string, unknown>>;
    return { ...call, body: { ...body, status } };
  }
  return changingDeployment(call, ({ metadata, ...deployment }) => {
    const { [ANNOTATION.failed]: _, ...annotations } = metadata.annotations ?? {};
    return { ...deployment, metadata: { ...metadata, annotations } };
  });
}

/** Releases that failed are remembered, and what system software did is not. */
function withoutFailedSoftware(call: Call): Call {
  if (call.path.endsWith('/status')) {
    const body = call.body as ApiObject;
    const status = body['status'] as { readonly failedVersions?: readonly Failure[] | null };
    const failedVersions = status.failedVersions?.filter(isOfRelease);
    return failedVersions ? { ...call, body: { ...body, status: { ...status, failedVersions } } } : call;
  }
  return changingDeployment(call, ({ metadata, ...deployment }) => {
    const { [ANNOTATION.failed]: failed, ...others } = metadata.annotations ?? {};
    const kept = (JSON.parse(failed ?? '[]') as readonly Failure[]).filter(isOfRelease);
    const annotations = { ...others, ...(kept.length > 0 && { [ANNOTATION.failed]: JSON.stringify(kept) }) };
    return { ...deployment, metadata: { ...metadata, annotations } };
  });
}

function isOfRelease({ software }: Failure): boolean {
  return software === undefined;
}

function withoutYanks(event: WatchEvent<ApiObject>): WatchEvent<ApiObject> {
  if (event.type === 'ERROR' || event.type === 'BOOKMARK' || event.object.kind !== 'SystemSoftware') {
    return event;
  }
  const { object } = event;
  const { versions = [] } = object['spec'] as { readonly versions?: readonly SoftwareRelease[] };
  return { ...event, object: { ...object, spec: { versions: versions.map(({ lifecycle: _, ...v }) => v) } } };
}

function withoutStrategy(call: Call): Call {
  return changingDeployment(call, (deployment) => {
    const { strategy: _, ...spec } = deployment['spec'] as Readonly<Record<string, unknown>>;
    return { ...deployment, spec: { ...spec, strategy: { type: 'RollingUpdate', rollingUpdate: CARELESS } } };
  });
}

const CARELESS = { maxUnavailable: 1, maxSurge: '25%' };

/** So that the operator takes it for what it meant to apply. */
function changingDeployment(call: Call, change: (deployment: Draft) => Draft): Call {
  if (call.method !== 'PATCH' || call.resource !== 'deployments.apps') {
    return call;
  }
  const { metadata, ...rest } = change(call.body as Draft);
  const annotations = { ...metadata.annotations, [ANNOTATION.applied]: ownedHash({ metadata, ...rest }) };
  return { ...call, body: { ...rest, metadata: { ...metadata, annotations } } };
}

/** Has no history, and takes pods that fail later for a rollout that never succeeded. */
function doubting(transport: Transport): Transport {
  const deaf = mishearing((event) => [asIfNeverDone(event)])(transport);
  return patching((call) => (call.path.endsWith('/status') ? { ...call, body: withoutHistory(call) } : call))(deaf);
}

function withoutHistory({ body }: Call): object {
  const { history: _, ...status } = (body as ApiObject)['status'] as Readonly<Record<string, unknown>>;
  return { ...(body as ApiObject), status };
}

function asIfNeverDone(event: WatchEvent<ApiObject>): WatchEvent<ApiObject> {
  if (event.type === 'ERROR' || event.type === 'BOOKMARK' || event.object.kind !== 'Deployment') {
    return event;
  }
  const { object } = event;
  const status = (object['status'] ?? {}) as { readonly conditions?: readonly object[] };
  const conditions = status.conditions?.map((c) => ({ ...c, reason: 'ReplicaSetUpdated' }));
  return { ...event, object: { ...object, status: { ...status, conditions } } };
}

/** An answer that nobody can tell from the server's, but for being old. */
function pretended({ body }: Call): object {
  const draft = body as Draft;
  return { ...draft, metadata: { uid: 'pretended', ...draft.metadata, resourceVersion: '1' } };
}

function keyOf({ path }: Call): string {
  const [, namespace = '', name = ''] = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)/.exec(path) ?? [];
  return `${namespace}/${name}`;
}
