import type { Release } from '../../../../src/api/provider.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { specOf, statusOf, type Wish } from './people.ts';

/** The only window that anybody has here: the first minutes of every ten. Told in another way than the operator's. */
const SCHEDULE = '*/10 * * * *';
const EVERY_MS = 600_000;
const OPEN_MS = 180_000;
/** A decision of the last moment is written a little later. */
const LATE_MS = 30_000;

export const WINDOWS: NonNullable<NonNullable<Wish['upgrade']>['windows']> = [
  { kind: 'allow', schedule: SCHEDULE, duration: '3m', timeZone: 'UTC' },
];

/** Whether automation may begin anything now. */
export function isInTime(installation: ApiObject, now: number): boolean {
  const { upgrade = {} } = specOf(installation);
  return upgrade.windows?.[0]?.schedule !== SCHEDULE || now % EVERY_MS < OPEN_MS + LATE_MS;
}

/** Whether automation may take a release, as far as the release and the tenant's limits say; not what failed. */
export function isOpenTo(provider: ApiObject, installation: ApiObject, version: string, now: number): boolean {
  const { versions } = provider['spec'] as { readonly versions: readonly Release[] };
  const release = versions.find((r) => r.version === version);
  const { upgrade = {} } = specOf(installation);
  // Where nothing serves yet, nothing is won by waiting, and nothing can break.
  const isFirst = statusOf(installation).currentVersion === undefined;
  return (
    release !== undefined &&
    (isFirst || (release.breaking === undefined && isInTime(installation, now))) &&
    release.lifecycle?.stage !== 'yanked' &&
    !(upgrade.skipVersions ?? []).includes(version)
  );
}
