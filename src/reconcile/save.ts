import { ApiError } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import { FIELD_MANAGER, LABEL } from '../api/names.ts';
import type { Action } from '../plan/actions.ts';
import type { ChildKind, Installation } from '../plan/observed.ts';
import type { SavedRevision } from '../plan/revision.ts';
import { ownerOf, type Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';

type Saving = Extract<Action, { kind: 'save' }>;

export interface SavePorts {
  readonly writer: Writer;
  /** Takes what a write or a read returned into the caches, so that the next look sees it. */
  readonly offer: (child: ChildKind, raw: Raw) => void;
  /** Aborts when the run has taken too long: then nothing more is written. */
  readonly signal: AbortSignal;
}

/** A ControllerRevision of ours, as the API server has it. */
export type Saved = Raw & { readonly data: SavedRevision };

/** Saves what is replaced, as the newest. */
export async function save(ports: SavePorts, installation: Installation, action: Saving): Promise<void> {
  const { writer, offer, signal } = ports;
  const { child, object } = action;
  const apply = (revision: Saving['object']) =>
    writer.apply<Raw>(CHILDREN[child], revision, { fieldManager: FIELD_MANAGER, force: false });
  try {
    offer(child, await apply(object));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) {
      throw error;
    }
    const found = await writer.get<Saved>(CHILDREN[child], object.metadata);
    signal.throwIfAborted();
    if (found && ownerOf(found.metadata)?.uid === installation.uid) {
      // Saved before, be it that nobody heard of it, from the same inputs: only the number of a revision may change.
      offer(child, await apply({ ...object, data: found.data }));
    } else if (found && isOrphan(found, installation)) {
      await writer.remove(CHILDREN[child], object.metadata, { uid: found.metadata.uid });
      signal.throwIfAborted();
      offer(child, await apply(object));
    } else {
      throw error;
    }
  }
}

/** Its installation was deleted without what belongs to it: `kubectl delete --cascade=orphan`. */
function isOrphan({ metadata }: Raw, { name }: Installation): boolean {
  return !ownerOf(metadata) && metadata.labels?.[LABEL.installation] === name;
}
