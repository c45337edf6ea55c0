import type { Api } from '../../../bench/api.ts';
import { startTracker, type Tracker } from '../../../bench/tracker.ts';
import type { DeploymentObject } from './kubectl.ts';

/** Follows from outside which rollouts that nobody asked for are under way. */
export function followAutomaticRollouts(api: Api, namespace: string): Promise<Tracker> {
  return startTracker<DeploymentObject & { metadata: { namespace: string } }>({
    api,
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    isThere: isAutomaticRollout,
  });
}

/** Committed by automation or by the platform, and neither done nor given up. */
function isAutomaticRollout(deployment: DeploymentObject): boolean {
  return ['Policy', 'Tier'].includes(triggerOf(deployment) ?? '') && !isDone(deployment);
}

/** Why the present template was committed. */
export function triggerOf({ metadata }: DeploymentObject): string | undefined {
  return /^trigger=(\w+) /.exec(metadata.annotations?.['provider-operator.io/rollout'] ?? '')?.[1];
}

function isDone({ metadata, spec, status }: DeploymentObject): boolean {
  return (
    (status.observedGeneration ?? 0) >= metadata.generation &&
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) &&
    (status.availableReplicas ?? 0) >= spec.replicas
  );
}
