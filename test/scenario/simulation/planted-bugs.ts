import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import type { RecordData } from '../../../src/api/record.ts';
import type { Failure } from '../../../src/api/failure.ts';
import type { OperatorConfig } from '../../../src/api/operator-config.ts';
import type { SoftwareRelease } from '../../../src/api/software.ts';
import { ownedHash } from '../../../src/plan/state/owned-hash.ts';
import type { WatchEvent } from '../../../src/controller/list-watch.ts';
import type { Call, Transport } from '../../../src/cluster/transport.ts';
import type { ApiObject, Draft } from '../cluster/object.ts';
import type { Wrap } from './process/process.ts';
import type { Template } from './people/deployments.ts';
import { SIMULATED } from './simulated.ts';

/** A bug that operators have in the field, planted between the operator and its cluster. The simulation must find it. */
export interface PlantedBug {
  readonly name: string;
  readonly plant?: Wrap;
  /** The configuration that the operator takes for that of the platform team. */
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
  { name: 'what was done is taken back when its pods fail later', plant: patching(withoutProofs) },
  { name: 'the limit of the fleet is ignored', config: { ...SIMULATED, maxConcurrentUpgrades: 1_000 } },
  { name: 'old pods go before new ones serve', plant: patching(withoutStrategy) },
  { name: 'system software that failed is forgotten', plant: patching(withoutFailedSoftware) },
  { name: 'yanked system software is taken for good', plant: mishearing((event) => [withoutYanks(event)]) },
  { name: 'an undo is taken for a wish to go on', plant: mishearing((event) => [withoutUndo(event)]) },
  { name: 'what was done is judged again', plant: mishearing((event) => [withoutProof(event)]) },
  { name: 'a failure is lost with the Deployment', plant: losingFailures },
  { name: 'the status is believed', plant: believingStatus },
];

/** Pretends to carry out applies to `resource`, and sends them after the next write to a path that contains `until`. */
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
  return changingRecord(call, () => false);
}

/** Keeps the failures of releases and drops those of system software. */
function withoutFailedSoftware(call: Call): Call {
  return changingRecord(call, isOfRelease);
}

/** Writes only the failures that are kept, both in the mark of a record and in those that a new record takes over. */
function changingRecord(call: Call, isKept: (failure: Failure) => boolean): Call {
  if (call.method !== 'PATCH' || call.resource !== RECORDS) {
    return call;
  }
  const { metadata, ...rest } = call.body as Draft;
  const { [ANNOTATION.failed]: failed, ...others } = metadata.annotations ?? {};
  const isRemembered = failed !== undefined && isKept(JSON.parse(failed) as Failure);
  const annotations = isRemembered ? metadata.annotations : others;
  const data = rest['data'] as RecordData | undefined;
  return {
    ...call,
    body: {
      ...rest,
      metadata: { ...metadata, ...(metadata.annotations && { annotations }) },
      ...(data && { data: { ...data, failures: data.failures.filter(isKept) } }),
    },
  };
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

/** Changes a Deployment, and also its record, so that the operator believes that it meant to apply the change. */
function changingDeployment(call: Call, change: (deployment: Draft) => Draft): Call {
  const body = call.body as Draft;
  if (call.method === 'PATCH' && call.resource === RECORDS && body['data'] !== undefined) {
    const data = body['data'] as RecordData;
    const deployment = change(data.deployment as unknown as Draft) as unknown as RecordData['deployment'];
    return { ...call, body: { ...body, data: { ...data, deployment, applied: ownedHash(deployment) } } };
  }
  if (call.method !== 'PATCH' || call.resource !== 'deployments.apps') {
    return call;
  }
  const { metadata, ...rest } = change(body);
  const annotations = { ...metadata.annotations, [ANNOTATION.applied]: ownedHash({ metadata, ...rest }) };
  return { ...call, body: { ...rest, metadata: { ...metadata, annotations } } };
}

/** Never marks anything as done. */
function withoutProofs(call: Call): Call {
  if (call.method !== 'PATCH' || call.resource !== RECORDS) {
    return call;
  }
  const { metadata, ...rest } = call.body as Draft;
  const { [ANNOTATION.proven]: _, ...annotations } = metadata.annotations ?? {};
  return { ...call, body: { ...rest, metadata: { ...metadata, ...(metadata.annotations && { annotations }) } } };
}

/** Makes every template look like that of the record which the Deployment names. */
function withoutUndo(event: WatchEvent<ApiObject>): WatchEvent<ApiObject> {
  return changing(event, 'Deployment', (deployment) => {
    const number = deployment.metadata.labels?.[LABEL.rollout];
    const spec = deployment['spec'] as { readonly template: Template };
    const annotations = { ...spec.template.metadata?.annotations, ...(number && { [ANNOTATION.rollout]: number }) };
    return {
      ...deployment,
      spec: { ...spec, template: { ...spec.template, metadata: { ...spec.template.metadata, annotations } } },
    };
  });
}

/** Hides that a record is proven, so that its rollout is judged by its present pods. */
function withoutProof(event: WatchEvent<ApiObject>): WatchEvent<ApiObject> {
  return changing(event, 'ControllerRevision', (record) => withoutMarks(record, [ANNOTATION.proven]));
}

function changing(
  event: WatchEvent<ApiObject>,
  kind: string,
  change: (object: ApiObject) => ApiObject,
): WatchEvent<ApiObject> {
  return event.type === 'ERROR' || event.type === 'BOOKMARK' || event.object.kind !== kind
    ? event
    : { ...event, object: change(event.object) };
}

function withoutMarks(record: ApiObject, marks: readonly string[]): ApiObject {
  const others = Object.entries(record.metadata.annotations ?? {}).filter(([name]) => !marks.includes(name));
  return { ...record, metadata: { ...record.metadata, annotations: Object.fromEntries(others) } };
}

/** Loses failures with the Deployment, as if that owned the records. */
function losingFailures(transport: Transport): Transport {
  const failed = new Map<string, Call>();
  const observing: Transport = {
    ...transport,
    request: (call) => {
      const { metadata } = (call.body ?? {}) as Partial<Draft>;
      if (call.resource === RECORDS && metadata?.annotations?.[ANNOTATION.failed] !== undefined) {
        failed.set(call.path, call);
      }
      return transport.request(call);
    },
  };
  return mishearing((event) => {
    if (event.type === 'DELETED' && event.object.kind === 'Deployment') {
      const { name } = event.object.metadata;
      const lost = [...failed.values()].filter(({ path }) => path.includes(`/${name}-`));
      lost.forEach(({ path }) => {
        failed.delete(path);
        const removal = { method: 'DELETE', path, doing: `Delete ${path}`, resource: RECORDS } as const;
        void transport.request(removal).catch(() => undefined);
      });
    }
    return [event];
  })(observing);
}

/** Hides failures and proofs once somebody wiped the status, as if they were kept there. */
function believingStatus(transport: Transport): Transport {
  const wiped = new Set<string>();
  const marks = [ANNOTATION.failed, ANNOTATION.proven];
  const deaf = mishearing((event) => {
    if (event.type !== 'ERROR' && event.type !== 'BOOKMARK' && event.object.kind === 'ProviderInstallation') {
      const { observedGeneration = -1 } = event.object['status'] as { readonly observedGeneration?: number };
      if (observedGeneration < 0) {
        wiped.add(event.object.metadata.name);
      }
    }
    return [
      changing(event, 'ControllerRevision', (record) =>
        wiped.has(record.metadata.labels?.[LABEL.installation] ?? '') ? withoutMarks(record, marks) : record,
      ),
    ];
  })(transport);
  const isOfWiped = ({ path }: Call) => [...wiped].some((name) => path.includes(`/${name}-`));
  return patching((call) => (isOfWiped(call) ? withoutFailures(call) : call))(deaf);
}

const RECORDS = 'controllerrevisions.apps';

/** An answer that looks like the server's but has an old resourceVersion. */
function pretended({ body }: Call): object {
  const draft = body as Draft;
  return { ...draft, metadata: { uid: 'pretended', ...draft.metadata, resourceVersion: '1' } };
}

function keyOf({ path }: Call): string {
  const [, namespace = '', name = ''] = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)/.exec(path) ?? [];
  return `${namespace}/${name}`;
}
