import { API_VERSION, INSTALLATION_KIND, PROVIDER_KIND } from '../src/api/names.ts';

/** The installed objects: one provider, and as many installations of it as the options ask for, spread over namespaces. */
export interface Workload {
  readonly installations: number;
  readonly namespaces: number;
  /** The replicas of the tier `free` in this run; 0 if pods are of no interest. */
  readonly replicas: number;
}

/**
 * Turns off the slow rollout through a fleet and the time for which new pods are watched. Both would be waits that do
 * not depend on the speed of the operator.
 */
export const CONFIG = { defaults: { stableSeconds: 0 }, maxConcurrentUpgrades: 100_000 };

export interface InstallationBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

const PROVIDER = { org: 'bench', name: 'web' };
export const PROVIDER_NAME = `${PROVIDER.org}.${PROVIDER.name}`;

export function namespacesOf(prefix: string, { namespaces }: Workload): string[] {
  return Array.from({ length: namespaces }, (_, i) => `${prefix}-${i + 1}`);
}

/** Returns the installations. Half of them take new releases by themselves. */
export function installationsOf(prefix: string, workload: Workload): InstallationBody[] {
  const namespaces = namespacesOf(prefix, workload);
  return Array.from({ length: workload.installations }, (_, i) =>
    installation(namespaces[i % namespaces.length] ?? '', `site-${i + 1}`, isAutomatic(i) ? 'auto' : 'manual'),
  );
}

export function automaticOf({ installations }: Workload): number {
  return Array.from({ length: installations }, (_, i) => i).filter(isAutomatic).length;
}

/**
 * Whether an installation is automatic: twenty are, and the next twenty are not. With up to 20 namespaces, each has
 * both kinds.
 */
function isAutomatic(index: number): boolean {
  return Math.floor(index / 20) % 2 === 0;
}

export function installation(namespace: string, name: string, upgradePolicy: 'auto' | 'manual'): InstallationBody {
  return {
    apiVersion: API_VERSION,
    kind: INSTALLATION_KIND,
    metadata: { name, namespace },
    spec: {
      provider: `${PROVIDER.org}/${PROVIDER.name}`,
      resourceTier: 'free',
      upgradePolicy,
      ...(upgradePolicy === 'manual' && { version: '1.0.0' }),
      config: { LOG_LEVEL: 'info', SITE: name, GREETING: 'Hello' },
    },
  };
}

export function provider(versions: readonly string[], { replicas }: Pick<Workload, 'replicas'>): object {
  return {
    apiVersion: API_VERSION,
    kind: PROVIDER_KIND,
    metadata: { name: PROVIDER_NAME },
    spec: {
      ...PROVIDER,
      versions: versions.map((version) => ({
        version,
        image: `registry.example.com/bench/web:${version}`,
        runtime: {
          ports: [{ name: 'http', containerPort: 8080, servicePort: 80 }],
          readinessProbe: { httpGet: { path: '/healthz', port: 'http' } },
        },
      })),
      tiers: { free: { replicas } },
    },
  };
}
