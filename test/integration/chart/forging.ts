import { FIELD_MANAGER, LEFT_TO_OTHERS, MARKER } from '../../../src/api/names.ts';
import type { KubernetesObject } from '../support/kubectl.ts';

/** Requests by which somebody writes under the name of a field manager that is not theirs. */

export const TENANT = 'default';
export const APPLY = 'application/apply-patch+yaml';
export const JSON_PATCH = 'application/json-patch+json';
export const MERGE = 'application/merge-patch+json';

type Fields = { [path: string]: Fields };
export interface Entry {
  manager: string;
  operation: string;
  apiVersion: string;
  time: string;
  fieldsV1: Fields;
}
export interface Live {
  readonly metadata: Omit<KubernetesObject['metadata'], 'managedFields'> & { readonly managedFields: readonly Entry[] };
  readonly spec: object;
}

/** A request to the API server, as anybody can send it. */
export interface Sent {
  readonly method?: 'POST' | 'PATCH';
  readonly path: string;
  readonly type?: string;
  readonly body: unknown;
  readonly userAgent?: string;
}

export const apps = (rest: string) => `/apis/apps/v1/namespaces/${TENANT}/${rest}`;
export const WEB = apps('deployments/web');
const KINDS = {
  [WEB]: { apiVersion: 'apps/v1', kind: 'Deployment' },
  [`/api/v1/namespaces/${TENANT}/services/web`]: { apiVersion: 'v1', kind: 'Service' },
  [`/apis/policy/v1/namespaces/${TENANT}/poddisruptionbudgets/web`]: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
  },
};
export const [, SERVICE = '', BUDGET = ''] = Object.keys(KINDS);
export const RECORD = apps('controllerrevisions/web-1');

/** A Deployment that is nobody's yet. */
export function deployment(name: string, metadata: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: TENANT, ...metadata },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'provider', image: 'example.com/a:1' }] } },
    },
  };
}

export function applyAs(
  manager: string,
  path: string,
  fields: { readonly metadata?: object; readonly [field: string]: unknown },
): Sent {
  const { apiVersion, kind } = KINDS[path] ?? { apiVersion: 'apps/v1', kind: 'ControllerRevision' };
  const metadata = { name: path.split('/').at(-1), namespace: TENANT, ...fields.metadata };
  return {
    path: `${path}?fieldManager=${manager}&force=true`,
    type: APPLY,
    body: { apiVersion, kind, ...fields, metadata },
  };
}

export function mergeAs(manager: string, path: string, body: object): Sent {
  return { path: `${path}?fieldManager=${manager}`, type: MERGE, body };
}

export const NOTE = { metadata: { annotations: { note: 'x' } } };

/** Writes all the managedFields of an object, the operator's own entry as `change` leaves it. */
export function rewrite(path: string, { metadata }: Live, change: (own: Entry) => Entry | undefined): Sent {
  const value = metadata.managedFields.flatMap((entry) =>
    entry.manager === FIELD_MANAGER && entry.operation === 'Apply' ? (change(structuredClone(entry)) ?? []) : entry,
  );
  const body = [{ op: 'replace', path: '/metadata/managedFields', value }];
  return { path: `${path}?fieldManager=kubectl-edit`, type: JSON_PATCH, body };
}

export function containerOf({ fieldsV1 }: Entry): Fields {
  return fieldsV1['f:spec']!['f:template']!['f:spec']!['f:containers']!['k:{"name":"provider"}']!;
}

export function own(change: (fields: Entry) => void): (entry: Entry) => Entry {
  return (entry) => {
    change(entry);
    return entry;
  };
}

/** The Deployment with another image, the hash of the operator and all. */
export function withImage(
  { metadata, spec }: Live,
  image: string,
): { readonly metadata: object; readonly spec: object } {
  const text = JSON.stringify(spec).replace(/"image":"[^"]*"/, JSON.stringify({ image }).slice(1, -1));
  const { labels, annotations } = metadata;
  return { metadata: { labels, annotations }, spec: JSON.parse(text) as object };
}

/** The managers of an object, each with how it wrote. */
export function managers({ metadata }: Live): string[] {
  return metadata.managedFields.map(({ manager, operation }) => `${manager} ${operation}`);
}

const OURS: readonly string[] = [FIELD_MANAGER, MARKER, LEFT_TO_OTHERS];

/** What is said to be the operator's. */
export function ownEntries({ metadata }: Live): readonly Entry[] {
  return metadata.managedFields.filter(({ manager }) => OURS.includes(manager));
}
