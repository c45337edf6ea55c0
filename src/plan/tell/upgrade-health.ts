import { verdict, type Verdict } from '../../api/conditions.ts';
import { failureBefore, type Failure } from '../failures/failures.ts';
import type { Findings } from './findings.ts';
import { REFUSED } from '../state/record.ts';
import { inWords, parseSoftware } from '../software/set.ts';
import { isOneOf } from '../pods/wish.ts';

/**
 * Whether what was tried last is what runs: said from the first failure on, until another rollout is done or nobody asks
 * any more for what failed.
 */
export function upgradeHealth(findings: Findings): Verdict[] {
  const { state, decision, outlook } = findings;
  const failure = failureBehind(findings);
  if (failure) {
    // A refused rollout never began, so that nothing went back either.
    const isRefused = decision.kind === 'held' && failure.reason === REFUSED;
    const reason = state.name === 'Stranded' ? 'RollbackFailed' : 'RolledBack';
    return [unhealthy(isRefused ? REFUSED : reason, failure, state.stable?.version)];
  }
  const isUnderWay = state.base !== state.stable || (decision.kind === 'run' && decision.isChanged);
  const former = failureBefore(state);
  if (former) {
    if (isUnderWay || !outlook) {
      return [unhealthy('RolledBack', former, state.stable?.version)];
    }
    return former.reason === REFUSED ? [] : [healthy('Withdrawn', 'What failed is not asked for any more')];
  }
  return state.stable?.isMending ? [healthy('Succeeded', 'The last rollout succeeded')] : [];
}

function healthy(reason: string, message: string): Verdict {
  return verdict('UpgradeHealthy', 'True', reason, message);
}

function unhealthy(reason: string, failure: Failure, stable: string | undefined): Verdict {
  const message = `Rolling out ${whatFailed(failure, stable)} failed: ${failure.message}`;
  return verdict('UpgradeHealthy', 'False', reason, message);
}

/** The failure because of which the running pods came back, while the spec is still the one of that time. */
export function failureBehind({ state, decision, outlook }: Findings): Failure | undefined {
  if (decision.kind === 'held' || decision.kind === 'return') {
    return decision.failure;
  }
  const { abandoned } = state;
  const failure = abandoned?.mark.failure;
  return failure && outlook && isOneOf(outlook.wishes, failure.wish ?? abandoned.wish) ? failure : undefined;
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
