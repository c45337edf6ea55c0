import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../../src/api/names.ts';
import type { RecordData } from '../../../src/api/record.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import { keyOf, type ApiServer, type Change } from '../cluster/server.ts';

/** Which rollout a Deployment is in, by its label and the records that there were. */

export function numberOf({ metadata }: ApiObject): number {
  return Number(metadata.labels?.[LABEL.rollout]);
}

/** The record that a Deployment names, as it is or was last; also one that is removed by now. */
export function recordOf(server: ApiServer, deployment: ApiObject): ApiObject | undefined {
  const { namespace, name } = deployment.metadata;
  const key = `${keyOf({ namespace, name })}-${numberOf(deployment)}`;
  const owner = ownerOf(deployment);
  return server.history.findLast(
    (c) =>
      c.kind === KINDS.ControllerRevision &&
      c.key === key &&
      c.after !== undefined &&
      (owner === undefined || ownerOf(c.after) === owner),
  )?.after;
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

/** The highest number of a record that was done, of those that are there. */
export function newestProven(server: ApiServer, key: string, owner: string | undefined): number {
  const proven = server
    .list(KINDS.ControllerRevision)
    .filter((r) => ownerOf(r) === owner && isMarked(r, 'proven') && keyOf(r.metadata).startsWith(`${key}-`));
  return Math.max(0, ...proven.map(({ metadata }) => Number(metadata.name.split('-').at(-1))));
}

/** What is proven is applied again after something else: no new rollout, and nobody asked for one. */
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
