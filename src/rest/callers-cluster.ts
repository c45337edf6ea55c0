import type { JsonObject } from '../cluster/merge-patch.ts';
import {
  apiVersionOf,
  collectionPath,
  describeObject,
  objectPath,
  resourceLabel,
  type ObjectName,
  type Resource,
} from '../cluster/resource.ts';
import type { Call, Transport } from '../cluster/transport.ts';
import { unlessNotFound } from '../cluster/errors.ts';
import { API_MANAGER } from '../api/names.ts';
import type { Caller } from './callers.ts';

interface Dry {
  readonly dryRun: boolean;
}

/** The API server as one caller sees it: rights, admission and audit are the caller's, and this process needs none. */
export interface CallersCluster {
  /** Undefined where there is none. */
  read<Stored>(resource: Resource, name: ObjectName): Promise<Stored | undefined>;
  list<Stored>(resource: Resource, namespace: string, selector: Readonly<Record<string, string>>): Promise<Stored[]>;
  create<Stored>(resource: Resource, object: { readonly metadata: ObjectName }, dry: Dry): Promise<Stored>;
  /** Merges (RFC 7386) into the object of exactly this version: a change since is a conflict. */
  patch<Stored>(
    resource: Resource,
    seen: ObjectName & { readonly resourceVersion: string },
    patch: JsonObject,
    dry: Dry,
  ): Promise<Stored>;
  /** Deletes this very object and not a namesake that came after it; one that is gone is no error. */
  remove(
    resource: Resource,
    seen: ObjectName & { readonly uid: string; readonly resourceVersion?: string },
    dry: Dry,
  ): Promise<void>;
}

export function clusterOf({ token }: Caller, transport: Transport): CallersCluster {
  const ask = <Answer>(call: Omit<Call, 'authorization'>) =>
    transport.request<Answer>({ ...call, authorization: `Bearer ${token}` });
  const writing = ({ dryRun }: Dry) => ({ fieldManager: API_MANAGER, ...(dryRun && { dryRun: 'All' }) });

  return {
    read: (resource, name) =>
      unlessNotFound(
        ask({
          method: 'GET',
          path: objectPath(resource, name),
          doing: `Read ${describeObject(resource, name)}`,
          resource: resourceLabel(resource),
        }),
      ),

    async list<Stored>(resource: Resource, namespace: string, selector: Readonly<Record<string, string>>) {
      const { items = [] } = await ask<{ items?: Stored[] }>({
        method: 'GET',
        path: collectionPath(resource, namespace),
        query: selector,
        doing: `List ${resourceLabel(resource)} in "${namespace}"`,
        resource: resourceLabel(resource),
      });
      return items;
    },

    create: (resource, object, dry) =>
      ask({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        query: writing(dry),
        body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
        doing: `Create ${describeObject(resource, object.metadata)}`,
        resource: resourceLabel(resource),
      }),

    patch: (resource, { name, namespace, resourceVersion }, { metadata, ...patch }, dry) =>
      ask({
        method: 'PATCH',
        path: objectPath(resource, { name, namespace }),
        query: writing(dry),
        contentType: 'application/merge-patch+json',
        body: { metadata: { ...(metadata as JsonObject | undefined), resourceVersion }, ...patch },
        doing: `Change ${describeObject(resource, { name, namespace })}`,
        resource: resourceLabel(resource),
      }),

    async remove(resource, { uid, resourceVersion, ...name }, { dryRun }) {
      const preconditions = { uid, ...(resourceVersion !== undefined && { resourceVersion }) };
      await unlessNotFound(
        ask({
          method: 'DELETE',
          path: objectPath(resource, name),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            preconditions,
            propagationPolicy: 'Background',
            ...(dryRun && { dryRun: ['All'] }),
          },
          doing: `Delete ${describeObject(resource, name)}`,
          resource: resourceLabel(resource),
        }),
      );
    },
  };
}
