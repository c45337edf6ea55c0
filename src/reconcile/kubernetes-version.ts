import type { Transport } from '../cluster/transport.ts';
import type { Cancel, Clock } from '../controller/clock.ts';
import { backoffMs } from '../controller/backoff.ts';

/** A cluster that is upgraded tells nobody. */
const ASK_AGAIN_MS = 3_600_000;
/** Where no answer came. */
const BACKOFF = { firstMs: 10_000, maxMs: ASK_AGAIN_MS };

const CALL = { method: 'GET', path: '/version', doing: 'Ask for the version', resource: 'version' } as const;
const UNKNOWN = 'The version of Kubernetes is not known: requires.kubernetes refuses nothing';
const UNCHANGED = 'The version of Kubernetes cannot be asked for again: it is taken to be the same';

/** Which Kubernetes the cluster is, by its own word. */
export interface KubernetesVersion {
  /** Such as `v1.36.3+k3s1`; undefined where the cluster does not say. */
  readonly current: () => string | undefined;
  /** Whether it was asked, and answered or not: releases may need a Kubernetes that is new enough. */
  readonly isSettled: () => boolean;
  /** From now on it is asked again each hour. */
  readonly ask: () => void;
  /** `listen` is called when it has become another one, not when it is learned first. */
  readonly onChange: (listen: () => void) => void;
  readonly stop: () => void;
}

export interface KubernetesVersionPorts {
  readonly transport: Pick<Transport, 'request'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** It was asked for the first time, and answered or not. */
  readonly onSettled: () => void;
  readonly onError: (error: unknown, consequence: string) => void;
}

export function createKubernetesVersion(ports: KubernetesVersionPorts): KubernetesVersion {
  const { transport, clock, random, onSettled, onError } = ports;
  const listeners: (() => void)[] = [];
  const stopped = new AbortController();
  let known: string | undefined;
  let isSettled = false;
  let isAsking = false;
  let failures = 0;
  let cancelNext: Cancel | undefined;

  async function ask(): Promise<void> {
    if (isAsking || stopped.signal.aborted) {
      return;
    }
    isAsking = true;
    cancelNext?.();
    const [before, isFirst] = [known, !isSettled];
    try {
      const answer = await transport.request<{ readonly gitVersion?: string }>({ ...CALL, signal: stopped.signal });
      known = answer.gitVersion;
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!stopped.signal.aborted) {
        onError(error, known === undefined ? UNKNOWN : UNCHANGED);
      }
    }
    if (stopped.signal.aborted) {
      return;
    }
    isAsking = false;
    isSettled = true;
    const ms = failures === 0 ? ASK_AGAIN_MS : backoffMs(failures - 1, BACKOFF, random);
    cancelNext = clock.setTimeout(() => void ask(), ms);
    if (isFirst) {
      onSettled();
    } else if (known !== before) {
      listeners.forEach((listen) => listen());
    }
  }

  return {
    current: () => known,
    isSettled: () => isSettled,
    ask: () => void ask(),
    onChange: (listen) => listeners.push(listen),
    stop() {
      stopped.abort();
      cancelNext?.();
    },
  };
}
