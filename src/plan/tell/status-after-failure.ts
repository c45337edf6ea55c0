import { findCondition, stampConditions, type Verdict } from '../../api/conditions.ts';
import type { InstallationStatus } from '../../api/installation.ts';
import type { Installation } from '../state/observed.ts';
import type { Problem } from '../../api/problem.ts';
import { graceOf } from './grace.ts';
import { stalled, waiting } from './readiness.ts';

/** The fields that are only true once the write has happened. */
const DEPENDS_ON_WRITES = [
  'installedVersion',
  'effective',
  'deploymentName',
  'serviceName',
  'systemSoftware',
  'usedConsent',
  'history',
  'failedVersions',
] as const;

const STAY: ReadonlySet<string> = new Set([
  'Available',
  'UpdateAvailable',
  'Drifted',
  'InputsUnused',
  'ReferencesMissing',
]);

/** The status after a write to a child was refused: what was planned, but for what the write would have made true. */
export function statusAfterFailure(
  { status, generation }: Installation,
  planned: InstallationStatus,
  failure: Pick<Problem, 'reason' | 'message' | 'patience'>,
  now: number,
): InstallationStatus {
  const entries = Object.entries(planned).filter(([field]) => !DEPENDS_ON_WRITES.some((name) => name === field));
  const kept = DEPENDS_ON_WRITES.flatMap((name) => (status[name] === undefined ? [] : [[name, status[name]] as const]));
  const { reason, patience } = failure;
  const message = steadyMessage(status, generation, failure);
  const { isOver } = graceOf(failure, status.conditions, generation, now);
  // Nobody knows what became of a write that got no answer.
  const ready = patience === 'endless' ? 'Unknown' : 'False';
  const verdicts = isOver ? stalled(reason, message) : waiting(ready, reason, message);
  const others = (planned.conditions ?? []).filter((c) => STAY.has(c.type));
  const health = (status.conditions ?? []).filter((c) => c.type === 'UpgradeHealthy');
  return {
    ...Object.fromEntries([...entries, ...kept]),
    conditions: stampConditions(status.conditions ?? [], [...verdicts, ...([...others, ...health] as Verdict[])], {
      generation,
      now,
    }),
  };
}

/**
 * The former message where only its numbers differ (ports, request ids, times, amounts): each new text would be a new
 * status, which would wake the installation up to fail again at once.
 */
function steadyMessage(
  { conditions }: InstallationStatus,
  generation: number,
  { reason, message }: Pick<Problem, 'reason' | 'message'>,
): string {
  const before = findCondition(conditions, 'Ready');
  const isSame =
    before?.reason === reason &&
    before.observedGeneration === generation &&
    withoutNumbers(before.message) === withoutNumbers(message.slice(0, before.message.length));
  return isSame ? before.message : message;
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\S*\d\S*/g, '#');
}
