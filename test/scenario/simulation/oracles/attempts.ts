import { isDeepStrictEqual } from 'node:util';
import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../../../src/api/names.ts';
import { KINDS } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { keyOf, type ApiServer, type Change } from '../../cluster/server.ts';
import { containerOf, isAvailable, templateOf, versionOf } from '../people/deployments.ts';
import type { Deed } from './deed.ts';
import { PROVIDER, published, publishedSoftware } from '../people/people.ts';
import {
  dataOf,
  isFound,
  isMarked,
  isReturn,
  isSameRollout,
  madeOf,
  newestProven,
  numberOf,
  orderOf,
  ownerOf,
  recordedMadeOf,
  recordOf,
  triggerOf,
} from './records.ts';
import { SIMULATED } from '../simulated.ts';
import { softwareOf, type SoftwareSet } from './software-rules.ts';

/** How long a failure may stay unmarked after the deadline, because another process may have to mark it. */
const UNTIL_MARKED_MS = 60_000;

/**
 * Judges each rollout that an operator begins. Nothing that failed begins again unasked. Nothing that was done is taken
 * back. No more automatic rollouts are under way at once than the platform team allows.
 */
export function badAttempts(deed: Deed): string[] {
  const { change, server } = deed;
  const { before, after, key } = change;
  if (!after) {
    return [];
  }
  if (before && isSameRollout(server, before, after)) {
    // What only says anew who owns the fields goes on with nothing.
    const goesOn = !isDeepStrictEqual(templateOf(before), templateOf(after));
    return goesOn && knewThatItWasUndone(deed)
      ? [`${versionOf(after)} of ${key} was undone in its midst, and goes on`]
      : [];
  }
  const bad: string[] = [];
  const trigger = isReturn(server, change) ? 'Return' : triggerOf(server, after);
  if (trigger === 'Policy' && before && versionOf(before) !== versionOf(after) && failedForGood(server, change)) {
    bad.push(`automation tries ${versionOf(after)} for ${key} again, which failed`);
  }
  const proven = newestProven(server, key, ownerOf(after));
  if (numberOf(after) < proven) {
    bad.push(`record ${proven} of ${key} was done, and ${numberOf(after)} takes its place`);
  }
  const underWay = server.list(KINDS.Deployment).filter((d) => isUnderWay(server, d, deed.now));
  const isBegun = before === undefined || !isDeepStrictEqual(templateOf(before), templateOf(after));
  // An edit during a rollout keeps the place of that rollout. If that was found without a record, it may be one too many.
  const former = before && recordOf(server, before);
  if (isBegun && before && beginsIntoOutage(deed, trigger)) {
    bad.push(`automation begins ${versionOf(after)} for ${key} while pods are missing`);
  }
  const isEdit = isOpen(former) && isUnasked(dataOf(former)?.trigger) && versionOf(before!) === versionOf(after);
  if (isBegun && isUnasked(trigger) && !isEdit && underWay.length > deed.mostAtOnce) {
    const keys = underWay.map(({ metadata }) => keyOf(metadata)).join(', ');
    bad.push(`${underWay.length} rollouts that nobody asked for are under way at once: ${keys}`);
  }
  return bad;
}

/** Whether automation moves what was done once, although all that it knew says that pods are missing. */
function beginsIntoOutage({ process, request, change, server }: Deed, trigger: string | undefined): boolean {
  const { before, key } = change;
  const seen = process.views.between(KINDS.Deployment, key, request.lookedAt, request.sentAt);
  const standing = before && recordOf(server, before);
  return (
    (trigger === 'Policy' || trigger === 'SystemSoftware') &&
    isMarked(standing, 'proven') &&
    seen.length > 0 &&
    !seen.some(isAvailable)
  );
}

const MARKS = ['proven', 'failed', 'superseded'] as const;

/**
 * Whether somebody brought back another template before the rollout was done, and the operator had heard of that. Where nothing was
 * ever done, there is nothing to leave in its place, and the wish stands: seed 139769.
 */
function knewThatItWasUndone({ process, request, change, server }: Deed): boolean {
  if (newestProven(server, change.key, ownerOf(change.after)) === 0) {
    return false;
  }
  const seen = process.views.between(KINDS.Deployment, change.key, request.lookedAt, request.sentAt);
  return (
    seen.length > 0 &&
    seen.every((d) => d !== undefined && !isMadeOf(server, d) && numberOf(d) === numberOf(change.after!)) &&
    !isMarked(recordOf(server, change.after!), 'proven')
  );
}

/** Judges that a proven record stays proven and is never marked as failed. */
export function badMarks({ change: { kind, before, after, key } }: Deed): string[] {
  const isMark = kind === KINDS.ControllerRevision && isMarked(before, 'proven') && after !== undefined;
  return isMark && (!isMarked(after, 'proven') || isMarked(after, 'failed'))
    ? [`the record ${key} was done, and loses its mark or is blamed`]
    : [];
}

/** Judges that a failure is known until the operator heard of a newer record, which takes it over and may be gone by now. */
export function lostFailures({ server, process, request, change: { kind, key, before } }: Deed): string[] {
  const owner = ownerOf(before);
  const newer = server.history.flatMap(({ kind: of, key: name, after }) =>
    of === KINDS.ControllerRevision && after && ownerOf(after) === owner && orderOf(after) > orderOf(before!)
      ? [name]
      : [],
  );
  const isNewest = !newer.some((name) =>
    process.views
      .between(KINDS.ControllerRevision, name, request.lookedAt, request.sentAt)
      .some((r) => r !== undefined),
  );
  return kind === KINDS.ControllerRevision && isMarked(before, 'failed') && owner !== undefined && isNewest
    ? [`what failed with the record ${key} is forgotten`]
    : [];
}

function isUnasked(trigger: string | undefined): boolean {
  return trigger === 'Policy' || trigger === 'SystemSoftware' || trigger === 'Tier';
}

function isOpen(record: ApiObject | undefined): boolean {
  return record !== undefined && !MARKS.some((mark) => isMarked(record, mark));
}

/** Whether the head is an automatic rollout, not proven, without a verdict, and not long past the platform's deadline. */
function isUnderWay(server: ApiServer, deployment: ApiObject, now: number): boolean {
  const record = recordOf(server, deployment);
  const data = dataOf(record);
  const { defaults } = SIMULATED;
  return (
    data !== undefined &&
    isUnasked(data.trigger) &&
    isOpen(record) &&
    now < Date.parse(data.startedAt) + defaults.progressDeadlineSeconds * 1000 + UNTIL_MARKED_MS &&
    // A Deployment that was found has lost its first record.
    !isFound(record) &&
    !continuesFound(server, deployment) &&
    isMadeOf(server, deployment) &&
    isInSight(server, deployment)
  );
}

/** An edit in the midst of a rollout that was found has the place of that one, which is none: seed 523615. */
function continuesFound(server: ApiServer, deployment: ApiObject): boolean {
  const key = `${keyOf(deployment.metadata)}-`;
  const former = server.history.findLast(
    ({ kind, key: name, after }) =>
      kind === KINDS.ControllerRevision &&
      name.startsWith(key) &&
      after !== undefined &&
      orderOf(after) === numberOf(deployment) - 1,
  )?.after;
  return isFound(former) && isOpen(former) && dataOf(former)?.version === versionOf(deployment);
}

/** Whether the template is that of its record, so that nobody brought back another one. */
function isMadeOf(server: ApiServer, deployment: ApiObject): boolean {
  return madeOf(deployment) === recordedMadeOf(recordOf(server, deployment));
}

/**
 * Whether the operator can know of the rollout. A Deployment that lost its label or its owner is out of sight until it is
 * heard of again. One that somebody deleted and made again was gone for a moment. One whose record somebody deleted is not
 * known to be a rollout. One whose installation is gone will be gone, too.
 */
function isInSight(server: ApiServer, { metadata }: ApiObject): boolean {
  const owner = metadata.ownerReferences?.[0]?.uid;
  const creation = server.history.find((c) => c.before === undefined && c.after?.metadata.uid === metadata.uid);
  return (
    metadata.labels?.[LABEL.installation] !== undefined &&
    server.get(KINDS.ControllerRevision, `${keyOf(metadata)}-${metadata.labels[LABEL.rollout]}`) !== undefined &&
    creation?.by === FIELD_MANAGER &&
    server.list(KINDS.ProviderInstallation).some((installation) => installation.metadata.uid === owner)
  );
}

/** Whether the same image was taken back after its containers had started, and nobody has asked for it since. */
function failedForGood(server: ApiServer, { key, version, after }: Change): boolean {
  const owner = ownerOf(after);
  const image = after && containerOf(after)?.image;
  const isIt = (d: ApiObject) => versionOf(d) === versionOf(after!) && containerOf(d)?.image === image;
  const failure = server.history.findLast(
    (c) =>
      c.kind === KINDS.Deployment &&
      c.key === key &&
      c.version < version &&
      c.by === FIELD_MANAGER &&
      c.before !== undefined &&
      ownerOf(c.before) === owner &&
      isTakenBack(server, c) &&
      // If system software moved, it is to blame and not the release.
      triggerOf(server, c.before) !== 'SystemSoftware' &&
      isIt(c.before),
  );
  return (
    failure?.before !== undefined &&
    hadStarted(server, failure.before) &&
    // A Deployment that somebody had changed says nothing against the release.
    dataOf(recordOf(server, failure.before))?.committed.wish !== 'unknown' &&
    !wasYankedEver(server, versionOf(failure.before)) &&
    !broughtYankedSoftware(server, failure) &&
    !wasAskedForSince(server, failure, key) &&
    !isForgotten(server, failure)
  );
}

/** Whether somebody deleted the last record that knew of the failure. */
function isForgotten(server: ApiServer, failure: Change): boolean {
  const failed = versionOf(failure.before!);
  const knows = (record: ApiObject | undefined) =>
    (isMarked(record, 'failed') && dataOf(record)?.version === failed) ||
    dataOf(record)?.failures.some(({ version }) => version === failed) === true;
  const knowing = new Set<string>();
  return server.history.some(({ kind, key, after, by, version }) => {
    if (kind !== KINDS.ControllerRevision || !key.startsWith(`${failure.key}-`)) {
      return false;
    }
    const hasKnown = knowing.delete(key);
    if (knows(after)) {
      knowing.add(key);
    }
    return hasKnown && knowing.size === 0 && after === undefined && by !== FIELD_MANAGER && version > failure.version;
  });
}

/** Whether a failed rollout goes back by this change. */
export function isTakenBack(server: ApiServer, change: Change): boolean {
  const { before } = change;
  return before !== undefined && isReturn(server, change) && isMarked(recordOf(server, before), 'failed');
}

export function hadStarted(server: ApiServer, deployment: ApiObject): boolean {
  const number = templateOf(deployment).metadata?.annotations?.[ANNOTATION.rollout];
  return server.history.some(
    ({ kind, after }) =>
      kind === KINDS.Pod &&
      after?.metadata.annotations?.[ANNOTATION.rollout] === number &&
      after?.metadata.labels?.[LABEL.installation] === deployment.metadata.name &&
      // This includes init containers, which only copy files.
      /"phase":"Running"|"restartCount":[1-9]/.test(JSON.stringify(after?.['status'])),
  );
}

/** Whether a release was ever yanked: it is taken back although nothing is wrong with its containers. */
function wasYankedEver(server: ApiServer, version: string | undefined): boolean {
  return server.history.some(
    ({ kind, after }) =>
      kind === KINDS.Provider &&
      after !== undefined &&
      published({ get: () => after }).some((r) => r.version === version && r.lifecycle?.stage === 'yanked'),
  );
}

/** Whether any software of a set was ever yanked before the version `by` of the cluster. */
function wasSoftwareYankedEver(server: ApiServer, set: SoftwareSet, by = Infinity): boolean {
  return server.history.some(
    ({ kind, key, after, version }) =>
      kind === KINDS.SystemSoftware &&
      version < by &&
      after !== undefined &&
      publishedSoftware({ get: () => after }, key).some(
        (r) => r.version === set[key] && r.lifecycle?.stage === 'yanked',
      ),
  );
}

/** Whether a failed rollout moved to software that was yanked by then: its release may be tried with other software. */
function broughtYankedSoftware(server: ApiServer, { version, before, after }: Change): boolean {
  const had = after ? softwareOf(after) : {};
  const brought = Object.entries(before ? softwareOf(before) : {}).filter(([name, its]) => had[name] !== its);
  return wasSoftwareYankedEver(server, Object.fromEntries(brought), version);
}

export function wasAskedForSince(server: ApiServer, failure: Change, key: string): boolean {
  const retryOf = (object: ApiObject | undefined) => object?.metadata.annotations?.[ANNOTATION.retry];
  return server.history.some(
    (c) =>
      // The operator may not have seen a request that came at the moment of the failure.
      c.version > failure.version - SEEN_LATE &&
      (c.key === key || c.key === PROVIDER) &&
      (c.kind === KINDS.ProviderInstallation || c.kind === KINDS.Provider) &&
      retryOf(c.before) !== retryOf(c.after),
  );
}

/** The number of last changes that an operator may not have heard of yet. */
const SEEN_LATE = 60;
