import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../../../src/api/names.ts';
import type { RecordData } from '../../../../src/api/record.ts';
import { KINDS } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { keyOf, type ApiServer, type Change } from '../../cluster/server.ts';
import { templateOf } from '../people/deployments.ts';
import { SIMULATED } from '../simulated.ts';

/** Finds out which rollout a Deployment is in, by its label and by the present and former records. */

export function numberOf({ metadata }: ApiObject): number {
  return Number(metadata.labels?.[LABEL.rollout]);
}

/** Whether the same rollout goes on, even if somebody removed the label that names its record. */
export function isSameRollout(server: ApiServer, before: ApiObject, after: ApiObject): boolean {
  const record = recordOf(server, after);
  return (
    numberOf(before) === numberOf(after) ||
    (Number.isNaN(numberOf(before)) &&
      record !== undefined &&
      recordOf(server, before)?.metadata.uid === record.metadata.uid)
  );
}

/** The number of the record that its template was made from, by the template's annotation. */
export function madeOf(deployment: ApiObject): string | undefined {
  return templateOf(deployment).metadata?.annotations?.[ANNOTATION.rollout];
}

/**
 * The record that a Deployment names, in its last state, even if it is removed by now. If somebody removed the label of the
 * Deployment, it is the newest record that the pods are made from.
 */
export function recordOf(server: ApiServer, deployment: ApiObject): ApiObject | undefined {
  const { namespace, name, labels } = deployment.metadata;
  const key = `${keyOf({ namespace, name })}-`;
  const number = numberOf(deployment);
  const isIts = (record: ApiObject) =>
    labels?.[LABEL.rollout] === undefined ? recordedMadeOf(record) === madeOf(deployment) : orderOf(record) === number;
  const owner = ownerOf(deployment);
  return server.history.findLast(
    (c) =>
      c.kind === KINDS.ControllerRevision &&
      c.key.startsWith(key) &&
      c.after !== undefined &&
      isIts(c.after) &&
      (owner === undefined || ownerOf(c.after) === owner),
  )?.after;
}

/** The number that is in the name of a record. */
export function orderOf({ metadata }: ApiObject): number {
  return Number(metadata.name.split('-').at(-1));
}

/** The same number in the template that a record holds. */
export function recordedMadeOf(record: ApiObject | undefined): string | undefined {
  return dataOf(record)?.deployment.spec.template?.metadata?.annotations?.[ANNOTATION.rollout];
}

export function ownerOf(object: ApiObject | undefined): string | undefined {
  return object?.metadata.ownerReferences?.[0]?.uid;
}

export function dataOf(record: ApiObject | undefined): RecordData | undefined {
  return record?.['data'] as RecordData | undefined;
}

/** Why the rollout that a Deployment is in was begun. */
export function triggerOf(server: ApiServer, deployment: ApiObject): string | undefined {
  return dataOf(recordOf(server, deployment))?.trigger;
}

export function isMarked(record: ApiObject | undefined, mark: 'proven' | 'failed' | 'superseded'): boolean {
  return record?.metadata.annotations?.[ANNOTATION[mark]] !== undefined;
}

/** The highest number of the existing records that are proven; 0 if there is none. */
export function newestProven(server: ApiServer, key: string, owner: string | undefined): number {
  const proven = server
    .list(KINDS.ControllerRevision)
    .filter((r) => ownerOf(r) === owner && isMarked(r, 'proven') && keyOf(r.metadata).startsWith(`${key}-`));
  return Math.max(0, ...proven.map(orderOf));
}

/** Whether a proven template is applied again after another one: that is no new rollout, and nobody asked for one. */
export function isReturn(server: ApiServer, { kind, key, version, before, after }: Change): boolean {
  return (
    after !== undefined &&
    (before === undefined || numberOf(before) !== numberOf(after)) &&
    isMarked(recordOf(server, after), 'proven') &&
    server.history.some(
      (c) =>
        c.kind === kind &&
        c.key === key &&
        c.version < version &&
        c.by === FIELD_MANAGER &&
        c.after !== undefined &&
        ownerOf(c.after) === ownerOf(after) &&
        numberOf(c.after) === numberOf(after),
    )
  );
}

/** Whether the Deployment had no record and was recorded as the operator found it. */
export function isFound(record: ApiObject | undefined): boolean {
  return dataOf(record)?.wish === 'unknown';
}

/** The existing record that a Deployment names; if that is gone, the newest one that its pods are made from. */
export function headOf(server: ApiServer, deployment: ApiObject): ApiObject | undefined {
  const { namespace, name } = deployment.metadata;
  const records = server
    .list(KINDS.ControllerRevision)
    .filter((r) => keyOf(r.metadata).startsWith(`${keyOf({ namespace, name })}-`))
    .sort((a, b) => orderOf(b) - orderOf(a));
  return (
    records.find((r) => orderOf(r) === numberOf(deployment)) ??
    records.find((r) => recordedMadeOf(r) === madeOf(deployment))
  );
}

/**
 * Whether automation tried this version before it heard of the last wish, and the version failed with the former wish.
 * Automation then leaves the version alone until somebody asks for it.
 */
export function failedBeforeLastWish(server: ApiServer, key: string, version: string): boolean {
  const deployment = server.get(KINDS.Deployment, key);
  const { wish } = dataOf(deployment && headOf(server, deployment)) ?? {};
  return server.history.some(
    (c) =>
      c.kind === KINDS.ControllerRevision &&
      c.key.startsWith(`${key}-`) &&
      isMarked(c.after, 'failed') &&
      dataOf(c.after)?.trigger === 'Policy' &&
      dataOf(c.after)?.version === version &&
      dataOf(c.after)?.wish !== wish,
  );
}

/**
 * Whether the newest rollout failed, and its time had run out before the last wish, at a time in milliseconds. Where that
 * asks for the same pods, it is held like the wish of the rollout.
 */
export function ranOutBeforeLastWish(server: ApiServer, key: string, at: number): boolean {
  const records = server.list(KINDS.ControllerRevision).filter((r) => keyOf(r.metadata).startsWith(`${key}-`));
  const newest = records.toSorted((a, b) => orderOf(b) - orderOf(a))[0];
  const deadlineMs = SIMULATED.defaults.progressDeadlineSeconds * 1000;
  return isMarked(newest, 'failed') && Date.parse(dataOf(newest)?.startedAt ?? '') + deadlineMs <= at;
}

/** Whether a later failure went back to a Deployment that somebody had changed while its record was gone. */
export function isBackToWhatWasFound(server: ApiServer, key: string): boolean {
  const deployment = server.get(KINDS.Deployment, key);
  const record = deployment && recordOf(server, deployment);
  return (
    dataOf(record)?.committed.wish === 'unknown' &&
    server
      .list(KINDS.ControllerRevision)
      .some((r) => keyOf(r.metadata).startsWith(`${key}-`) && isMarked(r, 'failed') && ownerOf(r) === ownerOf(record))
  );
}
