import { mergePatch, type JsonObject } from '../src/cluster/merge-patch.ts';
import { ownedFields, type WithManagedFields } from '../src/cluster/owned-fields.ts';
import { FIELD_MANAGER, MARKER } from '../src/api/names.ts';
import type { Cluster } from './cluster.ts';
import { installationsPath, isReady, type InstallationObject } from './objects.ts';
import type { OperatorProcess } from './operator.ts';
import { installation, type Workload } from './workload.ts';

/** The objects that the operator wrote for one installation, as texts into which the names of another can be put. */
export interface Templates {
  /** The record of its first rollout, and the mark that says how it ended. */
  readonly record: string;
  readonly mark: string;
  readonly service: string;
  readonly deployment: string;
  /** The status patches, in their order. */
  readonly statuses: readonly string[];
}

export interface Names {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Lets the operator install one installation, and records its writes. Nothing of it is left afterwards. */
export async function recordInstall(
  cluster: Cluster,
  operator: OperatorProcess,
  workload: Workload,
): Promise<Templates> {
  const { admin } = cluster;
  const [namespace, name] = ['trial-1', 'trial-installation'];
  const one = { ...workload, namespaces: 1 };
  await cluster.createNamespaces('trial', one);
  await operator.ready();

  const path = installationsPath(namespace);
  const body = installation(namespace, name, 'auto');
  const created = await admin.request<InstallationObject>({ method: 'POST', path, body });
  const versions = await versionsUntilReady(created);
  const { uid } = created.metadata;
  const apply = async (collection: string, child = name, manager = FIELD_MANAGER) => {
    const stored = await admin.request<Applied>({ method: 'GET', path: `${collection}/${child}` });
    const { metadata, ...fields } = ownedFields(stored, manager) as Partial<Applied>;
    const { apiVersion, kind } = stored;
    return template(
      { apiVersion, kind, metadata: { ...metadata, name: child, namespace }, ...fields },
      { namespace, name, uid },
    );
  };
  const records = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`;
  const recorded = {
    record: await apply(records, `${name}-1`),
    mark: await apply(records, `${name}-1`, MARKER),
    service: await apply(`/api/v1/namespaces/${namespace}/services`),
    deployment: await apply(`/apis/apps/v1/namespaces/${namespace}/deployments`),
    statuses: statusPatches(versions).map((patch) => template(patch, { namespace, name, uid })),
  };
  await cluster.empty('trial', one);
  return recorded;

  /** Returns every version from the creation on, however late the watch is opened. */
  async function versionsUntilReady(created: InstallationObject): Promise<InstallationObject[]> {
    const { signal } = new AbortController();
    const versions = [created];
    const since = `watch=true&resourceVersion=${created.metadata.resourceVersion}`;
    for await (const line of admin.stream(`${path}?${since}`, signal)) {
      const { object } = line as { object: InstallationObject };
      versions.push(object);
      if (isReady(object)) {
        return versions;
      }
    }
    throw new Error('The API server has ended the watch');
  }
}

interface Applied extends WithManagedFields {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Returns a template's text with the names of another installation. */
export function fill(text: string, { namespace, name, uid }: Names): string {
  return text.replaceAll('{{namespace}}', namespace).replaceAll('{{name}}', name).replaceAll('{{uid}}', uid);
}

function template(object: object, { namespace, name, uid }: Names): string {
  return JSON.stringify(object)
    .replaceAll(uid, '{{uid}}')
    .replaceAll(name, '{{name}}')
    .replaceAll(`"${namespace}"`, '"{{namespace}}"');
}

function statusPatches(versions: readonly InstallationObject[]): object[] {
  const statuses = versions.map((v) => (v.status ?? {}) as JsonObject);
  return statuses.slice(1).flatMap((status, i) => {
    const patch = mergePatch(statuses[i] ?? {}, status);
    return patch ? [{ status: patch }] : [];
  });
}
