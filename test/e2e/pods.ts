import { inject } from 'vitest';
import { ANNOTATION, CHILD_SELECTOR, LABEL } from '../../src/api/names.ts';
import { findConnection } from '../../src/cluster/connection.ts';
import { createTransport } from '../../src/cluster/transport.ts';
import { PODS } from '../../src/reconcile/resources.ts';
import { kubectl, type KubernetesObject } from '../integration/support/kubectl.ts';
import { record } from '../integration/support/recording.ts';

interface ContainerStatus {
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly terminated?: { readonly reason?: string; readonly exitCode: number };
}

interface Pod extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & { readonly deletionTimestamp?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** The pods of an installation that are there now, as `name version restarts`. */
export async function podsOf(installation: string): Promise<string[]> {
  const [namespace = '', name = ''] = installation.split('/');
  const answer = await kubectl(['get', 'pods', '-n', namespace, '-l', `${LABEL.installation}=${name}`, '-o', 'json']);
  const { items } = JSON.parse(answer) as { readonly items: readonly Pod[] };
  return items.map((pod) => `${pod.metadata.name} ${versionOf(pod)} ${restartsOf(pod)}`).sort();
}

export interface PodRecording {
  /** The reasons of kubelet and scheduler why pods of a version did not run well, until they were removed. Each once. */
  ailmentsOf(installation: string, version: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Records every state of every provider's pod, since a failure may show for a second only. */
export async function recordPods(): Promise<PodRecording> {
  const connection = await findConnection({ kubeconfig: [inject('controlPlane').kubeconfig] });
  const transport = createTransport({ connection, userAgent: 'pod-recording' });
  const abort = new AbortController();
  const pods = await record<Pod>({ transport, signal: abort.signal, resource: PODS, labelSelector: CHILD_SELECTOR });
  return {
    async ailmentsOf(installation, version) {
      const [namespace = '', name] = installation.split('/');
      await pods.catchUp(namespace);
      const own = pods.versions
        .map(({ object }) => object)
        .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[LABEL.installation] === name)
        .filter((pod) => versionOf(pod) === version && pod.metadata.deletionTimestamp === undefined);
      return [...new Set(own.flatMap(ailments))].sort();
    },
    async stop() {
      abort.abort();
      await transport.close();
    },
  };
}

function ailments({ status }: Pod): string[] {
  const unscheduled = status.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')?.reason;
  const states = (status.containerStatuses ?? []).flatMap(({ state, lastState }) => [state, lastState]);
  const reasons = states.flatMap((state) => [state?.waiting?.reason, state?.terminated?.reason]);
  return [unscheduled, ...reasons].filter((reason) => reason !== undefined && !PASSING.has(reason)) as string[];
}

const PASSING = new Set(['ContainerCreating', 'PodInitializing', 'Completed']);

function versionOf({ metadata }: Pod): string {
  return metadata.annotations?.[ANNOTATION.version] ?? '';
}

function restartsOf({ status }: Pod): number {
  return (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}
