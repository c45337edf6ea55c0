import { ANNOTATION } from '../../../src/api/names.ts';
import type { WatchEvent } from '../../../src/controller/list-watch.ts';
import type { Call, Transport } from '../../../src/cluster/transport.ts';
import type { ApiObject, Draft } from '../cluster/object.ts';
import type { Wrap } from './process.ts';

/** Bugs as operators have them in the field, planted between the operator and its cluster: each must be found. */
export interface PlantedBug {
  readonly name: string;
  readonly plant: Wrap;
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

/** An answer that nobody can tell from the server's, but for being old. */
function pretended({ body }: Call): object {
  const draft = body as Draft;
  return { ...draft, metadata: { uid: 'pretended', ...draft.metadata, resourceVersion: '1' } };
}

function keyOf({ path }: Call): string {
  const [, namespace = '', name = ''] = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)/.exec(path) ?? [];
  return `${namespace}/${name}`;
}
