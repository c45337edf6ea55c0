import { stampConditions, type Verdict } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import type { Installation } from './observed.ts';
import type { Problem } from './problem.ts';
import { stalled, waiting } from './readiness.ts';

/**
 * The status after a write to a child was refused: what was before, but for `Ready` and its companions.
 * It says nothing of the new target as installed, because it is not.
 */
export function statusAfterFailure(
  { status, generation }: Installation,
  planned: InstallationStatus,
  failure: Pick<Problem, 'reason' | 'message' | 'patience'>,
  now: number,
): InstallationStatus {
  const verdicts = failure.patience === 'none' ? stalled(failure) : waiting('Unknown', failure.reason, failure.message);
  const others = (planned.conditions ?? []).filter(
    (c) => c.type === 'Available' || c.type === 'UpdateAvailable',
  ) as Verdict[];
  const { installedVersion: _, effective: __, deploymentName: ___, serviceName: ____, ...rest } = planned;
  return {
    ...rest,
    ...(status.installedVersion !== undefined && { installedVersion: status.installedVersion }),
    ...(status.effective && { effective: status.effective }),
    ...(status.deploymentName !== undefined && { deploymentName: status.deploymentName }),
    ...(status.serviceName !== undefined && { serviceName: status.serviceName }),
    conditions: stampConditions(status.conditions ?? [], [...verdicts, ...others], { generation, now }),
  };
}
