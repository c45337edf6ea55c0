import { startAfter } from './attempt.ts';
import type { Failure } from './failure-memory.ts';
import type { Observed } from './observed.ts';
import { newest } from './revision.ts';
import type { Rollback } from './rollback.ts';
import { formatSoftware } from './software-set.ts';
import type { Keep } from './run.ts';
import type { Running } from './running.ts';
import type { Wishes } from './wish.ts';

/**
 * Somebody deleted the Deployment in the midst of a rollout, or while a failed one is held: what ran well comes first, so
 * that nothing serves on what has not proven itself. Undefined where it is not known, or what was committed was done.
 */
export function recoveryOf(
  { installation, revisions }: Observed,
  { deployment, stableSoftware }: Running,
  { failures, wish, now }: { readonly failures: readonly Failure[]; readonly wish: string; readonly now: number },
): Rollback | undefined {
  const { currentVersion, history = [] } = installation.status;
  const [last] = history;
  const wasInDoubt = last !== undefined && (last.result !== 'Succeeded' || last.trigger === 'Rollback');
  const had = formatSoftware(stableSoftware);
  const saved = newest(revisions.filter((r) => r.committed?.software === had));
  if (deployment || !wasInDoubt || saved?.version === undefined || saved.version !== currentVersion) {
    return undefined;
  }
  return {
    kind: 'rollback',
    version: saved.version,
    failed: undefined,
    revision: saved.name,
    attempt: { trigger: 'Rollback', startedAt: startAfter([last], now), wish, wayBack: saved.name },
    failures,
    stableVersion: saved.version,
  };
}

/** What came back serves first: only then is that tried again which was asked for as it came back. */
export function returningOf(
  { deployment, rollout, isAvailable, installed }: Running,
  { spec }: Wishes,
): Keep | undefined {
  const { trigger, wish } = deployment?.attempt ?? {};
  const isComing = trigger === 'Rollback' && rollout?.phase === 'progressing' && !isAvailable;
  return isComing && wish === spec && installed !== undefined ? { kind: 'keep', version: installed } : undefined;
}
