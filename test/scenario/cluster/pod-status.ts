import { hash } from '../../../src/api/hash.ts';
import { KINDS } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { failingInit, Pod, type Template } from './pod.ts';
import { keyOf, type ApiServer } from './server.ts';

/** Keeps a Pod object on the API server for each pod that a kubelet has. */
export class PodStatuses {
  readonly #server: ApiServer;
  #created = 0;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  create({ apiVersion, metadata }: ApiObject, template: Template): Pod {
    this.#created += 1;
    const { namespace = '', name, uid } = metadata;
    const templateHash = hash(template);
    // There are no ReplicaSets: what has the name of one is the Deployment.
    const owner = { apiVersion, kind: 'ReplicaSet', name: `${name}-${templateHash}`, uid, controller: true };
    const pod = new Pod(template, { namespace, name: `${name}-${this.#created}` });
    const draft = {
      metadata: {
        namespace,
        name: pod.name,
        ...template.metadata,
        labels: { ...template.metadata?.labels, 'pod-template-hash': templateHash },
        ownerReferences: [owner],
      },
      spec: template.spec,
      status: statusOf(pod),
    };
    this.#server.create(KINDS.Pod, draft, 'kube-controller-manager');
    return pod;
  }

  /** Writes the status of a Pod object. If somebody deleted the object, the kubelet keeps its pod all the same. */
  write(pod: Pod): void {
    if (this.#server.get(KINDS.Pod, keyOf(pod))) {
      const writer = { manager: 'kubelet', subresource: 'status' };
      this.#server.edit(KINDS.Pod, keyOf(pod), writer, (live) => ({ ...live, status: statusOf(pod) }));
    }
  }

  remove(pod: Pod): void {
    if (this.#server.get(KINDS.Pod, keyOf(pod))) {
      this.#server.remove(KINDS.Pod, keyOf(pod), 'kube-controller-manager');
    }
  }
}

function statusOf(pod: Pod): object {
  const { isReady, readySince, hasStarted } = pod;
  const inits = pod.template.spec.initContainers ?? [];
  const failing = failingInit(pod.template);
  const turn = failing ? inits.indexOf(failing) : inits.length;
  return {
    phase: hasStarted && !failing ? 'Running' : 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      isReady
        ? { type: 'Ready', status: 'True', lastTransitionTime: new Date(readySince).toISOString() }
        : { type: 'Ready', status: 'False' },
    ],
    ...(inits.length > 0 && {
      initContainerStatuses: inits.map((init, i) => ({ name: init.name, ...initStatusOf(pod, i - turn) })),
    }),
    containerStatuses: [{ name: 'provider', ready: isReady, ...(failing ? INITIALIZING : progressOf(pod)) }],
  };
}

const INITIALIZING = { restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } };

/** The status of one init container. They complete one after the other, up to the one that fails. */
function initStatusOf(pod: Pod, turnsBeforeIts: number): object {
  if (turnsBeforeIts > 0) {
    return { ready: false, ...INITIALIZING };
  }
  return turnsBeforeIts === 0
    ? { ready: false, ...progressOf(pod) }
    : { ready: true, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } };
}

function progressOf({ restarts, waiting }: Pod): object {
  return {
    restartCount: restarts,
    state: waiting === undefined ? { running: {} } : { waiting: { reason: waiting } },
    ...(restarts > 0 && { lastState: { terminated: { exitCode: 1, reason: 'Error' } } }),
  };
}
