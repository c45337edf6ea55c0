import { ApiError, unlessNotFound } from './errors.ts';
import type { JsonObject } from './merge-patch.ts';
import {
  apiVersionOf,
  collectionPath,
  describeObject,
  objectPath,
  resourceLabel,
  type ObjectName,
  type Resource,
} from './resource.ts';
import type { Transport } from './transport.ts';

interface ApplyOptions {
  readonly fieldManager: string;
  /** Take over the fields of other managers; without it their conflicting fields are an error. */
  readonly force: boolean;
}

/** An object to send: what there is besides its name is between the caller and the API server. */
interface Applicable {
  readonly metadata: ObjectName;
}

/** Requests about single objects, by name. */
export interface Writer {
  /** Server-side apply; returns the object as it is stored now. */
  apply<Stored = unknown>(resource: Resource, object: Applicable, options: ApplyOptions): Promise<Stored>;
  /**
   * Merges into the status of the object as it was seen; any change since is a conflict, because what was decided about
   * an older object says nothing of this one. Returns the object as it is stored now, undefined if it is gone.
   */
  patchStatus<Stored = unknown>(
    resource: Resource,
    seen: ObjectName & { readonly resourceVersion: string },
    patch: JsonObject,
    options: Pick<ApplyOptions, 'fieldManager'>,
  ): Promise<Stored | undefined>;
  /** Says anew who owns the fields of the object as it was seen: any change since is a conflict, one that is gone is no error. */
  patchManagedFields(
    resource: Resource,
    seen: ObjectName & { readonly resourceVersion: string },
    managedFields: readonly object[],
  ): Promise<void>;
  /** Deletes this very object and not a namesake that came after it; one that is gone already is no error. */
  remove(resource: Resource, name: ObjectName, precondition: { readonly uid: string }): Promise<void>;
  /** Makes a new object; a dry run only tells. `taken`: there is one of this name, whatever it is. */
  create(resource: Resource, object: Applicable, options: { readonly dryRun: boolean }): Promise<'new' | 'taken'>;
  /** Undefined if there is none. */
  get<Stored = unknown>(resource: Resource, name: ObjectName): Promise<Stored | undefined>;
}

export function createWriter(transport: Transport): Writer {
  return {
    apply(resource, object, { fieldManager, force }) {
      return transport.request({
        method: 'PATCH',
        path: objectPath(resource, object.metadata),
        query: { fieldManager, force: String(force) },
        // JSON is YAML.
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
        doing: `Apply ${describeObject(resource, object.metadata)}`,
        resource: resourceLabel(resource),
      });
    },

    patchStatus(resource, seen, patch, { fieldManager }) {
      const { resourceVersion } = seen;
      return unlessNotFound(
        transport.request({
          method: 'PATCH',
          path: objectPath(resource, seen, 'status'),
          query: { fieldManager },
          contentType: 'application/merge-patch+json',
          body: { metadata: { resourceVersion }, status: patch },
          doing: `Report the status of ${describeObject(resource, seen)}`,
          resource: `${resourceLabel(resource)}/status`,
        }),
      );
    },

    async patchManagedFields(resource, seen, managedFields) {
      const { resourceVersion } = seen;
      await unlessNotFound(
        transport.request({
          method: 'PATCH',
          path: objectPath(resource, seen),
          contentType: 'application/merge-patch+json',
          body: { metadata: { resourceVersion, managedFields } },
          doing: `Take over the fields of ${describeObject(resource, seen)}`,
          resource: resourceLabel(resource),
        }),
      );
    },

    async remove(resource, name, { uid }) {
      await unlessNotFound(
        transport.request({
          method: 'DELETE',
          path: objectPath(resource, name),
          body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, propagationPolicy: 'Background' },
          doing: `Delete ${describeObject(resource, name)}`,
          resource: resourceLabel(resource),
        }),
      );
    },

    async create(resource, object, { dryRun }) {
      try {
        await transport.request({
          method: 'POST',
          path: collectionPath(resource, object.metadata.namespace),
          query: { ...(dryRun && { dryRun: 'All' }) },
          body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
          doing: `Create ${describeObject(resource, object.metadata)}`,
          resource: resourceLabel(resource),
        });
        return 'new';
      } catch (error) {
        if (error instanceof ApiError && error.reason === 'AlreadyExists') {
          return 'taken';
        }
        throw error;
      }
    },

    get(resource, name) {
      return unlessNotFound(
        transport.request({
          method: 'GET',
          path: objectPath(resource, name),
          doing: `Read ${describeObject(resource, name)}`,
          resource: resourceLabel(resource),
        }),
      );
    },
  };
}
