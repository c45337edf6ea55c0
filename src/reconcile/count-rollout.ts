import type { Clock } from '../controller/clock.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import { headOf, placeEndsAt } from '../plan/place.ts';
import type { Caches } from './caches.ts';
import type { Fleet } from './fleet.ts';

export interface CountPorts {
  readonly caches: Pick<Caches, 'installations' | 'deployments' | 'revisions'>;
  readonly fleet: Pick<Fleet, 'seen'>;
  readonly config: OperatorConfig;
  readonly clock: Pick<Clock, 'now'>;
}

/** Tells the fleet whether the rollout of an installation holds a place, by what the caches show of it now. */
export type CountRollout = (key: string) => void;

export function createCountRollout({ caches, fleet, config, clock }: CountPorts): CountRollout {
  return (key) => {
    const uid = caches.installations.get(key)?.uid;
    const deployment = caches.deployments.get(key);
    // Labels are anybody's to set: only the Deployment of an installation counts, or an orphan that it adopts.
    const isIts = uid !== undefined && (deployment?.owner === undefined || deployment.owner.uid === uid);
    const records = isIts ? caches.revisions.byIndex('installation', key).filter((r) => r.kind === 'record') : [];
    const endsAt = placeEndsAt({ deployment, head: headOf(deployment, records) }, config);
    fleet.seen(key, endsAt !== undefined && clock.now() < endsAt);
  };
}
