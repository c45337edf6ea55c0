import type { EventRecorder } from '../cluster/events.ts';
import { mergePatch } from '../cluster/merge-patch.ts';
import type { Resource } from '../cluster/resource.ts';
import type { Writer } from '../cluster/write.ts';
import type { Clock } from '../controller/clock.ts';
import type { Stored } from '../controller/feed.ts';
import type { Store } from '../controller/store.ts';
import type { Outcome } from '../controller/workers.ts';
import { API_VERSION, FIELD_MANAGER } from '../api/names.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { ProviderStatus } from '../api/provider.ts';
import type { SoftwareStatus } from '../api/software.ts';
import { eventsBetween } from '../plan/tell/events.ts';
import { providerStatus } from '../plan/tell/provider-status.ts';
import { softwareStatus } from '../plan/tell/software-status.ts';
import type { Caches } from './caches.ts';
import { projectProvider, projectSoftware } from './project.ts';
import type { Raw } from './raw.ts';
import { PROVIDERS, SYSTEM_SOFTWARE } from './resources.ts';
import { shelfOf } from './shelf.ts';

export interface CataloguePorts {
  readonly caches: Pick<Caches, 'providers' | 'software'>;
  readonly writer: Writer;
  readonly events: EventRecorder;
  readonly config: OperatorConfig;
  readonly clock: Clock;
}

interface View extends Stored {
  readonly uid: string;
  readonly status: ProviderStatus | SoftwareStatus;
}

/** The parts in which kinds differ of which people publish versions. */
interface CatalogueKind<V extends View> {
  readonly resource: Resource;
  readonly store: Pick<Store<V>, 'get' | 'offer'>;
  readonly project: (raw: Raw) => V;
  readonly statusOf: (view: V, now: number) => V['status'];
}

/** Reports what can be installed of a Provider. */
export function createProviderReconciler(ports: CataloguePorts) {
  return createReconciler(ports, {
    resource: PROVIDERS,
    store: ports.caches.providers,
    project: (raw) => projectProvider(raw, ports.config),
    statusOf: (view, now) => providerStatus(view, shelfOf(ports.caches), now),
  });
}

/** Reports what can be used of a SystemSoftware. */
export function createSoftwareReconciler(ports: CataloguePorts) {
  return createReconciler(ports, {
    resource: SYSTEM_SOFTWARE,
    store: ports.caches.software,
    project: (raw) => projectSoftware(raw, ports.config),
    statusOf: (view, now) => softwareStatus(view, shelfOf(ports.caches), now),
  });
}

function createReconciler<V extends View>({ writer, events, clock }: CataloguePorts, kind: CatalogueKind<V>) {
  const { resource, store, project, statusOf } = kind;
  return async function reconcile(key: string): Promise<Outcome> {
    const seen = store.get(key);
    if (!seen) {
      return {};
    }
    const status = statusOf(seen, clock.now());
    const patch = mergePatch(seen.status, status);
    if (patch) {
      const exact = { name: key, resourceVersion: seen.resourceVersion };
      const stored = await writer.patchStatus<Raw>(resource, exact, patch, { fieldManager: FIELD_MANAGER });
      if (!stored) {
        return {};
      }
      store.offer(project(stored));
    }
    for (const draft of eventsBetween(seen.status, status)) {
      events.record({
        regarding: { apiVersion: API_VERSION, kind: resource.kind, name: key, uid: seen.uid },
        ...draft,
      });
    }
    return {};
  };
}
