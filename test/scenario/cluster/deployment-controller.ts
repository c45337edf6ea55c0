import { isDeepStrictEqual } from 'node:util';
import { KINDS } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { keyOf, type ApiServer } from './server.ts';

interface DeploymentSpec {
  readonly replicas: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
  readonly template: Template;
}

interface Template {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

interface Pod {
  readonly template: Template;
  ready: boolean;
}

/** What is there for one Deployment, which its status tells when somebody has looked. */
interface Rollout {
  pods: Pod[];
  /** The last template that was rolled out wholly. */
  done: Template | undefined;
  progressedAt: number;
  observed: number;
}

type Step = 'observe' | 'make pods' | 'ready a pod' | 'remove a pod' | 'complete' | 'give up';

/** Pods of an image with this in its name never become ready. */
export const NEVER_READY = 'never-ready';

/**
 * What the Deployment and ReplicaSet controllers, scheduler and kubelet do together, one small step at a time: makes pods
 * of a new template before it breaks old ones (surge 25 %, none unavailable), and writes the status that
 * `kubectl rollout status` reads. Past its deadline a rollout has failed. It has no ReplicaSets and no revisions.
 */
export class DeploymentController {
  readonly #server: ApiServer;
  readonly #now: () => number;
  readonly #rollouts = new Map<string, Rollout>();

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  /** Deployments with something to do, by key. */
  get work(): string[] {
    return this.#server
      .list(KINDS.Deployment)
      .filter((d) => this.#nextStep(d) !== undefined)
      .map((d) => keyOf(d.metadata));
  }

  /** When time alone gives it something to do. */
  get deadline(): number | undefined {
    const deadlines = this.#server.list(KINDS.Deployment).map((d) => this.#deadlineOf(d) ?? Infinity);
    const first = Math.min(...deadlines.filter((at) => at > this.#now()));
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
    const spec = specOf(deployment);
    switch (step) {
      case 'observe':
        rollout.observed = deployment.metadata.generation ?? 0;
        break;
      case 'make pods': {
        const pods = Array.from({ length: missing(spec, rollout) }, () => ({ template: spec.template, ready: false }));
        rollout.pods.push(...pods);
        break;
      }
      case 'ready a pod':
        startable(rollout)!.ready = true;
        break;
      case 'remove a pod': {
        const pod = needless(spec, rollout);
        rollout.pods = rollout.pods.filter((p) => p !== pod);
        break;
      }
      case 'complete':
        rollout.done = spec.template;
        break;
      case 'give up':
        break;
    }
    if (step !== 'give up') {
      rollout.progressedAt = this.#now();
    }
    this.#report(deployment, step === 'give up');
    return step;
  }

  /** A pod becomes unready, and is ready again after a later step. */
  disturb(key: string): void {
    const deployment = this.#server.get(KINDS.Deployment, key);
    const pod = deployment && this.#rolloutOf(deployment).pods.find(({ ready }) => ready);
    if (deployment && pod) {
      pod.ready = false;
      this.#report(deployment, false);
    }
  }

  #rolloutOf({ metadata }: ApiObject): Rollout {
    const fresh = { pods: [], done: undefined, progressedAt: this.#now(), observed: 0 };
    const rollout = this.#rollouts.get(metadata.uid) ?? fresh;
    this.#rollouts.set(metadata.uid, rollout);
    return rollout;
  }

  #nextStep(deployment: ApiObject): Step | undefined {
    const spec = specOf(deployment);
    const rollout = this.#rolloutOf(deployment);
    if (rollout.observed < (deployment.metadata.generation ?? 0)) {
      return 'observe';
    }
    if (!spec.paused && missing(spec, rollout) > 0) {
      return 'make pods';
    }
    if (startable(rollout)) {
      return 'ready a pod';
    }
    if (!spec.paused && needless(spec, rollout)) {
      return 'remove a pod';
    }
    if (isComplete(spec, rollout)) {
      return isDeepStrictEqual(rollout.done, spec.template) ? undefined : 'complete';
    }
    const deadline = this.#deadlineOf(deployment) ?? Infinity;
    return deadline <= this.#now() && reasonOf(deployment) !== 'ProgressDeadlineExceeded' ? 'give up' : undefined;
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
    const { pods, done, observed } = this.#rolloutOf(deployment);
    const available = pods.filter(({ ready }) => ready).length;
    const isDone = isDeepStrictEqual(done, spec.template);
    const progress = isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated';
    const status = {
      observedGeneration: observed,
      replicas: pods.length,
      updatedReplicas: pods.filter((pod) => isNew(spec, pod)).length,
      readyReplicas: available,
      availableReplicas: available,
      conditions: [
        isGivenUp
          ? { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }
          : { type: 'Progressing', status: 'True', reason: progress },
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

/** How many pods of the new template can be made now. */
function missing(spec: DeploymentSpec, { pods }: Rollout): number {
  const fresh = pods.filter((pod) => isNew(spec, pod)).length;
  return Math.min(spec.replicas - fresh, spec.replicas + Math.ceil(spec.replicas / 4) - pods.length);
}

function startable({ pods }: Rollout): Pod | undefined {
  return pods.find(({ ready, template }) => !ready && !template.spec.containers[0]?.image.includes(NEVER_READY));
}

/** Old pods that serve go as new ones take their place, those that do not serve at once. */
function needless(spec: DeploymentSpec, { pods }: Rollout): Pod | undefined {
  const hasSpare = pods.filter(({ ready }) => ready).length > spec.replicas;
  const fresh = pods.filter((pod) => isNew(spec, pod));
  return (
    pods.find((pod) => !isNew(spec, pod) && (!pod.ready || hasSpare)) ??
    (fresh.length > spec.replicas ? fresh.at(-1) : undefined)
  );
}

function isComplete(spec: DeploymentSpec, { pods }: Rollout): boolean {
  return pods.length === spec.replicas && pods.every((pod) => pod.ready && isNew(spec, pod));
}

function reasonOf(deployment: ApiObject): string | undefined {
  const { conditions } = (deployment['status'] ?? {}) as {
    readonly conditions?: readonly { readonly reason: string }[];
  };
  return conditions?.[0]?.reason;
}
