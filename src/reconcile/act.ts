import { ApiError, fieldConflicts } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import { FIELD_MANAGER, LEFT_TO_OTHERS } from '../api/names.ts';
import type { Action } from '../plan/actions.ts';
import { obstacleTo } from '../plan/decision.ts';
import type { ChildKind, Installation } from '../plan/observed.ts';
import type { Problem } from '../plan/problem.ts';
import { projectChild, type Raw } from './project.ts';
import { CHILDREN } from './resources.ts';

/** Somebody else's object stands where a child should be. */
export class Obstructed extends Error {
  override readonly name = 'Obstructed';
  readonly problem: Problem;
  readonly retry = 'never';

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

export interface ActPorts {
  readonly writer: Writer;
  /** Takes what a write returned into the caches, so that the next look sees it. */
  readonly offer: (child: ChildKind, raw: Raw) => void;
  /** Aborts when the run has taken too long: then nothing more is written. */
  readonly signal: AbortSignal;
}

/** Writes one action. Throws `Obstructed` where the name is taken, else what the API server said. */
export async function act(ports: ActPorts, installation: Installation, action: Action): Promise<void> {
  const { writer, offer, signal } = ports;
  signal.throwIfAborted();
  const resource = CHILDREN[action.child];
  const name = { namespace: installation.namespace, name: installation.name };
  if (action.kind === 'remove') {
    await writer.remove(resource, name, { uid: action.uid });
    return;
  }
  const { object } = action;

  /** Meant for exactly the object that was seen: one that was deleted meanwhile is not made anew by this. */
  function takeOver(uid: string): Promise<Raw> {
    const exact = { ...object, metadata: { ...object.metadata, uid } };
    return writer.apply<Raw>(resource, exact, { fieldManager: FIELD_MANAGER, force: true });
  }

  /**
   * Leaves the number of pods as it is when the tier stops owning it: the API server would reset to 1 what nobody owns.
   * https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
   */
  async function leaveReplicas(uid: string, replicas: number): Promise<void> {
    const part = { metadata: { ...name, uid }, spec: { replicas } };
    await writer.apply(resource, part, { fieldManager: LEFT_TO_OTHERS, force: true });
  }

  /** Unforced, so that an object that the caches do not show is never overwritten. */
  async function create(): Promise<Raw> {
    try {
      return await writer.apply<Raw>(resource, object, { fieldManager: FIELD_MANAGER, force: false });
    } catch (error) {
      if (!(error instanceof ApiError) || fieldConflicts(error).length === 0) {
        throw error;
      }
      // Only now is it worth a read: it may be ours and have lost the label by which it is watched.
      const found = await writer.get<Raw>(resource, name);
      if (!found) {
        throw error;
      }
      signal.throwIfAborted();
      const obstacle = obstacleTo(installation, action.child, projectChild(found));
      if (obstacle) {
        throw new Obstructed(obstacle);
      }
      return takeOver(found.metadata.uid);
    }
  }

  if (action.leaveReplicas !== undefined && action.uid !== undefined) {
    await leaveReplicas(action.uid, action.leaveReplicas);
    signal.throwIfAborted();
  }
  offer(action.child, await (action.uid === undefined ? create() : takeOver(action.uid)));
}
