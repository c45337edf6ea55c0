import { isDeepStrictEqual } from 'node:util';
import { KINDS } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { PodStatuses } from './pod-status.ts';
import type { Pod, Template } from './pod.ts';
import { keyOf, type ApiServer } from './server.ts';

interface DeploymentSpec {
  readonly replicas: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
  readonly minReadySeconds?: number;
  readonly strategy?: { readonly rollingUpdate?: { readonly maxUnavailable?: Share; readonly maxSurge?: Share } };
  readonly template: Template;
}

/** A number of pods, or a percentage of the replicas: `25%`. */
type Share = number | string;

/** The pods of one Deployment, and how far their rollout is. The status tells it once the controller has looked. */
interface Rollout {
  pods: Pod[];
  /** The template that was rolled out completely; undefined before the first one, and once another is observed. */
  done: Template | undefined;
  progressedAt: number;
  observed: number;
  /** Why no pod can be created; undefined while pods can be. */
  refused: string | undefined;
  /** The condition `Available`, and since when it has been so; undefined before the first report. */
  available: { readonly status: 'True' | 'False'; readonly lastTransitionTime: string } | undefined;
}

export type Step =
  | 'observe'
  | 'make pods'
  | 'be refused'
  | 'go on with a pod'
  | 'count a pod'
  | 'remove a pod'
  | 'complete'
  | 'give up';

/** Steps after which a rollout is no nearer to its end. */
const NO_PROGRESS: ReadonlySet<Step> = new Set(['be refused', 'give up']);
const DEFAULT_SHARE = '25%';

/**
 * Does the work of the Deployment and ReplicaSet controllers, scheduler and kubelet, one small step at a time: it replaces
 * pods as the strategy says, lets each pod meet the fate that its template names (`pod.ts`), and writes the status that
 * `kubectl rollout status` reads. A rollout fails at its deadline. There are no ReplicaSets and no revisions.
 */
export class DeploymentController {
  readonly #server: ApiServer;
  readonly #now: () => number;
  readonly #rollouts = new Map<string, Rollout>();
  readonly #statuses: PodStatuses;
  /** How many pods a namespace may have; more are refused. */
  quota = Infinity;

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
    this.#statuses = new PodStatuses(server);
  }

  /** The keys of the Deployments that have a step to do. */
  get work(): string[] {
    return this.#server
      .list(KINDS.Deployment)
      .filter((d) => this.#nextStep(d) !== undefined)
      .map((d) => keyOf(d.metadata));
  }

  /** When the passing of time alone makes the next step due; undefined if it makes none. */
  get deadline(): number | undefined {
    const moments = this.#server.list(KINDS.Deployment).flatMap((d) => this.#momentsOf(d));
    const first = Math.min(...moments.filter((at) => at > this.#now()));
    return first === Infinity ? undefined : first;
  }

  /** Does one step for a Deployment; returns which. */
  step(key: string): Step | undefined {
    const deployment = this.#server.get(KINDS.Deployment, key);
    const step = deployment && this.#nextStep(deployment);
    if (!deployment || !step) {
      return undefined;
    }
    const rollout = this.#rolloutOf(deployment);
    const isProgress = this.#do(step, deployment, rollout);
    if (isProgress) {
      rollout.progressedAt = this.#now();
    }
    this.#report(deployment, step === 'give up');
    return step;
  }

  /** Makes a pod unready; a later step makes it ready again. */
  disturb(key: string): void {
    const deployment = this.#server.get(KINDS.Deployment, key);
    const pod = deployment && this.#rolloutOf(deployment).pods.find(({ isReady }) => isReady);
    if (deployment && pod) {
      pod.stumble();
      this.#statuses.write(pod);
      this.#report(deployment, false);
    }
  }

  /** Whether the present template was rolled out completely, whatever its pods have done since. */
  isDone(key: string): boolean {
    const deployment = this.#server.get(KINDS.Deployment, key);
    return deployment !== undefined && isDeepStrictEqual(this.#rolloutOf(deployment).done, specOf(deployment).template);
  }

  #do(step: Step, deployment: ApiObject, rollout: Rollout): boolean {
    const spec = specOf(deployment);
    const now = this.#now();
    switch (step) {
      case 'observe':
        rollout.observed = deployment.metadata.generation ?? 0;
        // A template that comes back after another one is rolled out again: the controller keeps no earlier verdict.
        if (!isDeepStrictEqual(rollout.done, spec.template)) {
          rollout.done = undefined;
        }
        break;
      case 'make pods':
        rollout.refused = undefined;
        for (let left = Math.min(missing(spec, rollout), this.#room(deployment)); left > 0; left -= 1) {
          rollout.pods.push(this.#statuses.create(deployment, spec.template));
        }
        break;
      case 'be refused':
        rollout.refused = `pods "${deployment.metadata.name}" is forbidden: exceeded quota: pods, limited: pods=${this.quota}`;
        break;
      case 'go on with a pod': {
        const pod = rollout.pods.find((p) => p.isDue(now));
        const wasReady = pod?.isReady;
        pod?.goOn(now);
        if (pod) {
          this.#statuses.write(pod);
        }
        return pod?.isReady !== wasReady;
      }
      case 'count a pod':
        uncounted(spec, rollout, now)!.isCounted = true;
        break;
      case 'remove a pod': {
        const pod = needless(spec, rollout);
        rollout.pods = rollout.pods.filter((p) => p !== pod);
        if (pod) {
          this.#statuses.remove(pod);
        }
        break;
      }
      case 'complete':
        rollout.done = spec.template;
        break;
      case 'give up':
        break;
    }
    return !NO_PROGRESS.has(step);
  }

  #rolloutOf({ metadata }: ApiObject): Rollout {
    const known = this.#rollouts.get(metadata.uid);
    if (known) {
      return known;
    }
    const fresh: Rollout = {
      pods: [],
      done: undefined,
      progressedAt: this.#now(),
      observed: 0,
      refused: undefined,
      available: undefined,
    };
    this.#rollouts.set(metadata.uid, fresh);
    return fresh;
  }

  #nextStep(deployment: ApiObject): Step | undefined {
    const spec = specOf(deployment);
    const rollout = this.#rolloutOf(deployment);
    const now = this.#now();
    if (rollout.observed < (deployment.metadata.generation ?? 0)) {
      return 'observe';
    }
    if (!spec.paused && missing(spec, rollout) > 0) {
      if (this.#room(deployment) > 0) {
        return 'make pods';
      }
      if (rollout.refused === undefined) {
        return 'be refused';
      }
    }
    if (rollout.pods.some((pod) => pod.isDue(now))) {
      return 'go on with a pod';
    }
    if (uncounted(spec, rollout, now)) {
      return 'count a pod';
    }
    if (!spec.paused && needless(spec, rollout)) {
      return 'remove a pod';
    }
    if (isComplete(spec, rollout)) {
      return isDeepStrictEqual(rollout.done, spec.template) ? undefined : 'complete';
    }
    const deadline = this.#deadlineOf(deployment) ?? Infinity;
    return deadline <= now && reasonOf(deployment) !== 'ProgressDeadlineExceeded' ? 'give up' : undefined;
  }

  /** How many more pods the quota of its namespace lets it have. */
  #room({ metadata }: ApiObject): number {
    return this.quota === Infinity
      ? Infinity
      : this.quota - this.#server.list(KINDS.Pod).filter((pod) => pod.metadata.namespace === metadata.namespace).length;
  }

  #momentsOf(deployment: ApiObject): number[] {
    const { pods } = this.#rolloutOf(deployment);
    const { minReadySeconds = 0 } = specOf(deployment);
    const ofPods = pods.flatMap((pod) => [
      pod.dueAt ?? Infinity,
      pod.isReady && !pod.isCounted ? pod.readySince + minReadySeconds * 1000 : Infinity,
    ]);
    return [this.#deadlineOf(deployment) ?? Infinity, ...ofPods];
  }

  #deadlineOf(deployment: ApiObject): number | undefined {
    const spec = specOf(deployment);
    const rollout = this.#rolloutOf(deployment);
    return isDeepStrictEqual(rollout.done, spec.template)
      ? undefined
      : rollout.progressedAt + (spec.progressDeadlineSeconds ?? 600) * 1000;
  }

  #report(deployment: ApiObject, isGivenUp: boolean): void {
    const spec = specOf(deployment);
    const rollout = this.#rolloutOf(deployment);
    const { pods, done, observed, refused } = rollout;
    const isDone = isDeepStrictEqual(done, spec.template);
    const progress = isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated';
    const available = pods.filter(({ isCounted }) => isCounted).length;
    const is = available >= spec.replicas - mostUnavailable(spec) ? 'True' : 'False';
    if (rollout.available?.status !== is) {
      rollout.available = { status: is, lastTransitionTime: new Date(this.#now()).toISOString() };
    }
    const status = {
      observedGeneration: observed,
      replicas: pods.length,
      updatedReplicas: pods.filter((pod) => isNew(spec, pod)).length,
      readyReplicas: pods.filter(({ isReady }) => isReady).length,
      availableReplicas: available,
      conditions: [
        isGivenUp
          ? { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }
          : { type: 'Progressing', status: 'True', reason: progress },
        { type: 'Available', ...rollout.available },
        ...(refused === undefined
          ? []
          : [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refused }]),
      ],
    };
    const writer = { manager: 'kube-controller-manager', subresource: 'status' };
    this.#server.edit(KINDS.Deployment, keyOf(deployment.metadata), writer, (live) => ({ ...live, status }));
  }
}

function specOf(deployment: ApiObject): DeploymentSpec {
  return deployment['spec'] as DeploymentSpec;
}

function isNew({ template }: DeploymentSpec, pod: Pod): boolean {
  return pod.template === template || isDeepStrictEqual(pod.template, template);
}

function share(of: number, value: Share = DEFAULT_SHARE, round: (n: number) => number = Math.ceil): number {
  return typeof value === 'number' ? value : round((of * Number.parseInt(value, 10)) / 100);
}

function mostUnavailable({ replicas, strategy }: DeploymentSpec): number {
  return share(replicas, strategy?.rollingUpdate?.maxUnavailable, Math.floor);
}

/** How many pods of the new template may be made now. */
function missing(spec: DeploymentSpec, { pods }: Rollout): number {
  const fresh = pods.filter((pod) => isNew(spec, pod)).length;
  const surge = share(spec.replicas, spec.strategy?.rollingUpdate?.maxSurge);
  return Math.min(spec.replicas - fresh, spec.replicas + surge - pods.length);
}

/** A pod that has been ready for `minReadySeconds` and is not counted as available yet. */
function uncounted({ minReadySeconds = 0 }: DeploymentSpec, { pods }: Rollout, now: number): Pod | undefined {
  return pods.find((pod) => pod.isReady && !pod.isCounted && pod.readySince + minReadySeconds * 1000 <= now);
}

/** The pod to remove next. Old pods that do not serve go at once, others when new ones take their place. */
function needless(spec: DeploymentSpec, { pods }: Rollout): Pod | undefined {
  const hasSpare = pods.filter(({ isCounted }) => isCounted).length > spec.replicas - mostUnavailable(spec);
  const fresh = pods.filter((pod) => isNew(spec, pod));
  return (
    pods.find((pod) => !isNew(spec, pod) && (!pod.isCounted || hasSpare)) ??
    (fresh.length > spec.replicas ? (fresh.find((pod) => !pod.isReady) ?? fresh.at(-1)) : undefined)
  );
}

function isComplete(spec: DeploymentSpec, { pods }: Rollout): boolean {
  return pods.length === spec.replicas && pods.every((pod) => pod.isCounted && isNew(spec, pod));
}

function reasonOf(deployment: ApiObject): string | undefined {
  const { conditions } = (deployment['status'] ?? {}) as {
    readonly conditions?: readonly { readonly reason: string }[];
  };
  return conditions?.[0]?.reason;
}
