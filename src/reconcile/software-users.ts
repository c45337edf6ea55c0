import type { Installation } from '../plan/state/observed.ts';
import { providerKey, type Caches } from './caches.ts';

/**
 * The keys of all installations that a change of a SystemSoftware may concern. Any of them, because what they have may need
 * it in turn; nobody else.
 */
export function softwareUsers({
  installations,
  providers,
}: {
  readonly installations: Pick<Caches['installations'], 'values'>;
  readonly providers: Pick<Caches['providers'], 'values'>;
}): string[] {
  const needing = new Set(
    [...providers.values()]
      .filter(({ catalogue }) => catalogue.releases.some((r) => isAny(r.systemSoftwareDependencies)))
      .map(({ key }) => key),
  );
  return [...installations.values()]
    .filter((installation) => hasSoftware(installation) || needing.has(providerKey(installation.spec.provider)))
    .map(({ key }) => key);
}

function hasSoftware({ spec, status }: Installation): boolean {
  return isAny(spec.systemSoftware) || isAny(status.systemSoftware);
}

function isAny(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}
