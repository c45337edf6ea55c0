import { describe, expect, it } from 'vitest';
import { projectPod } from '../../../src/reconcile/project-pod.ts';

/** Pods as a kubelet reports them, v1.36: a software's files are copied by an init container, then the provider starts. */

const metadata = {
  name: 'web-1',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '1',
  labels: { 'provider-operator.io/installation': 'web', 'pod-template-hash': '5d8' },
  ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d8', uid: 'r', controller: true }],
};
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

/** Only what the ReplicaSets of the Deployment have made, and what serves or will, speaks of a rollout. */
it.each<[string, object, string]>([
  ['of the Deployment', {}, 'shop/web'],
  // kubernetes/kubernetes#123149, kubernetes/kubectl#1440: kubectl debug --copy-to … --keep-labels --keep-annotations
  ['that somebody copied', { metadata: { ...metadata, ownerReferences: [] } }, ''],
  // kubernetes/kubernetes#42175
  ['of a Job', { metadata: ownedBy({ kind: 'Job', name: 'web-5d8' }) }, ''],
  // kubernetes/kubernetes#116898
  ['of another ReplicaSet', { metadata: ownedBy({ name: 'canary-5d8' }) }, ''],
  ['of a ReplicaSet of the same hash', { metadata: ownedBy({ name: 'web-canary-5d8' }) }, ''],
  ['whose owner does not control it', { metadata: ownedBy({ controller: false }) }, ''],
  // vtmocanu/uzi#951, Shopify/krane#36, linkerd/linkerd2#4732
  ['that was evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, ''],
  // kubernetes/kubernetes#86151
  ['that has ended', { status: { phase: 'Succeeded' } }, ''],
  ['that has no labels', { metadata: { ...metadata, labels: undefined } }, ''],
])('a pod %s is of "%s"', (_, more, installation) => {
  expect(projectPod({ metadata, ...more }).installation).toBe(installation);
});

function ownedBy(more: object) {
  return { ...metadata, ownerReferences: [{ ...metadata.ownerReferences[0]!, ...more }] };
}

/** What a service mesh, a vault or a colleague put into the pod is not the release's. */
describe('a container of others', () => {
  const READY = container('provider', { ready: true, started: true, state: { running: { startedAt: at } } });
  const crashing = (name: string) =>
    container(name, {
      restartCount: 7,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } },
      lastState: { terminated: ended(1, 'Error') },
    });
  const of = (inits: readonly object[], ...containerStatuses: readonly object[]) =>
    projectPod({ metadata, status: { initContainerStatuses: inits, containerStatuses } });

  it.each<[string, ReturnType<typeof projectPod>, object]>([
    // cloudfoundry/eirini#81, linkerd/linkerd2#4973
    [
      'that crashes is named, and no failure of the release',
      of([], crashing('istio-proxy'), READY),
      { ...NOTHING, isReady: true, stranger: { container: 'istio-proxy', why: 'CrashLoopBackOff' } },
    ],
    // pravega/pravega-operator#527, apache/druid#13655: it stands first
    [
      'that runs hides no crash of the release',
      of([], container('istio-proxy', { ready: true, started: true, state: { running: {} } }), crashing('provider')),
      {
        restarts: 7,
        exit: { container: 'provider', code: 1 },
        waiting: { reason: 'CrashLoopBackOff' },
        stranger: undefined,
      },
    ],
    [
      'that runs makes nothing of the release run',
      of(
        [],
        container('istio-proxy', { ready: true, started: true, state: { running: {} } }),
        container('provider', { state: unpulled('ImagePullBackOff') }),
      ),
      { hasStarted: false, waiting: { reason: 'ImagePullBackOff' } },
    ],
    [
      'that is not ready is named',
      of([], READY, container('istio-proxy', { started: true, state: { running: {} } })),
      { isReady: true, stranger: { container: 'istio-proxy', why: 'not ready' } },
    ],
    // gke-labs/kube-agents#724
    [
      'that cannot be pulled, before the others, is named',
      of([container('vault-agent-init', { state: unpulled('ImagePullBackOff') })], INITIALIZING),
      { ...NOTHING, hasStarted: false, stranger: { container: 'vault-agent-init', why: 'ImagePullBackOff' } },
    ],
    // hashicorp/vault#24253
    [
      'that hangs before the others is named',
      of([container('vault-agent-init', { started: true, state: { running: {} } })], INITIALIZING),
      { ...NOTHING, hasStarted: false, stranger: { container: 'vault-agent-init', why: 'not ready' } },
    ],
    // openshift/console#17171, argoproj/argo-cd#21047: a native sidecar never ends
    [
      'that runs beside the others from before them hides nothing',
      of([container('linkerd-proxy', { ready: true, started: true, state: { running: {} } })], crashing('provider')),
      { restarts: 7, waiting: { reason: 'CrashLoopBackOff' }, stranger: undefined },
    ],
    // kubernetes/kubernetes#124936
    [
      'that ended well after several tries says nothing',
      of([container('setup', { ready: true, restartCount: 5, state: { terminated: ended(0, 'Completed') } })], READY),
      { ...NOTHING, isReady: true, stranger: undefined },
    ],
    [
      'that waits for its turn says nothing',
      of([container('vault-agent-init', { state: { running: {} }, ready: true }), waiting('setup')], INITIALIZING),
      { stranger: undefined },
    ],
  ])('%s', (_, view, expected) => {
    expect(view).toMatchObject(expected);
  });
});

function waiting(name: string) {
  return container(name, { state: { waiting: { reason: 'PodInitializing' } } });
}
