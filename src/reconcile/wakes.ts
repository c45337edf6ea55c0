import type { Priority, WorkQueue } from '../controller/queue.ts';
import { isInTrouble } from '../plan/state/rollout.ts';
import type { Caches } from './caches.ts';
import type { CountRollout } from './count-rollout.ts';
import type { Fleet } from './fleet.ts';
import { inTurn } from './turns.ts';
import type { KubernetesVersion } from './kubernetes-version.ts';
import { softwareUsers } from './software-users.ts';

/** Puts an installation into the queue where there is one; a child has the name of its installation. */
export type Wake = (object: { readonly key: string } | undefined, priority?: Priority) => void;

type Queue = Pick<WorkQueue, 'add' | 'drop'>;

export function createWake(caches: Caches, installations: Queue): Wake {
  return (object, priority = 'change') => {
    // Most Services are somebody else's; and an installation that comes later enqueues itself.
    if (object && caches.installations.get(object.key)) {
      installations.add(object.key, caches.hasSynced() ? priority : 'resync');
    }
  };
}

export interface WakePorts {
  readonly caches: Caches;
  readonly fleet: Fleet;
  readonly countRollout: CountRollout;
  readonly kubernetes: Pick<KubernetesVersion, 'onChange'>;
  readonly wake: Wake;
  readonly queues: { readonly installations: Queue; readonly providers: Queue; readonly software: Queue };
}

/** Which change is whose to look at. A change only names a key; what is to be done is read from the caches. */
export function wakeOnChanges({ caches, fleet, countRollout, kubernetes, wake, queues }: WakePorts): void {
  caches.installations.onChange((before, after) => {
    if (!after) {
      // Its children are garbage collected; there is nothing to do.
      const key = before?.key ?? '';
      queues.installations.drop(key);
      fleet.leaveLine(key);
      fleet.endReservation(key);
      fleet.countUnderWay(key, false);
      return;
    }
    countRollout(after.key);
    // A thousand new ones do not go before those that have begun.
    const isEdit = before && (before.generation !== after.generation || before.deleting !== after.deleting);
    wake(after, isEdit ? 'edit' : 'change');
  });
  caches.deployments.onChange((before, after) => {
    countRollout((before ?? after)?.key ?? '');
    wake(before ?? after);
  });
  caches.services.onChange((before, after) => wake(before ?? after));
  caches.budgets.onChange((before, after) => wake(before ?? after));
  caches.revisions.onChange((before, after) => {
    const key = (before ?? after)?.installation ?? '';
    countRollout(key);
    wake({ key });
  });
  caches.pods.onChange((_before, after) => {
    if (after && isInTrouble(after)) {
      wake({ key: after.installation });
    }
  });
  caches.providers.onChange((before, after) => {
    const key = (before ?? after)?.key ?? '';
    queues.providers.add(key);
    // Its installations care for what is published, not for what the operator says of it.
    if (before?.generation !== after?.generation || before?.uid !== after?.uid || before?.retry !== after?.retry) {
      wakeInTurn(caches.installations.byIndex('provider', key).map((i) => i.key));
    }
  });
  caches.software.onChange((before, after) => {
    queues.software.add((before ?? after)?.key ?? '');
    // Before all is seen everybody waits in the queue anyway.
    if (caches.hasSynced() && (before?.generation !== after?.generation || before?.uid !== after?.uid)) {
      wakeInTurn(softwareUsers(caches));
      // What can be installed of them may have changed.
      [...caches.providers.values()].forEach(({ key }) => queues.providers.add(key));
      [...caches.software.values()].forEach(({ key }) => queues.software.add(key));
    }
  });
  caches.configMaps.onChange((before, after) => {
    wakeReaders('ConfigMap', before ?? after);
    caches.installations.byIndex('configMap', (before ?? after)?.key ?? '').forEach((i) => wake(i));
  });
  caches.secrets?.onChange((before, after) => {
    wakeReaders('Secret', before ?? after);
    caches.installations.byIndex('secret', (before ?? after)?.key ?? '').forEach((i) => wake(i));
  });

  // A release that needs a newer one may be taken now.
  kubernetes.onChange(() => wakeInTurn([...caches.installations.values()].map(({ key }) => key)));

  /** Whose pods read it, be it that their spec names another by now. */
  function wakeReaders(kind: 'ConfigMap' | 'Secret', object: { readonly key: string } | undefined): void {
    caches.deployments.byIndex('reference', `${kind} ${object?.key}`).forEach((d) => wake(d));
  }

  /** Wakes the installations that a publication concerns, in the order in which the fleet lets them begin. */
  function wakeInTurn(keys: readonly string[]): void {
    inTurn(keys).forEach((key) => wake({ key }, 'resync'));
  }
}
