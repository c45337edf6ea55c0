import type { Observed, RolloutRecord, StrayRevision } from '../state/observed.ts';
import { isOpen, isProven } from '../state/record.ts';
import type { State } from '../state/state.ts';

/**
 * Records that nothing needs any more, once what runs is done or has failed: kept are that, what is stable, what was stable
 * before it, and the newest one, whose number and failures the next one goes on from.
 */
export function surplusOf({ records, head, stable, isReturning, rollout }: State): readonly RolloutRecord[] {
  if (!head || isReturning || (head !== stable && rollout?.phase !== 'failed')) {
    return [];
  }
  const before = stable && records.find((r) => isProven(r) && r.number < stable.number);
  const kept: readonly (RolloutRecord | undefined)[] = [head, stable, before, records[0]];
  return records.filter((r) => !kept.includes(r));
}

/** Records of rollouts that never got a Deployment, as where the API server refuses each: the one that begins takes their place. */
export function neverBegun({ records, head }: State, begins: RolloutRecord | undefined): readonly RolloutRecord[] {
  const other = records.findIndex((r) => r === head || !isOpen(r));
  return records.slice(0, other < 0 ? undefined : other).filter(({ number }) => number !== begins?.number);
}

/** ControllerRevisions of an earlier installation of this name that nobody needs, and those that are no records. */
export function straysOf(
  { installation, revisions }: Observed,
  { records }: Pick<State, 'records'>,
): readonly (RolloutRecord | StrayRevision)[] {
  return revisions
    .filter((r) => r.kind !== 'generated')
    .filter((r) => (r.kind === 'stray' || !records.includes(r)) && (!r.owner || r.owner.uid === installation.uid));
}
