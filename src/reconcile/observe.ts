import type { OperatorConfig } from '../api/operator-config.ts';
import type { ChildKind, Heals, Installation, Observed } from '../plan/state/observed.ts';
import { firstSeenOf } from '../plan/catalogue/first-seen.ts';
import { objectKey } from '../controller/object-key.ts';
import { providerKey, type Caches } from './caches.ts';
import { UNWATCHED_CONFIG_MAP } from './resources.ts';
import { shelfOf } from './shelf.ts';

/** What no cache knows. */
type Surroundings = Pick<Observed, 'slot' | 'kubernetesVersion' | 'writtenGeneration' | 'mayGenerate'>;

/** All that the caches know of one installation, taken in one synchronous pass; undefined where it does not exist. */
export function observe(
  caches: Caches,
  config: OperatorConfig,
  heals: Readonly<Partial<Record<ChildKind, Heals>>>,
  surroundings: Surroundings,
  installationKey: string,
): Observed | undefined {
  const installation = caches.installations.get(installationKey);
  return installation && observeAs(installation, caches, config, heals, surroundings);
}

/** The same of an installation as somebody else saw it, or that does not exist yet. */
export function observeAs(
  installation: Installation,
  caches: Caches,
  config: OperatorConfig,
  heals: Readonly<Partial<Record<ChildKind, Heals>>>,
  surroundings: Surroundings,
): Observed {
  const { namespace } = installation;
  const installationKey = objectKey(installation);
  const provider = caches.providers.get(providerKey(installation.spec.provider));
  return {
    ...surroundings,
    installation,
    catalogue: provider?.catalogue,
    retries: [installation.retry, provider?.retry && `Provider ${provider.retry}`].filter(
      (value) => value !== undefined,
    ),
    software: shelfOf(caches),
    firstSeen: provider && firstSeenOf(provider.catalogue, provider.status),
    deployment: caches.deployments.get(installationKey),
    service: caches.services.get(installationKey),
    budget: caches.budgets.get(installationKey),
    revisions: caches.revisions.byIndex('installation', installationKey),
    pods: caches.pods.byIndex('installation', installationKey),
    references: {
      content(kind, name, key) {
        const store = kind === 'ConfigMap' ? caches.configMaps : caches.secrets;
        if (!store || (kind === 'ConfigMap' && name === UNWATCHED_CONFIG_MAP)) {
          return { kind: 'unwatched' };
        }
        const hash = store.get(`${namespace}/${name}`)?.hashes.get(key);
        return hash === undefined ? { kind: 'missing' } : { kind: 'hash', hash };
      },
    },
    config,
    heals,
  };
}
