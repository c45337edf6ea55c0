import { ANNOTATION } from '../../../src/api/names.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import type { ApiServer } from '../cluster/server.ts';

interface PodStatus {
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses: readonly ContainerStatus[];
}

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: { readonly waiting?: { readonly reason: string } };
}

export function isReadyPod(pod: ApiObject): boolean {
  const { conditions } = pod['status'] as PodStatus;
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The pods, as `(web has 2 old of 1.0.0 ready, 1 new of 1.1.0 CrashLoopBackOff after 3 restarts)`. */
export function podsInWords(server: ApiServer): string {
  const all = server.list(KINDS.Deployment).map((deployment) => {
    const { name, uid } = deployment.metadata;
    const pods = server.list(KINDS.Pod).filter((p) => p.metadata.ownerReferences?.some((owner) => owner.uid === uid));
    const counts = new Map<string, number>();
    for (const pod of pods) {
      const what = describe(pod, deployment);
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    return `${name} has ${[...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'no pods'}`;
  });
  return all.length === 0 ? '' : `  (${all.join('; ')})`;
}

function describe(pod: ApiObject, deployment: ApiObject): string {
  const { annotations = {} } = pod.metadata;
  const template = (deployment['spec'] as { readonly template: Pick<ApiObject, 'metadata'> }).template;
  const isOld = annotations[ANNOTATION.rollout] !== template.metadata.annotations?.[ANNOTATION.rollout];
  const { initContainerStatuses = [], containerStatuses } = pod['status'] as PodStatus;
  // Like kubectl: an init container that is not ready speaks for the pod, because the others wait for it.
  const initial = initContainerStatuses.find(({ ready }) => !ready);
  const container = initial ?? containerStatuses[0];
  const waiting = container?.state.waiting && `${initial ? 'Init:' : ''}${container.state.waiting.reason}`;
  const state = isReadyPod(pod) ? 'ready' : (waiting ?? 'unready');
  const restarts = container?.restartCount ? ` after ${container.restartCount} restarts` : '';
  const software = annotations[ANNOTATION.software];
  const what = `${annotations[ANNOTATION.version]}${software === undefined ? '' : ` with ${software}`}`;
  return `${isOld ? 'old' : 'new'} of ${what} ${state}${restarts}`;
}
