import type { Release } from '../../api/provider.ts';
import type { SoftwareRelease } from '../../api/software.ts';
import type { Catalogue } from '../../plan/catalogue/catalogue.ts';
import type { Caches } from '../../reconcile/caches.ts';
import type { ProviderView, SoftwareView } from '../../reconcile/project.ts';
import { appId, appVersionId, softwareId, softwareVersionId } from './ids.ts';

/** Finds what is published by its id; undefined where there is none. */

export function findApp({ providers }: Caches, id: string): ProviderView | undefined {
  return Array.from(providers.values()).find(
    ({ catalogue, invalid }) => invalid === undefined && appId(catalogue.provider) === id.toLowerCase(),
  );
}

export function findVersion({ catalogue }: Pick<ProviderView, 'catalogue'>, id: string): Release | undefined {
  return versionsById(catalogue).get(id.toLowerCase());
}

/** Made once for each catalogue: a hash of every version of every provider takes half a second. */
const indexes = new WeakMap<Catalogue, ReadonlyMap<string, Release>>();

function versionsById(catalogue: Catalogue): ReadonlyMap<string, Release> {
  const known = indexes.get(catalogue);
  if (known) {
    return known;
  }
  const { provider, releases } = catalogue;
  const index = new Map(releases.map((release) => [appVersionId(provider, release.version), release]));
  indexes.set(catalogue, index);
  return index;
}

/** Of whatever app. */
export function findAnyVersion(caches: Caches, id: string): { provider: string; version: string } | undefined {
  for (const view of caches.providers.values()) {
    const release = view.invalid === undefined ? findVersion(view, id) : undefined;
    if (release) {
      return { provider: view.catalogue.provider, version: release.version };
    }
  }
  return undefined;
}

export function findSoftware({ software }: Caches, id: string): SoftwareView | undefined {
  return Array.from(software.values()).find(
    ({ key, invalid }) => invalid === undefined && softwareId(key) === id.toLowerCase(),
  );
}

export function findSoftwareVersion({ key, catalogue }: SoftwareView, id: string): SoftwareRelease | undefined {
  return catalogue.releases.find(({ version }) => softwareVersionId(key, version) === id.toLowerCase());
}
