import { inject } from 'vitest';
import { ANNOTATION, CHILD_SELECTOR, LABEL } from '../../../src/api/names.ts';
import { findConnection } from '../../../src/cluster/connection.ts';
import { createTransport } from '../../../src/cluster/transport.ts';
import { CHILDREN, PODS } from '../../../src/reconcile/resources.ts';
import type { DeploymentObject, KubernetesObject } from './kubectl.ts';
import { record, type Recording } from './recording.ts';

/**
 * Watches the children that the operator makes, as the administrator: records, Deployments and pods. It misses no
 * version of any of them. Every method takes the installation's `namespace/name`.
 */
export interface ChildWatch {
  /** The Deployment that is there now. */
  deployment(installation: string): DeploymentObject | undefined;
  /** The pods that are there now and are not being removed. */
  pods(installation: string): readonly PodObject[];
  /** The records that are there now, oldest first. */
  records(installation: string): readonly RecordObject[];
  /** Every version of every record that ever existed, in order. */
  recordVersions(installation: string): readonly RecordObject[];
  /** Waits until all that is stored of a namespace by now has been seen. */
  catchUp(namespace: string): Promise<void>;
  /** Waits until `isIt` holds. */
  until(isIt: () => boolean, complaint: () => string): Promise<void>;
  stop(): Promise<void>;
}

type PodObject = KubernetesObject & {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
};

export type RecordObject = KubernetesObject & {
  readonly data: { readonly version: string; readonly trigger: string; readonly failures: readonly object[] };
  readonly revision: number;
};

export async function startChildWatch(): Promise<ChildWatch> {
  const connection = await findConnection({ kubeconfig: [inject('controlPlane').kubeconfig] });
  const transport = createTransport({ connection, userAgent: 'child-watch' });
  const abort = new AbortController();
  const all = { transport, signal: abort.signal, labelSelector: CHILD_SELECTOR };
  const [deployments, pods, records] = await Promise.all([
    record<DeploymentObject>({ ...all, resource: CHILDREN.Deployment }),
    record<PodObject>({ ...all, resource: PODS }),
    record<RecordObject>({ ...all, resource: CHILDREN.ControllerRevision }),
  ]);
  const everything = [deployments, pods, records] as const;

  return {
    deployment: (key) => present(deployments, key).at(-1),
    pods: (key) => present(pods, key).filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    records: (key) => present(records, key).sort((a, b) => a.revision - b.revision),
    recordVersions: (key) => records.versions.map(({ object }) => object).filter((o) => keyOf(o) === key),
    async catchUp(namespace) {
      await Promise.all(everything.map((recording) => recording.catchUp(namespace)));
    },
    async until(isIt, complaint) {
      while (!isIt()) {
        const before = everything.map(({ versions }) => versions.length);
        const hasMore = () => everything.some(({ versions }, i) => versions.length > (before[i] ?? 0)) || undefined;
        await Promise.race(everything.map((r) => r.when(hasMore, complaint)));
      }
    },
    async stop() {
      abort.abort();
      await transport.close();
    },
  };
}

/** How the rollout of a record ended; `open` if it did not end yet. */
export function markOf({ metadata: { annotations = {} } }: RecordObject): string {
  const names = ['proven', 'failed', 'superseded'] as const;
  return names.filter((name) => annotations[ANNOTATION[name]] !== undefined).join(' and ') || 'open';
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.labels?.[LABEL.installation]}`;
}

/** The newest version of each object that was not deleted. */
function present<T extends KubernetesObject>({ versions }: Recording<T>, key: string): T[] {
  const byUid = new Map<string, T>();
  for (const { type, object } of versions) {
    if (type === 'DELETED') {
      byUid.delete(object.metadata.uid);
    } else if (keyOf(object) === key) {
      byUid.set(object.metadata.uid, object);
    }
  }
  return [...byUid.values()];
}
