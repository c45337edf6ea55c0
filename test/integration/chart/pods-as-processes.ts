import { setTimeout as sleep } from 'node:timers/promises';
import { launchOperator, type OperatorProcess } from '../support/operator.ts';
import type { OwnPlane } from './own-plane.ts';

/** Plays the kubelet for one Deployment: starts a process for each pod, since fake nodes only claim to run them. */
export interface PodsAsProcesses {
  /** How many processes have been started. */
  readonly started: number;
  /** Kills all processes at once with SIGKILL. Their pods are still there, so each process is started again. */
  crash(): Promise<void>;
  /** Ends all processes, and fails if one has ended by itself or with an error. */
  stop(): Promise<void>;
}

interface PodObject {
  readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly {
      readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
    }[];
  };
}

export interface Where {
  readonly namespace: string;
  readonly release: string;
  readonly kubeconfig: string;
}

/**
 * Starts and ends processes as a kubelet does, with SIGTERM when the pod is to go. Each process has the environment of
 * its pod and the config that the pod mounts.
 */
export function runPodsAsProcesses(plane: OwnPlane, { namespace, release, kubeconfig }: Where): PodsAsProcesses {
  const processes = new Map<string, Promise<OperatorProcess>>();
  const endings: Promise<number>[] = [];
  let started = 0;
  const stopping = new AbortController();

  async function start(pod: PodObject): Promise<OperatorProcess> {
    const config = await plane.kubectl(['get', 'cm', release, '-n', namespace, '-o', 'jsonpath={.data.config\\.yaml}']);
    // The only value that is taken from elsewhere is the namespace of the pod.
    const env = Object.fromEntries(
      pod.spec.containers[0]!.env.map(({ name, value = '', valueFrom }) => [name, valueFrom ? namespace : value]),
    );
    // All processes share one host.
    const { OPERATOR_CONFIG: _, METRICS_PORT: __, API_PORT: ___, ...settings } = env;
    return launchOperator({ ...settings, KUBECONFIG: kubeconfig }, config);
  }

  async function end(starting: Promise<OperatorProcess>): Promise<number> {
    const operator = await starting;
    operator.signal('SIGTERM');
    return operator.ended;
  }

  async function look(): Promise<void> {
    const of = ['-n', namespace, '-l', 'app.kubernetes.io/component=operator'];
    const { items } = JSON.parse(await plane.kubectl(['get', 'pods', ...of, '-o', 'json'])) as { items: PodObject[] };
    const wanted = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const uids = new Set(wanted.map(({ metadata }) => metadata.uid));
    for (const [uid, running] of processes) {
      if (!uids.has(uid)) {
        processes.delete(uid);
        const ending = end(running);
        ending.catch(() => undefined);
        endings.push(ending);
      }
    }
    for (const pod of wanted.filter(({ metadata }) => !processes.has(metadata.uid))) {
      started += 1;
      const starting = start(pod);
      // stop() reports a failed start.
      starting.catch(() => undefined);
      processes.set(pod.metadata.uid, starting);
    }
  }

  async function keepLooking(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(200);
    }
  }
  const looking = keepLooking();

  return {
    get started() {
      return started;
    },
    async crash() {
      const running = await Promise.all([...processes].map(async ([uid, starting]) => [uid, await starting] as const));
      const killed = running.filter(([uid]) => processes.delete(uid)).map(([, operator]) => operator);
      killed.forEach((operator) => operator.signal('SIGKILL'));
      await Promise.all(killed.map(({ ended }) => ended));
    },
    async stop() {
      stopping.abort();
      await looking;
      endings.push(...[...processes.values()].map(end));
      const codes = await Promise.all(endings);
      if (codes.some((code) => code !== 0)) {
        throw new Error(`An operator has ended with ${codes.join(', ')}`);
      }
    },
  };
}
