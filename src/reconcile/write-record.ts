import { ApiError } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import { FIELD_MANAGER, MARKER } from '../api/names.ts';
import type { Action } from '../plan/act/action.ts';
import type { Child } from '../plan/pods/children.ts';
import type { ChildKind } from '../plan/state/observed.ts';
import { Appeared } from './appeared.ts';
import type { Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';

const { ControllerRevision: RECORDS } = CHILDREN;

export interface RecordPorts {
  readonly writer: Writer;
  /** Takes what a write returned into the caches, so that the next look sees it; with what was applied, where that is a child. */
  readonly offer: (child: ChildKind, raw: Raw, sent?: Child['object']) => void;
  /** Aborts when the run has taken too long: then nothing more is written. */
  readonly signal: AbortSignal;
}

/** A record that is needed, or that was in the way, is gone: everything is decided anew. */
export class RecordGone extends Error {
  override readonly name = 'RecordGone';
  readonly retry = 'now';
}

/** Writes a record; `Appeared` where there is something of that name, be it the same record whose answer got lost. */
export async function writeRecord(
  { writer, offer, signal }: RecordPorts,
  object: Extract<Action, { kind: 'record' }>['object'],
): Promise<void> {
  try {
    const stored = await writer.apply<Raw>(RECORDS, object, { fieldManager: FIELD_MANAGER, force: false });
    offer('ControllerRevision', stored);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 409 && error.status !== 422)) {
      throw error;
    }
    const found = await writer.get<Raw>(RECORDS, object.metadata);
    signal.throwIfAborted();
    if (!found) {
      throw isOther(error) ? new RecordGone(`The record "${object.metadata.name}" is gone`) : error;
    }
    throw new Appeared('ControllerRevision', found);
  }
}

/** There was one of the name, with other data. */
function isOther({ details: { causes = [] } }: ApiError): boolean {
  return causes.some(({ field }) => field === 'data');
}

export async function writeMark(
  { writer, offer }: RecordPorts,
  { object }: Extract<Action, { kind: 'mark' }>,
): Promise<void> {
  offer('ControllerRevision', await writer.apply<Raw>(RECORDS, object, { fieldManager: MARKER, force: true }));
}
