import type { Observed, RolloutRecord, StrayRevision } from './observed.ts';
import { isProven } from './record.ts';
import type { State } from './state.ts';

/**
 * Records that nothing needs any more, once what runs is done: kept are what is stable, what was stable before it, and the
 * newest one, whose number and failures the next one goes on from.
 */
export function surplusOf({ records, head, stable, isReturning }: State): readonly RolloutRecord[] {
  if (!stable || head !== stable || isReturning) {
    return [];
  }
  const before = records.find((r) => isProven(r) && r.number < stable.number);
  const kept: readonly (RolloutRecord | undefined)[] = [stable, before, records[0]];
  return records.filter((r) => !kept.includes(r));
}

/** What an earlier installation of this name left behind without a use for it, and what is no record. */
export function straysOf(
  { installation, revisions }: Observed,
  { records }: Pick<State, 'records'>,
): readonly (RolloutRecord | StrayRevision)[] {
  return revisions.filter(
    (r) => (r.kind === 'stray' || !records.includes(r)) && (!r.owner || r.owner.uid === installation.uid),
  );
}
