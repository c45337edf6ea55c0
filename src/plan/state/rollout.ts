import { firstOf, lastOf } from '../../api/cut.ts';
import type { Failure } from '../../api/failure.ts';
import { epoch } from '../../api/time.ts';
import type { DeploymentView, PodView } from './observed.ts';

/** The verdict on the template that a Deployment has now, from the Deployment and its pods. */
export type Rollout =
  /** Not decided yet; time alone may decide at `until`, in milliseconds since the epoch. */
  | { readonly phase: 'progressing'; readonly until?: number | undefined }
  /** Every pod is of the newest template, no old one is left, and all are available. */
  | { readonly phase: 'done' }
  /** It was done, and pods have become unavailable since; at `until` (milliseconds since the epoch) for too long. */
  | { readonly phase: 'degraded'; readonly cause: string; readonly isLong: boolean; readonly until: number | undefined }
  /** Somebody paused the Deployment, so that it takes no new template. */
  | { readonly phase: 'paused' }
  | Failed;

interface Failed {
  readonly phase: 'failed';
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
  readonly expires: Expiry;
}

/**
 * When a failure may be tried again. Containers that ran and failed will do so again (`never`). Whatever kept them from
 * starting may pass (`later`). A yanked release has a gate of its own (`at once`).
 */
export type Expiry = 'never' | 'later' | 'at once';

/** All that a verdict depends on besides the Deployment. */
export interface Evidence {
  readonly pods: readonly PodView[];
  /** The longest that a rollout may take, from its start. */
  readonly deadlineMs: number;
  /** RFC 3339: by its record; of a way back, when the rollout before it was given up. */
  readonly startedAt: string;
  /** A record that was done before is applied again. */
  readonly isReturning: boolean;
  /** The template was rolled out wholly before: then the Deployment controller alone judges what becomes of it. */
  readonly wasDone: boolean;
  /** So it was when it was looked at last, and its spec is still the one that was applied. */
  readonly isSettled: boolean;
  /** The failure that it is marked with: only success takes that back. */
  readonly failure: Pick<Failure, 'reason' | 'message' | 'retryAfter'> | undefined;
  /** Why its release was yanked; undefined where it was not. */
  readonly yanked: string | undefined;
  readonly now: number;
}

/** Restarts of one container after which nobody believes in it any more. */
const MOST_RESTARTS = 3;
/** Messages of others, such as an admission webhook, have any length, and are remembered in an annotation. */
const LONGEST_FAILURE = 300;
const LEAST_FOR_WAY_BACK_MS = 60_000;
/** A clock may be ahead of another by so much. */
const CLOCK_SKEW_MS = 300_000;
/** A quota may be full only until the old pod that makes room is gone. */
const CREATION_GRACE_MS = 30_000;
/** An image that a node gave up on, not one that it tries for the first time. */
const UNPULLABLE: ReadonlySet<string> = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);

/** Whether a verdict may depend on this pod; a new look at an installation is worth it. */
export function isInTrouble({ restarts, waiting, unschedulable }: PodView): boolean {
  return restarts >= MOST_RESTARTS || waiting !== undefined || unschedulable !== undefined;
}

/** The questions of `kubectl rollout status` (kubectl/pkg/polymorphichelpers/rollout_status.go), and who is to blame. */
export function readRollout(d: DeploymentView, evidence: Evidence): Rollout {
  const ongoing = (): Rollout => failedBy(d, evidence) ?? { phase: 'progressing', until: nextVerdictAt(d, evidence) };
  // Whoever annotates a Deployment gives it a new generation, too: that is no rollout.
  if (d.observedGeneration < d.generation && !evidence.isSettled) {
    return ongoing();
  }
  if (d.total > d.updated) {
    return d.paused ? { phase: 'paused' } : ongoing();
  }
  // Against what is asked for and not against what there is: pods too many, after a scale-down, harm nobody.
  const least = leastPods(d, evidence);
  if (d.updated >= least && d.available >= least) {
    return { phase: 'done' };
  }
  return evidence.wasDone && isJudged(d, evidence) ? degraded(d, evidence) : ongoing();
}

/** What was done has been rolled out, as the Deployment controller says from then on; or it came back and did not get ready. */
function isJudged(d: DeploymentView, evidence: Evidence): boolean {
  return d.progress === 'NewReplicaSetAvailable' || isGivenUp(d, evidence);
}

/** The controller keeps this verdict on what was there before for a while. */
function isGivenUp({ progress }: DeploymentView, { startedAt, deadlineMs, now }: Evidence): boolean {
  const age = now - epoch(startedAt);
  return progress === 'ProgressDeadlineExceeded' && (age >= deadlineMs || age < -CLOCK_SKEW_MS);
}

function degraded(d: DeploymentView, { pods, deadlineMs, now }: Evidence): Rollout {
  const since = d.unavailableSince === undefined ? undefined : epoch(d.unavailableSince) + deadlineMs;
  const isLong = since !== undefined && now >= since;
  return { phase: 'degraded', cause: steadyCauseIn(d, freshOf(d, pods)), isLong, until: isLong ? undefined : since };
}

function freshOf({ template }: DeploymentView, pods: readonly PodView[]): readonly PodView[] {
  return pods.filter((pod) => template !== undefined && pod.template === template);
}

/** An autoscaler may ask for more pods at any time. Until they come nobody misses them, as long as one pod serves. */
function leastPods({ replicas, ownsReplicas }: DeploymentView, { wasDone }: Evidence): number {
  return wasDone && !ownsReplicas ? Math.min(replicas, 1) : replicas;
}

function failedBy(d: DeploymentView, evidence: Evidence): Failed | undefined {
  const { pods, deadlineMs, wasDone, failure, yanked, now } = evidence;
  const fresh = freshOf(d, pods);
  const expires = isOfRelease(fresh) ? 'never' : 'later';
  const pastDeadline = failed(
    'DeadlineExceeded',
    `the new pods were not available within ${deadlineMs / 1000} s${causeIn(d, fresh)}`,
    expires,
  );
  if (wasDone) {
    return isGivenUp(d, evidence) ? pastDeadline : undefined;
  }
  if (failure) {
    const { reason, message, retryAfter } = failure;
    return { phase: 'failed', reason, message, expires: retryAfter === undefined ? 'never' : 'later' };
  }
  if (isAnotherUnseen(d, fresh)) {
    return undefined;
  }
  if (yanked !== undefined) {
    return failed('Yanked', `it was yanked meanwhile${yanked === '' ? '' : ` (${yanked})`}`, 'at once');
  }
  // A pod that went back to its work counts for nothing: it may be an old one that a way back found still there.
  const crashing = fresh.find((pod) => pod.restarts >= MOST_RESTARTS && pod.waiting !== undefined);
  if (crashing) {
    const message = `its container${crashing.exit ? ` "${crashing.exit.container}"` : ''} ended ${crashing.restarts} times${lastExit(crashing)}`;
    return failed('CrashLoop', message, expires);
  }
  const unpullable = fresh.find((pod) => pod.waiting && UNPULLABLE.has(pod.waiting.reason));
  if (unpullable) {
    const why = unpullable.waiting?.message;
    return failed('ImagePull', `its image cannot be pulled${why ? ` (${why})` : ''}`, expires);
  }
  const age = now - epoch(evidence.startedAt);
  if (d.failure !== undefined && fresh.length === 0 && age >= CREATION_GRACE_MS) {
    return failed('PodsRefused', `its pods cannot be created (${d.failure})`, expires);
  }
  // A clock may have been set back.
  const isLate = age >= patienceFor(d, evidence) || (d.progress === 'ProgressDeadlineExceeded' && age < -CLOCK_SKEW_MS);
  return isLate ? pastDeadline : undefined;
}

/** It has pods and was called complete: what the controller has not seen yet is what somebody made of it since. */
function isAnotherUnseen(d: DeploymentView, fresh: readonly PodView[]): boolean {
  return d.observedGeneration < d.generation && d.progress === 'NewReplicaSetAvailable' && fresh.length > 0;
}

/** On the way back enough pods may serve already: the others are given time to go, however busy the cluster is. */
function patienceFor(d: DeploymentView, { isReturning, deadlineMs }: Evidence): number {
  const isServing = isReturning && d.available >= d.replicas;
  return isServing ? Math.max(2 * deadlineMs, LEAST_FOR_WAY_BACK_MS) : deadlineMs;
}

function failed(reason: string, message: string, expires: Expiry): Failed {
  return { phase: 'failed', reason, message: shortened(message), expires };
}

/** A long one says what first and why last, as that of a node which cannot pull an image. */
function shortened(message: string): string {
  const half = Math.floor(LONGEST_FAILURE / 2);
  return message.length > LONGEST_FAILURE ? `${firstOf(message, half - 1)}…${lastOf(message, half)}` : message;
}

function lastExit({ exit }: PodView): string {
  const why = exit?.reason === undefined || exit.reason === 'Error' ? '' : ` (${exit.reason})`;
  return exit ? `, last with exit code ${exit.code}${why}` : '';
}

/** Whether its containers have run and are not ready. Where only what others put into the pods is not, that may pass. */
function isOfRelease(fresh: readonly PodView[]): boolean {
  const started = fresh.filter((pod) => pod.hasStarted);
  return started.length > 0 && !(fresh.some((pod) => pod.stranger) && started.every((pod) => pod.isReady));
}

function causeIn(d: DeploymentView, fresh: readonly PodView[]): string {
  const waiting = fresh.find((pod) => pod.waiting)?.waiting;
  const held = waiting && [waiting.reason, waiting.message].filter((part) => part !== '').join(': ');
  const cause = d.failure ?? unscheduledIn(fresh) ?? held ?? strangerIn(fresh) ?? runningIn(d, fresh);
  return cause === undefined ? '' : ` (${cause})`;
}

/** The same without what changes from one moment to the next, such as a number of restarts. */
function steadyCauseIn(d: DeploymentView, fresh: readonly PodView[]): string {
  const [held] = fresh.filter((pod) => pod.waiting);
  const isUnpulled = held && /^(ErrImage|ImagePull|InvalidImage)/.test(held.waiting?.reason ?? '');
  const waits = held && (isUnpulled ? 'an image cannot be pulled' : `a container waits: ${whyHeld(held)}`);
  const running = fresh.some((pod) => pod.hasStarted) ? 'they run and are not ready' : undefined;
  const refused = d.failure === undefined ? undefined : 'new pods cannot be created: see the events of the ReplicaSet';
  const cause = refused ?? unscheduledIn(fresh) ?? waits ?? strangerIn(fresh) ?? running;
  return cause === undefined ? '' : ` (${cause})`;
}

/** What a node cannot find stays the same text. */
function whyHeld(pod: PodView): string {
  const { reason = '', message = '' } = pod.waiting ?? {};
  return reason === 'CreateContainerConfigError' && message !== ''
    ? `${reason}: ${message}`
    : `${reason}${lastExit(pod)}`;
}

function unscheduledIn(fresh: readonly PodView[]): string | undefined {
  return fresh.find((pod) => pod.unschedulable)?.unschedulable;
}

function strangerIn(fresh: readonly PodView[]): string | undefined {
  const { container, why } = fresh.find((pod) => pod.stranger && (pod.isReady || !pod.hasStarted))?.stranger ?? {};
  return container === undefined
    ? undefined
    : `the container "${container}", which others put into them, is not ready${why === 'not ready' ? '' : `: ${why}`}`;
}

function runningIn({ minReadySeconds }: DeploymentView, fresh: readonly PodView[]): string | undefined {
  const started = fresh.filter((pod) => pod.hasStarted);
  if (started.length === 0) {
    return undefined;
  }
  return minReadySeconds > 0 && started.every((pod) => pod.isReady)
    ? `they were ready, but not for ${minReadySeconds} s on end`
    : 'they run and are not ready';
}

function nextVerdictAt(d: DeploymentView, evidence: Evidence): number | undefined {
  const startedAt = epoch(evidence.startedAt);
  const grace = evidence.wasDone ? [] : [startedAt + CREATION_GRACE_MS];
  return [...grace, startedAt + patienceFor(d, evidence)].find((at) => at > evidence.now);
}
