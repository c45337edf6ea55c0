import type { Clock } from '../controller/clock.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import { headOf, placeEndsAt } from '../plan/state/place.ts';
import { recordsOf } from '../plan/state/record.ts';
import type { Caches } from './caches.ts';
import type { Fleet } from './fleet.ts';

export interface CountPorts {
  readonly caches: Pick<Caches, 'installations' | 'deployments' | 'revisions'>;
  readonly fleet: Pick<Fleet, 'countUnderWay'>;
  readonly config: OperatorConfig;
  readonly clock: Pick<Clock, 'now'>;
}

/** Tells the fleet whether the rollout of an installation holds a place, by what the caches show of it now. */
export type CountRollout = (key: string) => void;

export function createCountRollout({ caches, fleet, config, clock }: CountPorts): CountRollout {
  return (key) => {
    const installation = caches.installations.get(key);
    const found = caches.deployments.get(key);
    // Labels are anybody's to set: only the Deployment of an installation counts, or an orphan that it adopts.
    const isIts = found?.owner === undefined || found.owner.uid === installation?.uid;
    const deployment = isIts ? found : undefined;
    const records = installation
      ? recordsOf(installation, deployment, caches.revisions.byIndex('installation', key))
      : [];
    const endsAt = placeEndsAt({ deployment, head: headOf(deployment, records), records }, config);
    fleet.countUnderWay(key, endsAt !== undefined && clock.now() < endsAt);
  };
}
