import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../../src/cluster/resource.ts';
import type { AdminApi } from './admin-api.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };
const ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};

/** Makes a namespace and waits until pods can be made in it. */
export async function createNamespace(api: AdminApi, name: string): Promise<void> {
  await api.apply(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  while ((await api.list(ACCOUNTS, name)).length === 0) {
    await sleep(50);
  }
}

/** Begins to delete a namespace with all its contents. */
export function deleteNamespace(api: AdminApi, name: string): Promise<void> {
  return api.remove(NAMESPACES, { name });
}

export async function hasNamespace(api: AdminApi, name: string): Promise<boolean> {
  const namespaces = await api.list<{ readonly metadata: { readonly name: string } }>(NAMESPACES);
  return namespaces.some(({ metadata }) => metadata.name === name);
}
