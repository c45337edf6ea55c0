import type { EventRecorder } from '../cluster/events.ts';
import { mergePatch } from '../cluster/merge-patch.ts';
import type { Writer } from '../cluster/write.ts';
import type { Clock } from '../controller/clock.ts';
import type { Outcome } from '../controller/workers.ts';
import { API_VERSION, FIELD_MANAGER, PROVIDER_KIND } from '../api/names.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import { eventsBetween } from '../plan/events.ts';
import { providerStatus } from '../plan/provider-status.ts';
import type { Caches } from './caches.ts';
import { projectProvider } from './project.ts';
import type { Raw } from './raw.ts';
import { PROVIDERS } from './resources.ts';

export interface ProviderPorts {
  readonly caches: Pick<Caches, 'providers'>;
  readonly writer: Writer;
  readonly events: EventRecorder;
  readonly config: OperatorConfig;
  readonly clock: Clock;
}

/** Reports what can be installed of a Provider. */
export function createProviderReconciler({ caches, writer, events, config, clock }: ProviderPorts) {
  return async function reconcile(key: string): Promise<Outcome> {
    const provider = caches.providers.get(key);
    if (!provider) {
      return {};
    }
    const status = providerStatus(provider, clock.now());
    const patch = mergePatch(provider.status, status);
    if (patch) {
      const stored = await writer.patchStatus<Raw>(
        PROVIDERS,
        { name: key, resourceVersion: provider.resourceVersion },
        patch,
        { fieldManager: FIELD_MANAGER },
      );
      if (!stored) {
        return {};
      }
      caches.providers.offer(projectProvider(stored, config));
    }
    for (const draft of eventsBetween(provider.status, status)) {
      events.record({
        regarding: { apiVersion: API_VERSION, kind: PROVIDER_KIND, name: key, uid: provider.uid },
        ...draft,
      });
    }
    return {};
  };
}
