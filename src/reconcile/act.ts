import { claimed, takenOver } from '../cluster/contested-fields.ts';
import { ApiError, isClash, isTaken } from '../cluster/errors.ts';
import type { ObjectName, Resource } from '../cluster/resource.ts';
import type { Writer } from '../cluster/write.ts';
import { objectKey } from '../controller/object-key.ts';
import { ANNOTATION, FIELD_MANAGER, LEFT_TO_OTHERS } from '../api/names.ts';
import type { Action } from '../plan/act/action.ts';
import { leavesBehind } from '../plan/act/culprit.ts';
import type { ChildKind, ChildView, Installation } from '../plan/state/observed.ts';
import { isOfNothing } from '../plan/state/owned-hash.ts';
import { recordedDeployment } from '../plan/pods/record-object.ts';
import { ALONE } from './alone.ts';
import { Appeared } from './appeared.ts';
import { generateSecret } from './generate-secret.ts';
import type { RawRevision } from './project-revision.ts';
import type { Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';
import type { Unseen } from './unseen.ts';
import { RecordGone, writeMark, writeRecord, type RecordPorts } from './write-record.ts';

type Apply = Extract<Action, { kind: 'apply' }>;
type Restoring = Extract<Action, { kind: 'restore' }>;

export interface ActPorts extends RecordPorts {
  readonly unseen: Unseen;
  /** The child that was seen when the action was decided on. */
  readonly seen: Pick<ChildView, 'uid' | 'owned' | 'applied' | 'contested'> | undefined;
}

/** Writes one action. Throws `Appeared` where there is a child that was not seen so, else what the API server said. */
export async function act(ports: ActPorts, installation: Installation, action: Action): Promise<void> {
  ports.signal.throwIfAborted();
  try {
    await carryOut(ports, installation, action);
  } catch (error) {
    const name = nameOf(installation, action);
    if (gotNoAnswer(error) && name !== undefined) {
      ports.unseen.add(objectKey(installation), { child: action.child, name });
    }
    throw error;
  }
}

/**
 * The name of a child whose write has to be looked up where it got no answer. A record or its removal changes nothing that runs, and is
 * found by the next try; a mark decides what comes next.
 */
function nameOf({ name }: Installation, action: Action): string | undefined {
  if (action.kind === 'mark') {
    return action.object.metadata.name;
  }
  return action.child === 'ControllerRevision' ? undefined : name;
}

/** The write may have been done all the same: the API server says 5xx also where it lost sight of what it did. */
function gotNoAnswer(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

function carryOut(ports: ActPorts, installation: Installation, action: Action): Promise<void> {
  switch (action.kind) {
    case 'apply':
      return apply(ports, installation, action);
    case 'restore':
      return restore(ports, installation, action);
    case 'record':
      return writeRecord(ports, action.object);
    case 'generate':
      return generateSecret(ports, action);
    case 'mark':
      return writeMark(ports, action);
    case 'remove': {
      const { child, name, uid } = action;
      return ports.writer.remove(CHILDREN[child], { namespace: installation.namespace, name }, { uid });
    }
  }
}

async function apply(ports: ActPorts, installation: Installation, what: Put): Promise<void> {
  const { child, uid, leaveReplicas: replicas } = what;
  if (uid !== undefined && replicas !== undefined) {
    await leaveReplicas(ports, installation, { uid, replicas });
  }
  ports.offer(child, await put(ports, installation, what), what.object);
}

type Put = Pick<Apply, 'child' | 'object' | 'uid' | 'adopts' | 'leaveReplicas'>;

function put(ports: ActPorts, installation: Installation, what: Put): Promise<Raw> {
  const { child, object, uid } = what;
  return uid === undefined ? create(ports, installation, what) : applyAlone(ports, child, object, uid);
}

/** Unforced, so that an object that the caches do not show keeps the fields that another manager has. */
async function create(ports: ActPorts, installation: Installation, { child, object, adopts }: Put): Promise<Raw> {
  const { writer } = ports;
  const exact = adopts === undefined ? object : { ...object, metadata: { ...object.metadata, uid: adopts } };
  try {
    return await writer.apply<Raw>(CHILDREN[child], exact, { fieldManager: FIELD_MANAGER, force: false });
  } catch (error) {
    if (!(error instanceof ApiError) || !isTaken(error)) {
      throw error;
    }
    // Only now is it worth a read: it may be ours and have lost the label by which it is watched.
    const found = await look(ports, installation, child);
    if (!found) {
      throw error;
    }
    return applyAlone(ports, child, object, found.metadata.uid);
  }
}

/** Reads what the caches may not show; decides nothing about it, for that is the plan's to do. */
async function look(
  { writer, signal, seen }: ActPorts,
  { namespace, name }: Installation,
  child: ChildKind,
): Promise<Raw | undefined> {
  const found = await writer.get<Raw>(CHILDREN[child], { namespace, name });
  signal.throwIfAborted();
  if (
    found &&
    (found.metadata.uid !== seen?.uid || found.metadata.annotations?.[ANNOTATION.applied] !== seen.applied)
  ) {
    throw new Appeared(child, found);
  }
  return found;
}

/** Applies the Deployment of a record; that is read only now, because nobody needs it before. */
async function restore(ports: ActPorts, installation: Installation, action: Restoring): Promise<void> {
  const { namespace } = installation;
  const { record: name } = action;
  const found = await ports.writer.get<RawRevision>(CHILDREN.ControllerRevision, { namespace, name });
  ports.signal.throwIfAborted();
  const deployment = found?.data?.deployment;
  if (!deployment) {
    throw new RecordGone(`The record "${name}" is gone`);
  }
  const { object } = recordedDeployment(installation, deployment);
  await apply(ports, installation, { ...action, object });
}

/**
 * Leaves the number of pods as it is when the tier stops owning it: the API server would reset to 1 what nobody owns.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
 */
async function leaveReplicas(
  { writer, signal }: ActPorts,
  { namespace, name }: Installation,
  { uid, replicas }: { readonly uid: string; readonly replicas: number },
): Promise<void> {
  const part = { metadata: { namespace, name, uid }, spec: { replicas } };
  await writer.apply(CHILDREN.Deployment, part, { fieldManager: LEFT_TO_OTHERS, force: true });
  signal.throwIfAborted();
}

/**
 * Applies after taking over what others have set of what is ours alone: at once where that is known. Else where it is refused: then
 * something stands in the way, be it nobody's.
 */
async function applyAlone(ports: ActPorts, child: ChildKind, object: Apply['object'], uid: string): Promise<Raw> {
  const write = () => applyTo(ports.writer, CHILDREN[child], object, uid);
  if (ports.seen && isInTheWay(ports.seen, object)) {
    await takeOver(ports, child, object.metadata, { uid, by: claimed });
    return write();
  }
  try {
    return await write();
  } catch (error) {
    if (
      error instanceof ApiError &&
      error.status === 422 &&
      (await takeOver(ports, child, object.metadata, { uid, by: isClash(error) ? claimed : takenOver }))
    ) {
      return write();
    }
    throw error;
  }
}

/** Whether the apply alone would leave something behind. */
function isInTheWay({ owned, contested }: NonNullable<ActPorts['seen']>, object: Apply['object']): boolean {
  return isOfNothing(owned) || (contested !== undefined && leavesBehind(contested, object));
}

/** Changes who owns the fields, and no field; returns whether an apply may come to something else now. */
async function takeOver(
  { writer, signal }: ActPorts,
  child: ChildKind,
  name: ObjectName,
  { uid, by }: { readonly uid: string; readonly by: typeof takenOver },
): Promise<boolean> {
  const live = await writer.get<Raw>(CHILDREN[child], name);
  signal.throwIfAborted();
  if (live?.metadata.uid !== uid) {
    // The apply says that it is gone, and all is decided anew.
    return true;
  }
  const managedFields = by(live, FIELD_MANAGER, ALONE[child]);
  if (!managedFields) {
    return false;
  }
  await writer.patchManagedFields(CHILDREN[child], live.metadata, managedFields);
  signal.throwIfAborted();
  return true;
}

/** Meant for exactly the object that was seen: one that was deleted meanwhile is not made anew by this. */
function applyTo(writer: Writer, resource: Resource, object: Apply['object'], uid: string): Promise<Raw> {
  const exact = { ...object, metadata: { ...object.metadata, uid } };
  return writer.apply<Raw>(resource, exact, { fieldManager: FIELD_MANAGER, force: true });
}
