import { expect } from 'vitest';
import { startOperator, type RunningOperator } from '../integration/support/operator.ts';
import { watchProbes, type ProbeWatch } from './probes.ts';
import { startFaultProxy, type FaultProxy } from './proxy.ts';

export interface Where {
  /** The kubeconfig of the operator's own user. */
  readonly kubeconfig: string;
  /** The namespace that the operator watches. Several operators suffer side by side, each in a namespace of its own. */
  readonly namespace: string;
}

/** An operator under test. */
export interface Testee {
  readonly operator: RunningOperator;
  readonly probes: ProbeWatch;
  /**
   * Stops the operator and fails unless it came through unharmed: the same process, always alive, and no unhandled
   * error.
   */
  readonly end: () => Promise<void>;
}

/** An operator that reaches the apiserver through a proxy. */
export interface Sufferer extends Testee {
  readonly proxy: FaultProxy;
}

export async function startSufferer(
  { kubeconfig, namespace }: Where,
  prepare: (proxy: FaultProxy) => void = () => undefined,
): Promise<Sufferer> {
  const proxy = await startFaultProxy(kubeconfig);
  prepare(proxy);
  const testee = await startTestee({ kubeconfig: proxy.kubeconfig, namespace });
  return {
    ...testee,
    proxy,
    async end() {
      await testee.end();
      await proxy.close();
    },
  };
}

export async function startTestee({ kubeconfig, namespace }: Where): Promise<Testee> {
  const operator = await startOperator({
    KUBECONFIG: kubeconfig,
    WATCH_NAMESPACES: namespace,
    LEADER_ELECTION: 'false',
  });
  const probes = watchProbes(operator.url);
  return {
    operator,
    probes,
    async end() {
      await probes.stop();
      expect(await operator.stop(), operator.output()).toBe(0);
      // A crash, a warning of the runtime and an unhandled rejection are printed without being logged.
      expect(linesBesidesTheLog(operator.output())).toEqual([]);
      expect(probes.probed.filter(({ livez }) => livez !== 200)).toEqual([]);
    },
  };
}

function linesBesidesTheLog(output: string): string[] {
  return output.split('\n').filter((line) => line !== '' && !line.startsWith('{"level":'));
}
