import { findCondition, type ConditionType } from '../../../src/api/conditions.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { epoch } from '../../../src/api/time.ts';
import type { ApiObject } from '../cluster/object.ts';
import type { Change } from '../cluster/server.ts';
import { elapsed } from './time.ts';
import { failedInWords } from './writes.ts';

/** The conditions with lines of their own. The line of `Ready` also names `Reconciling` and `Stalled`. */
const TOLD: readonly ConditionType[] = ['UpgradeHealthy', 'Available', 'UpdateAvailable', 'Drifted'];

/** The lines for everything that a new status says and the former one did not. */
export function statusInWords({ before, after }: Change, startedAt: number): string[] {
  const was = statusOf(before);
  const is = statusOf(after);
  return [
    ...readyInWords(was, is),
    ...difference(softwareInWords(was), softwareInWords(is), 'software: none any more'),
    ...TOLD.flatMap((type) => conditionInWords(type, was, is)),
    ...difference(pendingInWords(was, startedAt), pendingInWords(is, startedAt), 'pending: nothing any more'),
    ...difference(failuresInWords(was, startedAt), failuresInWords(is, startedAt), 'failed versions: none any more'),
  ];
}

/** The versions and the history in the status of an installation at the end of a story. */
export function summaryOf(installation: ApiObject): string[] {
  const { currentVersion, installedVersion, targetVersion, history = [] } = statusOf(installation);
  const { name } = installation.metadata;
  return [
    `In the end ${name} has current ${currentVersion}, installed ${installedVersion}, target ${targetVersion}; its history, newest first:`,
    ...history.map(
      ({ trigger, from, version, result = 'under way', message }) =>
        `  ${trigger}: ${from === undefined ? '' : `${from} to `}${version}, ${result}${message === undefined ? '' : `: ${message}`}`,
    ),
  ];
}

function statusOf(installation: ApiObject | undefined): InstallationStatus {
  return installation?.['status'] ?? {};
}

function readyInWords(was: InstallationStatus, is: InstallationStatus): string[] {
  return difference(describeReady(was), describeReady(is), 'Ready is gone');
}

function describeReady({ conditions = [] }: InstallationStatus): string[] {
  const ready = findCondition(conditions, 'Ready');
  const companions = (['Reconciling', 'Stalled'] as const).filter((type) => findCondition(conditions, type));
  return ready ? [`  ${['Ready', ...companions].join('+')}=${ready.status} ${ready.reason}: ${ready.message}`] : [];
}

function conditionInWords(type: ConditionType, was: InstallationStatus, is: InstallationStatus): string[] {
  const describe = ({ conditions = [] }: InstallationStatus) => {
    const condition = findCondition(conditions, type);
    return condition ? [`  ${type}=${condition.status} ${condition.reason}: ${condition.message}`] : [];
  };
  return difference(describe(was), describe(is), `  ${type} is gone`);
}

function pendingInWords({ pendingUpgrade: pending }: InstallationStatus, startedAt: number): string[] {
  if (!pending) {
    return [];
  }
  const notBefore = pending.notBefore === undefined ? '' : `, not before ${since(pending.notBefore, startedAt)}`;
  return [`  pending: ${pending.version} by way of ${pending.path.join(', ')}: ${pending.reason}${notBefore}`];
}

function softwareInWords({ systemSoftware = [] }: InstallationStatus): string[] {
  return systemSoftware.map(
    ({ name, currentVersion = 'none', targetVersion = 'none', updatePolicy, updateAvailable, requiredBy }) => {
      const move = currentVersion === targetVersion ? currentVersion : `${currentVersion} → ${targetVersion}`;
      const newer = updateAvailable ? ', a newer one is published' : '';
      const need = requiredBy?.length ? `, needed by ${requiredBy.join(' and ')}` : '';
      return `  software: ${name} ${move}, policy ${updatePolicy}${newer}${need}`;
    },
  );
}

function failuresInWords({ failedVersions = [] }: InstallationStatus, startedAt: number): string[] {
  return failedVersions.map(({ version, software, reason, attempts, retryAfter }) => {
    const retry = retryAfter === undefined ? 'never again' : `again at ${since(retryAfter, startedAt)}`;
    const what = failedInWords({ version, ...(software !== undefined && { software }) });
    return `  failed: ${what}, ${reason}, ${attempts} time${attempts === 1 ? '' : 's'}, ${retry}`;
  });
}

function since(time: string, startedAt: number): string {
  return elapsed(epoch(time) - startedAt);
}

function difference(was: readonly string[], is: readonly string[], gone: string): string[] {
  const news = is.filter((line) => !was.includes(line));
  return news.length === 0 && is.length < was.length ? [gone.startsWith(' ') ? gone : `  ${gone}`] : news;
}
