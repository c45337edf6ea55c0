import { KINDS } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import type { ApiServer, Change } from '../../cluster/server.ts';

/** The writer that deletes pods because a template or a number changed, and not because their Deployment is gone. */
const CONTROLLER = 'kube-controller-manager';

/** Make before break: a pod that serves may be removed only while as many others serve as the spec asks for. */
export function judgePods({ kind, before, after, by }: Change, server: ApiServer, now: number): string[] {
  if (kind !== KINDS.Pod || after || !before || by !== CONTROLLER) {
    return [];
  }
  const owner = before.metadata.ownerReferences?.[0];
  const deployment = server.list(KINDS.Deployment).find(({ metadata }) => metadata.uid === owner?.uid);
  const { replicas = 0, minReadySeconds = 0 } = (deployment?.['spec'] ?? {}) as {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
  };
  const isReadyFor = (pod: ApiObject, seconds: number) => (readySince(pod) ?? Infinity) + seconds * 1000 <= now;
  const left = server
    .list(KINDS.Pod)
    .filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === owner?.uid) && isReadyFor(pod, 0)).length;
  // A pod that became ready only a moment ago does not count as serving.
  return isReadyFor(before, minReadySeconds) && left < replicas
    ? [`${owner?.name} is left with ${left} ready pods of ${replicas}`]
    : [];
}

function readySince(pod: ApiObject): number | undefined {
  const { conditions } = pod['status'] as {
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
  const ready = conditions.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && Date.parse(ready.lastTransitionTime ?? '');
}
