import type { InstallationStatus } from '../../api/installation.ts';
import { epoch, timestamp } from '../../api/time.ts';
import { writesDeployment } from '../act/actions.ts';
import { appliedNow, type Findings, type Told } from './findings.ts';
import { isProven, parseMark, returnedAt, REFUSED, wasGivenUp } from '../state/record.ts';
import { inWords, movedSince, parseSoftware } from '../software/set.ts';

type Entry = NonNullable<InstallationStatus['history']>[number];

/** As many as tell a story; no decision reads them. */
const MOST_ENTRIES = 10;

/**
 * The rollouts, newest first: those that the records tell of, and before them those that were told when older records were still
 * there. An entry begins with the write that applies its template, so that it costs no write of its own.
 */
export function historyOf(findings: Findings): readonly Entry[] {
  const { observed, now } = findings;
  const before = observed.installation.status.history ?? [];
  const applied = appliedNow(findings);
  const records = recordsAfter(findings, applied);
  const head = applied?.number ?? findings.state.head?.number;
  const known = [...returnOf(findings, records, head), ...records.flatMap((r) => entryOf(r, records, head))]
    .map((entry) => withFormer(entry, before))
    .sort(byStart);
  const others = before
    .filter((entry) => !known.some((k) => isSameEntry(k, entry)))
    .map((entry) =>
      entry.result === undefined ? { ...entry, ...ended(endOfUnknown(entry, findings), entry, timestamp(now)) } : entry,
    );
  return [...known, ...others].sort(byStart).slice(0, MOST_ENTRIES);
}

/** The records with what this pass writes of them, newest first. */
function recordsAfter({ state, actions }: Findings, applied: Told | undefined): readonly Told[] {
  const marks = new Map(
    actions.writes.flatMap((w) => (w.kind === 'mark' ? [[w.object.metadata.name, w] as const] : [])),
  );
  const known = state.records.map((record): Told => {
    const written = marks.get(record.name);
    return written ? { ...record, mark: parseMark(written.object.metadata.annotations) } : record;
  });
  return !applied || known.some(({ number }) => number === applied.number) ? known : [applied, ...known];
}

/** Undefined for one that was never applied. */
function entryOf(record: Told, records: readonly Told[], head: number | undefined): Entry[] {
  const { number, version, from, trigger, startedAt, mark } = record;
  const isApplied = number <= (head ?? 0) || isProven(record) || wasGivenUp(record);
  if (!isApplied || mark.failure?.reason === REFUSED) {
    return [];
  }
  const moved = trigger === 'SystemSoftware' ? inWords(movedBy(record, records)) : '';
  const entry: Entry = {
    version,
    ...(from !== undefined && from !== version && { from }),
    trigger,
    startedAt,
    ...(moved !== '' && { message: moved }),
  };
  return [{ ...entry, ...endOf(record, records, head) }];
}

/** The software that moved by its own policy: each that differs from the record that was stable before. */
function movedBy({ number, committed }: Told, records: readonly Told[]) {
  const before = records.find((r) => r.number < number && isProven(r));
  return movedSince(parseSoftware(before?.committed.software), parseSoftware(committed.software));
}

function endOf(record: Told, records: readonly Told[], head = 0): Partial<Entry> {
  const { mark, number, from } = record;
  if (mark.provenAt !== undefined) {
    return ended('Succeeded', record, mark.provenAt);
  }
  if (mark.failure) {
    const { at, message } = mark.failure;
    // Where nothing was stable, or going back is switched off, it stays as it is.
    const isBack = number !== head && from !== undefined;
    return { ...ended(isBack ? 'RolledBack' : 'Failed', record, at), message };
  }
  if (mark.supersededAt !== undefined) {
    const { why, supersededAt } = mark;
    return why === undefined
      ? ended('Superseded', record, supersededAt)
      : { ...ended('RolledBack', record, supersededAt), message: why };
  }
  const next = records.findLast((r) => r.number > number);
  return number < head && next ? ended('Superseded', record, next.startedAt) : {};
}

/**
 * The entry of a way back: the stable record is applied again after another was given up, which has no record of its own.
 */
function returnOf({ state, actions, now }: Findings, records: readonly Told[], head: number | undefined): Entry[] {
  const to = records.find((r) => r.number === head);
  const given = to && isProven(to) ? records.find((r) => r.number > to.number && wasGivenUp(r)) : undefined;
  const start = given && returnedAt(given);
  if (!to || !given || start === undefined) {
    return [];
  }
  const isCancel = !given.mark.failure && given.mark.why === undefined;
  const hasArrived =
    state.head?.number === head && state.isRolledOut && !state.isReturning && !writesDeployment(actions);
  const entry: Entry = {
    version: to.version,
    ...(!isCancel && given.version !== to.version && { from: given.version }),
    trigger: isCancel ? 'Spec' : 'Rollback',
    // Each has a second of its own.
    startedAt: timestamp(Math.max(epoch(start), epoch(given.startedAt) + 1000)),
  };
  return [hasArrived ? { ...entry, ...ended('Succeeded', entry, timestamp(now)) } : entry];
}

/** The end of an entry whose record is gone: it arrived if it is what runs, else something followed it. */
function endOfUnknown({ version }: Entry, { state }: Findings): NonNullable<Entry['result']> {
  const hasArrived = state.isRolledOut && !state.isReturning && state.head?.version === version;
  return hasArrived ? 'Succeeded' : 'Superseded';
}

/** An end that was told stays as it was told. */
function withFormer(entry: Entry, before: readonly Entry[]): Entry {
  const former = before.find((b) => isSameEntry(b, entry));
  return former?.result !== undefined && (former.result === entry.result || entry.result === undefined)
    ? { ...entry, result: former.result, ...(former.completedAt && { completedAt: former.completedAt }) }
    : entry;
}

/** No rollout ends before it began. */
function ended(result: NonNullable<Entry['result']>, { startedAt }: Pick<Entry, 'startedAt'>, at: string) {
  return { result, completedAt: epoch(at) < epoch(startedAt) ? startedAt : at };
}

function isSameEntry(a: Entry, b: Entry): boolean {
  return a.startedAt === b.startedAt && a.version === b.version;
}

function byStart(a: Entry, b: Entry): number {
  return epoch(b.startedAt) - epoch(a.startedAt);
}
