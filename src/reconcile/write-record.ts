import { ApiError } from '../cluster/errors.ts';
import { ownedFields } from '../cluster/owned-fields.ts';
import type { Writer } from '../cluster/write.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL, MARKER } from '../api/names.ts';
import { isExactVersion } from '../api/version.ts';
import type { Action } from '../plan/act/action.ts';
import { isSameSpec, ownedHash } from '../plan/state/owned-hash.ts';
import type { Child } from '../plan/pods/children.ts';
import { UNKNOWN_INPUTS } from '../plan/state/committed.ts';
import type { ChildKind, Installation } from '../plan/state/observed.ts';
import { recordedDeployment, recordName, recordObject } from '../plan/pods/record-object.ts';
import { recordsOf } from '../plan/state/record.ts';
import { recordOfStanding, type Standing } from '../plan/decide/take-over.ts';
import { Appeared } from './appeared.ts';
import { projectRevision, type RawRevision } from './project-revision.ts';
import type { Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';

const { ControllerRevision: RECORDS, Deployment: DEPLOYMENTS } = CHILDREN;

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

/** Records the Deployment as the API server has it, and lets it name its record; no pod is touched by that. */
export async function recordStanding(
  ports: RecordPorts,
  installation: Installation,
  { uid, number, facts }: Extract<Action, { kind: 'takeOver' }>,
): Promise<void> {
  const { writer, offer, signal } = ports;
  const { namespace, name } = installation;
  const live = await writer.get<Raw & Pick<Standing, 'spec'>>(DEPLOYMENTS, { namespace, name });
  signal.throwIfAborted();
  if (!live) {
    return;
  }
  // Another one of this name may be anybody's.
  if (live.metadata.uid !== uid) {
    throw new Appeared('Deployment', live);
  }
  // The caches may be behind: then the record is there.
  const label = Number(live.metadata.labels?.[LABEL.rollout]);
  const named =
    label > 0 ? await writer.get<RawRevision>(RECORDS, { namespace, name: recordName({ name }, label) }) : undefined;
  signal.throwIfAborted();
  const seen = named && projectRevision(named);
  if (named && seen && recordsOf(installation, live, [seen]).length > 0) {
    throw new Appeared('ControllerRevision', named);
  }
  const owned = ownedFields(live, FIELD_MANAGER) as { readonly metadata?: object } & Partial<Pick<Standing, 'spec'>>;
  const isWhole = isSameSpec(live.metadata.annotations?.[ANNOTATION.applied], ownedHash(owned));
  // Somebody changed it since it was decided what it was made from.
  if (!isWhole && facts.committed.wish !== UNKNOWN_INPUTS.wish) {
    throw new Appeared('Deployment', live);
  }
  const standing = isWhole ? { ...owned, spec: owned.spec ?? {} } : { ...owned, spec: live.spec };
  const data = recordOfStanding(installation, standing, number, facts);
  if (!isExactVersion(data.version)) {
    throw new Appeared('Deployment', live);
  }
  await writeRecord(ports, recordObject(installation, number, data));
  signal.throwIfAborted();
  const { object } = recordedDeployment(installation, data.deployment);
  const exact = { ...object, metadata: { ...object.metadata, uid: live.metadata.uid } };
  const stored = await writer.apply<Raw>(DEPLOYMENTS, exact, { fieldManager: FIELD_MANAGER, force: true });
  offer('Deployment', stored, object);
}
