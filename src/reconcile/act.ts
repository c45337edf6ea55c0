import { ApiError, fieldConflicts } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import { objectKey } from '../controller/object-key.ts';
import { FIELD_MANAGER, LEFT_TO_OTHERS } from '../api/names.ts';
import type { Action } from '../plan/actions.ts';
import type { ChildKind, Installation } from '../plan/observed.ts';
import type { Raw } from './project.ts';
import { CHILDREN } from './resources.ts';

/** A child that the caches do not show is there, so what was decided without it is void. */
export class Appeared extends Error {
  override readonly name = 'Appeared';
  readonly retry = 'now';
  readonly child: ChildKind;
  readonly raw: Raw;

  constructor(child: ChildKind, raw: Raw) {
    super(`There is a ${child} already`);
    this.child = child;
    this.raw = raw;
  }
}

export interface ActPorts {
  readonly writer: Writer;
  /** Takes what a write returned into the caches, so that the next look sees it. */
  readonly offer: (child: ChildKind, raw: Raw) => void;
  /** Aborts when the run has taken too long: then nothing more is written. */
  readonly signal: AbortSignal;
  /** First applies whose answer was lost, by `unansweredId`: what was decided then may be there by now. */
  readonly unanswered: Set<string>;
  /** The child that was seen when the action was decided on. */
  readonly seen: { readonly uid: string } | undefined;
}

/** Writes one action. Throws `Appeared` where there is a child that was not seen, else what the API server said. */
export async function act(ports: ActPorts, installation: Installation, action: Action): Promise<void> {
  const { writer, offer, signal, unanswered, seen } = ports;
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

  /** Reads what the caches do not show; decides nothing about it, for that is the plan's to do. */
  async function look(): Promise<Raw | undefined> {
    const found = await writer.get<Raw>(resource, name);
    signal.throwIfAborted();
    if (found && found.metadata.uid !== seen?.uid) {
      throw new Appeared(action.child, found);
    }
    return found;
  }

  /** Unforced, so that an object that the caches do not show is never overwritten. */
  async function create(adopts: string | undefined): Promise<Raw> {
    const id = unansweredId(action.child, objectKey(name));
    if (unanswered.has(id)) {
      // Our own would not conflict, and a release that was published meanwhile would replace the one that was chosen.
      await look();
      unanswered.delete(id);
    }
    const exact = adopts === undefined ? object : { ...object, metadata: { ...object.metadata, uid: adopts } };
    try {
      return await writer.apply<Raw>(resource, exact, { fieldManager: FIELD_MANAGER, force: false });
    } catch (error) {
      if (!(error instanceof ApiError) || fieldConflicts(error).length === 0) {
        if (error instanceof ApiError && (error.status === 0 || error.status >= 500)) {
          unanswered.add(id);
        }
        throw error;
      }
      // Only now is it worth a read: it may be ours and have lost the label by which it is watched.
      const found = await look();
      if (!found) {
        throw error;
      }
      return takeOver(found.metadata.uid);
    }
  }

  if (action.leaveReplicas !== undefined && action.uid !== undefined) {
    await leaveReplicas(action.uid, action.leaveReplicas);
    signal.throwIfAborted();
  }
  offer(action.child, await (action.uid === undefined ? create(action.adopts) : takeOver(action.uid)));
}

/** Stands for one child of an installation. */
export function unansweredId(child: ChildKind, installation: string): string {
  return `${child} ${installation}`;
}
