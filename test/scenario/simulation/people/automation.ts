import semver from 'semver';
import type { Release } from '../../../../src/api/provider.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { specOf, statusOf, type Wish } from './people.ts';

/** The only window in the simulation: the first 3 of every 10 minutes. It is computed without the operator's code. */
const SCHEDULE = '*/10 * * * *';
const EVERY_MS = 600_000;
const OPEN_MS = 180_000;
/** How late the write may be of a rollout that was decided at the end of a window. */
const LATE_MS = 30_000;

export const WINDOWS: NonNullable<NonNullable<Wish['upgrade']>['windows']> = [
  { kind: 'allow', schedule: SCHEDULE, duration: '3m', timeZone: 'UTC' },
];

/** Whether automation may begin anything now. */
export function isInTime(installation: ApiObject, now: number): boolean {
  const { upgrade = {} } = specOf(installation);
  return upgrade.windows?.[0]?.schedule !== SCHEDULE || now % EVERY_MS < OPEN_MS + LATE_MS;
}

/** Whether the releases and the tenant's limits let automation go to one. Former failures are not considered. */
export function isOpenTo(
  provider: ApiObject,
  installation: ApiObject,
  { runs = '0.0.0', version }: { readonly runs: string | undefined; readonly version: string },
  now: number,
): boolean {
  const { versions } = provider['spec'] as { readonly versions: readonly Release[] };
  const release = versions.find((r) => r.version === version);
  const { upgrade = {} } = specOf(installation);
  const isCrossed = (r: Release) => r.breaking && semver.gt(r.version, runs) && semver.lte(r.version, version);
  // Before the first install nothing serves, so there is nothing to wait for and nothing can break.
  const isFirst = statusOf(installation).currentVersion === undefined;
  return (
    release !== undefined &&
    (isFirst || (!versions.some(isCrossed) && isInTime(installation, now))) &&
    release.lifecycle?.stage !== 'yanked' &&
    !(upgrade.skipVersions ?? []).includes(version)
  );
}
