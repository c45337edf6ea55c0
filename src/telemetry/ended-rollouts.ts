import type { InstallationStatus } from '../api/installation.ts';

/** The part of a status that tells of rollouts. */
export type Rollouts = Pick<InstallationStatus, 'history'>;

type HistoryEntry = NonNullable<Rollouts['history']>[number];
type Ended = HistoryEntry & { readonly result: NonNullable<HistoryEntry['result']>; readonly completedAt: string };

/** The rollouts that were under way before and have ended since. What a lost status is rebuilt with has not ended now. */
export function endedRollouts({ history: before = [] }: Rollouts, { history: after = [] }: Rollouts): readonly Ended[] {
  return after.filter(isEnded).filter((entry) => {
    const known = before.find((b) => b.startedAt === entry.startedAt && b.trigger === entry.trigger);
    return known !== undefined && known.result === undefined;
  });
}

function isEnded(entry: HistoryEntry): entry is Ended {
  return entry.result !== undefined && entry.completedAt !== undefined;
}
