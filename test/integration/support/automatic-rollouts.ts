import type { Api } from '../../../bench/api.ts';
import { startTracker, type Tracker } from '../../../bench/tracker.ts';
import { LABEL } from '../../../src/api/names.ts';
import { markOf, type RecordObject } from './child-watch.ts';
import { get, type DeploymentObject } from './kubectl.ts';

/** Follows from outside which automatic rollouts are under way. */
export function followAutomaticRollouts(api: Api, namespace: string): Promise<Tracker> {
  return startTracker<RecordObject & { metadata: { namespace: string } }>({
    api,
    path: `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`,
    isThere: isAutomaticRollout,
  });
}

/** Whether automation or the platform began the rollout, and it has neither succeeded nor been given up. */
function isAutomaticRollout(record: RecordObject): boolean {
  return ['Policy', 'Tier'].includes(record.data.trigger) && markOf(record) === 'open';
}

/** Returns why the present template was rolled out. */
export async function triggerOf({ metadata: { name, namespace, labels } }: DeploymentObject): Promise<string> {
  const record = `${name}-${labels?.[LABEL.rollout]}`;
  return (await get<RecordObject>('controllerrevision', record, namespace)).data.trigger;
}
