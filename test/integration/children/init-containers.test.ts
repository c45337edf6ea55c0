import { describe, expect, inject, it } from 'vitest';
import { apply, get, kubectl } from '../support/kubectl.ts';
import { PATIENCE_MS } from '../support/patience.ts';

/** The fake nodes run init containers like real ones. test/control-plane/stages/pod-init.yaml says which images fail. */

interface ContainerStatus {
  readonly restartCount: number;
  readonly state: {
    readonly running?: object;
    readonly waiting?: { readonly reason: string };
    readonly terminated?: { readonly reason: string };
  };
}

interface Pod {
  readonly status: {
    readonly phase: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

function pod(name: string, images: readonly string[]): object {
  const initContainers = images.map((image, i) => ({
    name: `software-${i}`,
    image: `registry.example.com/software/${image}:1.0.0`,
  }));
  const containers = [{ name: 'provider', image: 'registry.example.com/acme/web:1.0.0' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { initContainers, containers },
  };
}

function inWords({ restartCount, state }: ContainerStatus): string {
  const what = state.waiting?.reason ?? state.terminated?.reason ?? 'Running';
  return restartCount > 0 ? `${what} after ${restartCount} restarts` : what;
}

async function outcomeOf(name: string): Promise<string[]> {
  const { status } = await get<Pod>('pod', name, 'default');
  const { phase, initContainerStatuses = [], containerStatuses = [] } = status;
  return [phase, ...[...initContainerStatuses, ...containerStatuses].map(inWords)];
}

describe.skipIf(!inject('controlPlane').disposable).concurrent('a pod whose init containers', () => {
  it.each<[string, readonly string[], string, readonly string[]]>([
    ['end well', ['node', 'php'], 'Running', ['Completed', 'Completed', 'Running']],
    [
      'lack an image',
      ['node', 'no-such-image', 'php'],
      'Pending',
      ['Completed', 'ImagePullBackOff', 'PodInitializing', 'PodInitializing'],
    ],
    [
      'crash',
      ['node', 'crash-loop', 'php'],
      'Pending',
      ['Completed', 'CrashLoopBackOff after 5 restarts', 'PodInitializing', 'PodInitializing'],
    ],
  ])('%s: the containers tell so', async (how, images, phase, containers) => {
    const name = how.replaceAll(' ', '-');
    await apply(pod(name, images));

    await expect.poll(() => outcomeOf(name), { timeout: PATIENCE_MS }).toEqual([phase, ...containers]);
    await kubectl(['delete', 'pod', name, '-n', 'default']);
  });
});
