import type { LeaseSeen, LeaseStore } from '../controller/election.ts';
import type { LeaseRecord } from '../controller/lease-record.ts';
import { ApiError, isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import { apiVersionOf, collectionPath, describeObject, objectPath, resourceLabel, type Resource } from './resource.ts';
import type { Transport } from './transport.ts';

const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

/** A Lease as the API server has it. */
interface Lease {
  readonly metadata: { readonly resourceVersion: string; readonly managedFields?: unknown };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** The Lease of that name. Its requests need a transport that nothing else can keep busy. */
export function createLeaseStore(
  transport: Pick<Transport, 'request'>,
  name: { readonly namespace: string; readonly name: string },
): LeaseStore {
  const described = describeObject(LEASES, name);
  const path = objectPath(LEASES, name);
  const resource = resourceLabel(LEASES);
  /** Labels and annotations of others stay. */
  const metadataOf = new WeakMap<LeaseSeen, object>();

  function remember(lease: Lease): LeaseSeen {
    const seen = seenIn(lease);
    const { managedFields: _, ...metadata } = lease.metadata;
    metadataOf.set(seen, metadata);
    return seen;
  }

  return {
    async read(signal) {
      try {
        const doing = `Read ${described}`;
        return remember(await transport.request<Lease>({ method: 'GET', path, signal, doing, resource }));
      } catch (error) {
        if (isNotFound(error)) {
          return undefined;
        }
        throw error;
      }
    },

    async write(record, seen, signal) {
      const body = {
        apiVersion: apiVersionOf(LEASES),
        kind: LEASES.kind,
        metadata: { ...(seen && metadataOf.get(seen)), ...name, ...(seen && { resourceVersion: seen.version }) },
        spec: specOf(record),
      };
      const doing = `${seen ? 'Renew' : 'Create'} ${described}`;
      try {
        const lease = await transport.request<Lease>(
          seen
            ? { method: 'PUT', path, body, signal, doing, resource }
            : { method: 'POST', path: collectionPath(LEASES, name.namespace), body, signal, doing, resource },
        );
        return remember(lease);
      } catch (error) {
        // Another was quicker, or it was deleted.
        if (error instanceof ApiError && (error.status === 409 || (seen && error.status === 404))) {
          return undefined;
        }
        throw error;
      }
    },
  };
}

function specOf({ holder, seconds, acquiredAt, renewedAt, transitions }: LeaseRecord): Lease['spec'] {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: seconds,
    acquireTime: microTime(acquiredAt),
    renewTime: microTime(renewedAt),
    leaseTransitions: transitions,
  };
}

function seenIn({ metadata, spec = {} }: Lease): LeaseSeen {
  const record = {
    holder: spec.holderIdentity ?? '',
    seconds: spec.leaseDurationSeconds ?? 0,
    acquiredAt: microTimeIn(spec.acquireTime),
    renewedAt: microTimeIn(spec.renewTime),
    transitions: spec.leaseTransitions ?? 0,
  };
  return { record, version: metadata.resourceVersion };
}

function microTimeIn(text: string | undefined): number {
  return text === undefined ? 0 : Date.parse(text);
}
