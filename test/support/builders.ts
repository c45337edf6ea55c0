import { InstallationSpec, type InstallationStatus } from '../../src/api/installation.ts';
import { OperatorConfig } from '../../src/api/operator-config.ts';
import type { ProviderSpec, Release } from '../../src/api/provider.ts';
import type { SoftwareRelease } from '../../src/api/software.ts';
import { readCatalogue, type Catalogue } from '../../src/plan/catalogue/catalogue.ts';
import type { Installation, Observed, References } from '../../src/plan/state/observed.ts';
import { readSoftware, type Shelf, type SoftwareCatalogue } from '../../src/plan/catalogue/software-catalogue.ts';

/** Test objects with sensible values, each part of which a test may replace. */

export const config: OperatorConfig = OperatorConfig.parse({});

export function release(version: string, more: Partial<Release> = {}): Release {
  return {
    version,
    image: `registry.example.com/acme/web:${version}`,
    runtime: { ports: [{ name: 'http', containerPort: 8080, servicePort: 80 }] },
    ...more,
  };
}

export function catalogue(...releases: readonly (Release | string)[]): Catalogue {
  return catalogueOf({ versions: releases.map((r) => (typeof r === 'string' ? release(r) : r)) });
}

export function catalogueOf(spec: Partial<ProviderSpec>, operator: OperatorConfig = config): Catalogue {
  return readCatalogue({ org: 'acme', name: 'web', ...spec }, operator);
}

/** A SystemSoftware. A version that is given as a string brings files and nothing else. */
export function software(name: string, ...versions: readonly (SoftwareRelease | string)[]): SoftwareCatalogue {
  return readSoftware(
    name,
    { versions: versions.map((v) => (typeof v === 'string' ? softwareRelease(name, v) : v)) },
    config,
  );
}

export function softwareRelease(name: string, version: string, more: Partial<SoftwareRelease> = {}): SoftwareRelease {
  const provides = {
    image: `registry.example.com/software/${name}:${version}`,
    path: `/opt/${name}`,
    mountPath: `/opt/${name}`,
  };
  return { version, provides, ...more };
}

export function shelf(...published: readonly SoftwareCatalogue[]): Shelf {
  return new Map(published.map((one) => [one.name, one]));
}

export function installation(
  spec: Partial<InstallationSpec> = {},
  more: Partial<Installation> & { status?: InstallationStatus } = {},
): Installation {
  return {
    namespace: 'shop',
    name: 'web',
    uid: 'uid-web',
    resourceVersion: '1',
    generation: 1,
    deleting: false,
    retry: undefined,
    restart: undefined,
    invalid: undefined,
    spec: InstallationSpec.parse({ provider: 'acme/web', ...spec }),
    status: { observedGeneration: -1 },
    ...more,
  };
}

/** References for which every ConfigMap is missing and Secrets are not watched. */
export const noReferences: References = {
  content: (kind) => ({ kind: kind === 'Secret' ? 'unwatched' : 'missing' }),
};

export function observed(more: Partial<Observed> = {}): Observed {
  return {
    installation: installation(),
    catalogue: catalogue('1.0.0'),
    deployment: undefined,
    service: undefined,
    budget: undefined,
    revisions: [],
    mayGenerate: true,
    firstSeen: undefined,
    kubernetesVersion: undefined,
    retries: [],
    software: shelf(),
    slot: 'free',
    pods: [],
    references: noReferences,
    config,
    heals: {},
    ...more,
  };
}
