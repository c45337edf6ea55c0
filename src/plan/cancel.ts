import { startAfter } from './attempt.ts';
import { wishHash } from './children.ts';
import type { Configuration } from './environment.ts';
import type { Failure } from './failure-memory.ts';
import type { Observed } from './observed.ts';
import type { Rollback } from './rollback.ts';
import type { Running } from './running.ts';
import { askedSoftware, type Wishes } from './wish.ts';

interface Asked {
  readonly configuration: Configuration;
  readonly wishes: Wishes;
  readonly failures: readonly Failure[];
  readonly now: number;
}

/**
 * The spec asks for what ran before while something else is under way: it comes back just as it was saved, for its pods
 * still serve, and its release may be gone, forbidden or another by now. Undefined where the spec asks for something else,
 * too.
 */
export function cancelOf(
  { installation, revisions }: Observed,
  { deployment, stable }: Running,
  { configuration, wishes, failures, now }: Asked,
): Rollback | undefined {
  const { attempt } = deployment ?? {};
  const saved = revisions.find((r) => r.name === attempt?.wayBack);
  const isAsked =
    stable !== undefined &&
    saved?.committed?.wish === wishHash(installation, stable, configuration) &&
    saved.committed.asked === askedSoftware(installation.spec);
  if (!attempt || !saved || !isAsked) {
    return undefined;
  }
  const startedAt = startAfter([attempt, installation.status.history?.[0]], now);
  return {
    kind: 'rollback',
    version: stable,
    failed: undefined,
    revision: saved.name,
    attempt: { ...attempt, trigger: 'Spec', startedAt, wish: wishes.spec },
    failures,
    stableVersion: stable,
  };
}
