import { ANNOTATION } from '../api/names.ts';
import { findCondition, stampConditions, type Verdict } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import type { Action } from './actions.ts';
import { parseAttempt, type Attempt } from './attempt.ts';
import { addFailure, mayTryAgain, type Failure } from './failure-memory.ts';
import type { Installation, Observed } from './observed.ts';
import type { Problem } from './problem.ts';
import { stalled, waiting } from './readiness.ts';

/** What is only true once the write has happened. */
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

const STAY: ReadonlySet<string> = new Set(['Available', 'UpdateAvailable', 'Drifted']);

/** The status after a write to a child was refused: what was planned, but for what the write would have made true. */
export function statusAfterFailure(
  { status, generation }: Installation,
  planned: InstallationStatus,
  failure: Pick<Problem, 'reason' | 'message' | 'patience'>,
  now: number,
): InstallationStatus {
  const entries = Object.entries(planned).filter(([field]) => !DEPENDS_ON_WRITES.some((name) => name === field));
  const kept = DEPENDS_ON_WRITES.flatMap((name) => (status[name] === undefined ? [] : [[name, status[name]] as const]));
  const stable = { ...failure, message: steadyMessage(status, generation, failure) };
  const verdicts = failure.patience === 'none' ? stalled(stable) : waiting('Unknown', stable.reason, stable.message);
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

/** The status after an upgrade that automation chose was refused: what runs is none the worse for it. */
export function statusAfterRefusal(
  { status }: Pick<Installation, 'status'>,
  upgrade: Pick<Failure, 'version' | 'image' | 'software' | 'retries'>,
  { message }: Pick<Problem, 'message'>,
  now: number,
): InstallationStatus {
  const known = (status.failedVersions ?? []).map(({ message: told = '', ...failure }): Failure => ({
    ...failure,
    message: told,
  }));
  const failure = { ...upgrade, reason: 'Refused', message: message.slice(0, 300), expires: 'later' as const };
  return { ...status, failedVersions: [...addFailure(known, failure, now)] };
}

/**
 * What is refused where nobody's spec asked for it, but the platform means something else by a tier: to be left alone for a
 * while like a rollout of a tier that failed, because what runs is none the worse for it. Undefined where the write began no
 * such rollout.
 */
export function refusalOfTier(
  { deployment, refusedTier, retries }: Observed,
  write: Action | undefined,
  { message }: Pick<Problem, 'message'>,
  now: number,
): Failure | undefined {
  const attempt = write && attemptOf(write);
  const { version, image } = deployment ?? {};
  const begins = attempt?.trigger === 'Tier' && attempt.startedAt !== deployment?.attempt?.startedAt;
  // Where nothing ran well before there is nothing to keep instead, and it is tried in spite of what is known of it.
  const isKnown = refusedTier?.wish === attempt?.wish && !(refusedTier && mayTryAgain(refusedTier, retries, now));
  if (!begins || isKnown || version === undefined || image === undefined) {
    return undefined;
  }
  const wish = { wish: attempt.wish, retries: [...retries] };
  const failure = {
    version,
    image,
    reason: 'Refused',
    message: message.slice(0, 300),
    ...wish,
    expires: 'later' as const,
  };
  return addFailure(refusedTier ? [refusedTier] : [], failure, now)[0];
}

function attemptOf(write: Action): Attempt | undefined {
  return write.child === 'Deployment' && write.kind === 'apply'
    ? parseAttempt(write.object.metadata.annotations?.[ANNOTATION.attempt])
    : undefined;
}
