import { describe, expect, it } from 'vitest';
import { projectPod } from '../../../src/reconcile/project-pod.ts';

/** Pods as a kubelet reports them, v1.36: a software's files are copied by an init container, then the provider starts. */

const metadata = { name: 'web-1', namespace: 'shop', uid: 'u', resourceVersion: '1' };
const at = '2026-01-01T00:00:00Z';

const INITIALIZING = container('provider', { state: { waiting: { reason: 'PodInitializing' } } });
const RUNNING = container('provider', { started: true, state: { running: { startedAt: at } } });
const COPIED = container('software-node', { ready: true, state: { terminated: ended(0, 'Completed') } });
const COPYING = container('software-node', { started: true, state: { running: { startedAt: at } } });

function container(name: string, more: object) {
  const image = 'registry.example.com/acme/web:1.0.0';
  return { name, ready: false, restartCount: 0, image, imageID: '', started: false, lastState: {}, ...more };
}

function ended(exitCode: number, reason: string) {
  return { exitCode, reason, startedAt: at, finishedAt: at, containerID: 'containerd://1' };
}

function unpulled(reason: 'ErrImagePull' | 'ImagePullBackOff') {
  return { waiting: { reason, message: 'Back-off pulling image "registry.example.com/software/php:8.3.12"' } };
}

function pod(initContainerStatuses: readonly object[], provider: object) {
  const conditions = [{ type: 'PodScheduled', status: 'True' }];
  return projectPod({ metadata, status: { conditions, initContainerStatuses, containerStatuses: [provider] } });
}

const NOTHING = { restarts: 0, exit: undefined, waiting: undefined };

describe('an init container that fails counts as the provider itself does: it', () => {
  it.each(['ErrImagePull', 'ImagePullBackOff'] as const)('cannot be pulled: %s', (reason) => {
    const bad = container('software-php', { state: unpulled(reason) });

    expect(pod([COPIED, bad, waiting('software-imagemagick')], INITIALIZING)).toMatchObject({
      hasStarted: false,
      restarts: 0,
      waiting: { reason, message: expect.stringContaining('software/php') },
    });
  });

  it('ends with an error, again and again', () => {
    const bad = container('software-php', {
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
      lastState: { terminated: ended(1, 'Error') },
    });

    expect(pod([COPIED, bad], INITIALIZING)).toMatchObject({
      hasStarted: true,
      restarts: 3,
      exit: { container: 'software-php', code: 1, reason: 'Error' },
      waiting: { reason: 'CrashLoopBackOff' },
    });
  });

  it('has ended with an error once, and is not started again yet', () => {
    const bad = container('software-php', { state: { terminated: ended(1, 'Error') } });

    expect(pod([bad], INITIALIZING)).toMatchObject({ ...NOTHING, hasStarted: true });
  });
});

describe('an init container that does its work says nothing against a pod: it', () => {
  it.each([
    ['waits for its turn', waiting('software-php'), false],
    ['runs', COPYING, true],
    ['has ended well', COPIED, false],
    [
      'has ended well at the fourth time',
      { ...COPIED, restartCount: 3, lastState: { terminated: ended(1, 'Error') } },
      false,
    ],
    ['runs for the fourth time', { ...COPYING, restartCount: 3, lastState: { terminated: ended(1, 'Error') } }, true],
  ])('%s', (_, init, hasStarted) => {
    expect(pod([init], INITIALIZING)).toMatchObject({ hasStarted, waiting: undefined });
  });

  it('leaves the provider to speak for itself', () => {
    expect(pod([COPIED], RUNNING)).toMatchObject({ ...NOTHING, hasStarted: true });

    const unstarted = container('provider', { state: unpulled('ImagePullBackOff') });
    expect(pod([COPIED], unstarted), 'nothing of the provider has run').toMatchObject({
      hasStarted: false,
      waiting: { reason: 'ImagePullBackOff' },
    });
  });

  it('has to be done again because its node came back', () => {
    const again = container('software-node', {
      restartCount: 3,
      state: { waiting: { reason: 'PodInitializing' } },
      lastState: { terminated: ended(0, 'Completed') },
    });

    expect(pod([again], INITIALIZING)).toMatchObject({ waiting: undefined });
  });
});

it('a pod without a status is one that nobody has looked at', () => {
  expect(projectPod({ metadata })).toMatchObject({ ...NOTHING, hasStarted: false, unschedulable: undefined });
});

function waiting(name: string) {
  return container(name, { state: { waiting: { reason: 'PodInitializing' } } });
}
