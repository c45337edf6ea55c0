import { startAfter, type Attempt } from './attempt.ts';
import { addFailure, type Failure, type NewFailure } from './failure-memory.ts';
import type { Observed } from './observed.ts';
import { revisionOf } from './revision.ts';
import { rollbackSettings } from './rollback-settings.ts';
import type { Failed } from './rollout.ts';
import type { Running } from './running.ts';

/** Somebody asked for it, and nothing failed. */
export function isCancel({ attempt }: Restore): boolean {
  return attempt.trigger !== 'Rollback';
}

/** Which saved revision to apply again, and what the Deployment is to remember from then on. */
export interface Restore {
  readonly revision: string;
  readonly attempt: Attempt;
  readonly failures: readonly Failure[];
  readonly stableVersion: string | undefined;
}

/** What ran before is brought back whole: after a failure, or because the spec asks for it again. */
export interface Rollback extends Restore {
  readonly kind: 'rollback';
  /** What comes back. */
  readonly version: string;
  /** What was seen of the rollout that failed; undefined where its Deployment is gone, or nothing failed. */
  readonly failed: Failed | undefined;
}

/**
 * The way back after a failed rollout; undefined where nothing was stable, it is switched off, or what failed is a way back
 * itself: then whatever serves is left alone.
 */
export function rollbackOf(
  { installation, revisions, config }: Observed,
  { deployment, rollout, stable }: Running,
  memory: { readonly failures: readonly Failure[]; readonly failure: NewFailure | undefined; readonly now: number },
): Rollback | undefined {
  const { failures, failure, now } = memory;
  const attempt = deployment?.attempt;
  if (
    !failure ||
    rollout?.phase !== 'failed' ||
    attempt?.wayBack === undefined ||
    stable === undefined ||
    !rollbackSettings(installation.spec, config).enabled ||
    !revisions.some((r) => r.name === attempt.wayBack)
  ) {
    return undefined;
  }
  const wish = failure.wish ?? attempt.wish;
  return {
    kind: 'rollback',
    version: stable,
    failed: rollout,
    revision: attempt.wayBack,
    attempt: {
      ...attempt,
      wish,
      trigger: 'Rollback',
      startedAt: startAfter([attempt, installation.status.history?.[0]], now),
    },
    failures: addFailure(failures, failure, now),
    stableVersion: stable,
  };
}

/** What was committed, from its saved revision: restores it where its inputs are not known any more. */
export function restoreOf(observed: Observed, { deployment }: Running): Restore | undefined {
  const revision = revisionOf(observed, deployment?.committed)?.name;
  if (revision === undefined || !deployment?.attempt) {
    return undefined;
  }
  const { attempt, failures, stableVersion } = deployment;
  return { revision, attempt, failures, stableVersion };
}
