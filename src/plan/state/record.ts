import { parseFailures } from '../../api/failure.ts';
import { ANNOTATION } from '../../api/names.ts';
import { epoch, timestamp } from '../../api/time.ts';
import type { Installation, Mark, Observed, RolloutRecord } from './observed.ts';
import { NO_SOFTWARE, parseSoftware, type SoftwareSet } from '../software/set.ts';

/**
 * A rollout begins with a record and ends with a mark. The record is a ControllerRevision that is written before the
 * Deployment is applied; the mark is a set of annotations on it, applied by a field manager of its own, because an apply
 * by the first one would have to repeat the data, which cannot change.
 */

/** Stands for a spec that says nothing of system software by now. */
export const NOTHING_ASKED = 'nothing';

/** The annotations of a mark; each of them is all that the marker owns afterwards. */
export function formatMark(mark: Mark): Record<string, string> {
  const { provenAt, failure, supersededAt, why, returnedAt, returnFailure, asked, isConsentReturned } = mark;
  return {
    ...(provenAt !== undefined && { [ANNOTATION.proven]: provenAt }),
    ...(failure && { [ANNOTATION.failed]: JSON.stringify(failure) }),
    ...(supersededAt !== undefined && {
      [ANNOTATION.superseded]: why === undefined ? supersededAt : `${supersededAt} ${why}`,
    }),
    ...(returnedAt !== undefined && { [ANNOTATION.returned]: returnedAt }),
    ...(returnFailure && { [ANNOTATION.returnFailed]: `${returnFailure.reason} ${returnFailure.message}` }),
    ...(asked !== undefined && { [ANNOTATION.asked]: asked }),
    ...(isConsentReturned && { [ANNOTATION.consentReturned]: 'true' }),
  };
}

export function parseMark(annotations: Readonly<Record<string, string>>): Mark {
  const provenAt = timeIn(annotations[ANNOTATION.proven]);
  const returnedAt = timeIn(annotations[ANNOTATION.returned]);
  const [supersededAt, why] = twoParts(annotations[ANNOTATION.superseded]);
  const [failure] = parseFailures(annotations[ANNOTATION.failed] && `[${annotations[ANNOTATION.failed]}]`);
  const [reason, message] = twoParts(annotations[ANNOTATION.returnFailed]);
  const asked = annotations[ANNOTATION.asked];
  return {
    ...(provenAt !== undefined && { provenAt }),
    ...(failure && { failure }),
    ...(timeIn(supersededAt) !== undefined && { supersededAt, ...(why !== undefined && { why }) }),
    ...(returnedAt !== undefined && { returnedAt }),
    ...(reason !== undefined && { returnFailure: { reason, message: message ?? '' } }),
    ...(asked !== undefined && { asked }),
    ...(annotations[ANNOTATION.consentReturned] !== undefined && { isConsentReturned: true }),
  };
}

/** A word, and what follows it. */
function twoParts(text = ''): (string | undefined)[] {
  return /^(\S+)(?: (.+))?$/s.exec(text)?.slice(1) ?? [];
}

function timeIn(text: string | undefined): string | undefined {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text ?? '') ? text : undefined;
}

/** When a rollout ended without being done; undefined while it is under way, and where it was done. */
export function endedAt({ mark }: Pick<RolloutRecord, 'mark'>): string | undefined {
  return mark.failure?.at ?? mark.supersededAt;
}

/** Reason of a failure whose Deployment the API server refused: no pod was ever asked for. */
export const REFUSED = 'Refused';

/** When what is stable was applied again after it. */
export function returnedAt(record: Pick<RolloutRecord, 'mark'>): string | undefined {
  return record.mark.returnedAt ?? endedAt(record);
}

/** It was applied, and then something else was. What the API server refused never was applied. */
export function wasGivenUp(record: Pick<RolloutRecord, 'mark'>): boolean {
  return endedAt(record) !== undefined && record.mark.failure?.reason !== REFUSED;
}

export function isProven({ mark }: Pick<RolloutRecord, 'mark'>): boolean {
  return mark.provenAt !== undefined;
}

/**
 * The records that count, newest first. One without an owner was left behind by an earlier installation of this name: it
 * comes with the Deployment that was left behind with it, if it is of the same provider.
 */
export function recordsOf(
  { uid, spec }: Pick<Installation, 'uid' | 'spec'>,
  deployment: object | undefined,
  revisions: Observed['revisions'],
): readonly RolloutRecord[] {
  return revisions
    .filter((r) => r.kind === 'record')
    .filter(({ owner, provider }) => owner?.uid === uid || (!owner && deployment && provider === spec.provider))
    .sort((a, b) => b.number - a.number);
}

/** From a record or a mark to the apply that follows it: another process may have to take over in between. */
export const LONGEST_UNTIL_APPLIED_MS = 60_000;

/** Neither done nor ended in another way. */
export function isOpen(record: RolloutRecord): boolean {
  return !isProven(record) && endedAt(record) === undefined;
}

/** The newest that is open and that no Deployment names: its write was refused or never made, or somebody deleted the Deployment. */
export function begunRecord({
  records: [newest],
  head,
}: {
  readonly records: readonly RolloutRecord[];
  readonly head: RolloutRecord | undefined;
}): RolloutRecord | undefined {
  return newest && isOpen(newest) && newest !== head ? newest : undefined;
}

/** Hash of what the spec said about system software when it was looked at last. Undefined where it said nothing. */
export function askedOf({ mark, committed }: Pick<RolloutRecord, 'mark' | 'committed'>): string | undefined {
  return mark.asked === NOTHING_ASKED ? undefined : (mark.asked ?? committed.asked);
}

/** When the next one begins or ends: each has a second of its own, by which it is told from others. */
export function timeAfter(records: readonly RolloutRecord[], now: number): string {
  const times = records.flatMap((record) => [record.startedAt, endedAt(record)]);
  return timestamp(Math.max(now, ...times.map((time) => (time === undefined ? now : epoch(time) + 1000))));
}

/** Labels are anybody's to set: what no counting reaches says nothing. */
const HIGHEST_LABEL = 99_999_999;

/** Never one that was used, be it by somebody else. */
export function nextNumber({ revisions, deployment }: Pick<Observed, 'revisions' | 'deployment'>): number {
  const { record = 0 } = deployment ?? {};
  return Math.max(0, record > HIGHEST_LABEL ? 0 : record, ...revisions.map((r) => r.number)) + 1;
}

/** The system software that a rollout was given; none without a record. */
export function softwareOf(record: Pick<RolloutRecord, 'committed'> | undefined): SoftwareSet {
  return record ? parseSoftware(record.committed.software) : NO_SOFTWARE;
}
