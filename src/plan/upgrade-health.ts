import { findCondition, type Verdict } from '../api/conditions.ts';
import type { Failure } from './failure-memory.ts';
import type { Findings } from './findings.ts';
import { isCancel } from './rollback.ts';
import { isStranded } from './running.ts';
import { inWords, parseSoftware } from './software-set.ts';
import { isOneOf } from './wish.ts';

/**
 * Whether what was tried last is what runs: said from the first failure on, until another rollout is done or nobody asks
 * any more for what failed.
 */
export function upgradeHealth(findings: Findings): Verdict[] {
  const { observed, running, decision, outlook } = findings;
  const { conditions } = observed.installation.status;
  const failure = failureBehind(findings);
  if (failure) {
    const message = `Rolling out ${whatFailed(failure, running.stable)} failed: ${failure.message}`;
    // What was refused never began, so that nothing went back either.
    if (decision.kind === 'held' && failure.reason === 'Refused') {
      return [{ type: 'UpgradeHealthy', status: 'False', reason: 'Refused', message }];
    }
    return [
      isStranded(running)
        ? { type: 'UpgradeHealthy', status: 'False', reason: 'RollbackFailed', message }
        : { type: 'UpgradeHealthy', status: 'False', reason: 'RolledBack', message },
    ];
  }
  const before = findCondition(conditions, 'UpgradeHealthy');
  if (!before) {
    return [];
  }
  const isBeginning = decision.kind === 'run' && decision.isChanged;
  if (!running.isDone || isBeginning || !outlook) {
    return [{ type: 'UpgradeHealthy', status: before.status, reason: before.reason, message: before.message }];
  }
  return [
    running.deployment?.attempt?.trigger === 'Rollback'
      ? {
          type: 'UpgradeHealthy',
          status: 'True',
          reason: 'Withdrawn',
          message: 'What failed is not asked for any more',
        }
      : { type: 'UpgradeHealthy', status: 'True', reason: 'Succeeded', message: 'The last rollout succeeded' },
  ];
}

/** What failed, where what runs comes or came back because of it, and the spec is still the one of that time. */
export function failureBehind({
  running,
  decision,
  outlook,
}: Pick<Findings, 'running' | 'decision' | 'outlook'>): Failure | undefined {
  if (decision.kind === 'held') {
    return decision.failure;
  }
  if (decision.kind === 'rollback' && !isCancel(decision)) {
    return decision.failures[0];
  }
  const attempt = running.deployment?.attempt;
  const isBack = attempt?.trigger === 'Rollback' && outlook !== undefined && isOneOf(outlook.wishes, attempt.wish);
  return isBack ? outlook?.input.failures?.[0] : undefined;
}

/** In words: a version, its system software, or the settings where the version is the one that runs well. */
export function whatFailed(
  { version, software }: Pick<Failure, 'version' | 'software'>,
  stable: string | undefined,
): string {
  if (software !== undefined) {
    return inWords(parseSoftware(software));
  }
  return version === stable ? `the changed settings of ${version}` : version;
}
