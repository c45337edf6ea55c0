import { isDeepStrictEqual } from 'node:util';
import { mergePatched } from './merge-patched.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject, Draft, Edit, ManagedFieldsEntry } from './object.ts';
import { apply, update, type Writer } from './ownership.ts';
import { conflict, immutable, notFound, Refused, required, secondController } from './refusal.ts';

/** One change in the history that watches read. */
export interface Change {
  readonly kind: Kind;
  readonly key: string;
  readonly version: number;
  readonly before: ApiObject | undefined;
  readonly after: ApiObject | undefined;
  /** Who wrote it. */
  readonly by: string;
  /** The object that watches send; for a deletion its last state with the version of the deletion. */
  readonly object: ApiObject;
}

export interface ApplyOptions {
  readonly manager: string;
  readonly force: boolean;
}

/**
 * Keeps a cluster's objects in memory and treats writes as a real API server does. Like a real one it has:
 * one version counter for all kinds; generations that count changes of the spec; status as a part that no other write
 * touches; server-side apply with ownership and conflicts (`ownership.ts`); uid and version preconditions; writes that
 * change nothing and make no new version; deletion at once (no finalizers) with a version of its own; a history that
 * watches read and that can be compacted.
 * It has no schemas, admission, quotas or RBAC, and defaults only where `kinds.ts` says so.
 */
export class ApiServer {
  /** The version of Kubernetes, which a story may upgrade. */
  gitVersion = 'v1.36.3';
  readonly #now: () => number;
  readonly #objects = new Map<Kind, Map<string, ApiObject>>();
  readonly #history: Change[] = [];
  #version = 100;
  #uids = 0;
  #compactedTo = 0;
  readonly #listeners: ((change: Change) => void)[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get version(): number {
    return this.#version;
  }

  /** Watches and lists can no longer go on from a version below this one. */
  get compactedTo(): number {
    return this.#compactedTo;
  }

  get history(): readonly Change[] {
    return this.#history;
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  compact(): void {
    this.#compactedTo = this.#version;
  }

  list(kind: Kind): ApiObject[] {
    return [...(this.#objects.get(kind)?.values() ?? [])];
  }

  get(kind: Kind, key: string): ApiObject | undefined {
    return this.#objects.get(kind)?.get(key);
  }

  /** A dry run: it says whether a create would be refused, and stores nothing. */
  wouldCreate(kind: Kind, draft: Draft): Draft {
    const key = keyOf(draft.metadata);
    if (this.get(kind, key)) {
      throw new Refused(409, 'AlreadyExists', `${kind.plural} "${key}" already exists`);
    }
    return draft;
  }

  create(kind: Kind, draft: Draft, manager: string): ApiObject {
    this.wouldCreate(kind, draft);
    const managedFields = update(undefined, draft, { manager, operation: 'Update' }, this.#time());
    return this.#store(kind, undefined, draft, managedFields, manager);
  }

  /** Any change that is no apply: a PUT, a patch, a write of a subresource. */
  edit(kind: Kind, key: string, writer: Omit<Writer, 'operation'>, change: Edit): ApiObject {
    const live = this.#existing(kind, key);
    const changed = change(live);
    const { metadata } = changed;
    if (metadata.resourceVersion !== live.metadata.resourceVersion) {
      throw conflict('the object has been modified; please apply your changes to the latest version and try again');
    }
    const isStatus = writer.subresource === 'status';
    const after: Draft = {
      ...(isStatus ? live : changed),
      ...(kind.hasStatus && { status: (isStatus ? changed : live)['status'] }),
      metadata: isStatus ? live.metadata : metadata,
    };
    const managedFields = update(live, after, { ...writer, operation: 'Update' }, this.#time());
    return this.#store(kind, live, after, managedFields, writer.manager);
  }

  apply(kind: Kind, config: Draft, options: ApplyOptions): ApiObject {
    const key = keyOf(config.metadata);
    const live = this.get(kind, key);
    const { uid, resourceVersion } = config.metadata;
    if (live && resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion) {
      throw conflict('the object has been modified; please apply your changes to the latest version and try again');
    }
    if (uid !== undefined && !live) {
      throw conflict(`uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
    }
    if (uid !== undefined && live && uid !== live.metadata.uid) {
      const cause = { reason: 'FieldValueInvalid', message: 'field is immutable', field: 'metadata.uid' };
      // A real API server names the cause twice.
      throw new Refused(422, 'Invalid', `${kind.plural} "${key}" is invalid: metadata.uid: field is immutable`, [
        cause,
        cause,
      ]);
    }
    const applied = apply(live, config, { ...options, time: this.#time() });
    if (applied.kind === 'conflict') {
      const causes = applied.conflicts.map(({ manager, field }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with "${manager}"`,
        field,
      }));
      const fields = applied.conflicts.map(({ manager, field }) => `conflict with "${manager}": ${field}`);
      throw new Refused(409, 'Conflict', `Apply failed: ${fields.join(', ')}`, causes);
    }
    return this.#store(kind, live, applied.object, applied.managedFields, options.manager);
  }

  /** A merge patch of the object or of its status. */
  mergePatch(kind: Kind, key: string, writer: Omit<Writer, 'operation'>, patch: object): ApiObject {
    return this.edit(kind, key, writer, (live) => mergePatched(live, patch) as ApiObject);
  }

  remove(kind: Kind, key: string, by: string, uid?: string): void {
    const before = this.#existing(kind, key);
    if (uid !== undefined && uid !== before.metadata.uid) {
      throw conflict(`the UID in the precondition (${uid}) does not match that of the object`);
    }
    this.#objects.get(kind)?.delete(key);
    const version = this.#nextVersion();
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
    this.#tell({ kind, key, version, before, after: undefined, by, object });
  }

  #existing(kind: Kind, key: string): ApiObject {
    const live = this.get(kind, key);
    if (!live) {
      throw notFound(`${kind.plural} "${key}"`);
    }
    return live;
  }

  #store(
    kind: Kind,
    before: ApiObject | undefined,
    draft: Draft,
    managedFields: readonly ManagedFieldsEntry[],
    by: string,
  ): ApiObject {
    const full = kind.defaulted(draft);
    const changed = before && kind.immutable.find((field) => !isDeepStrictEqual(before[field], full[field]));
    if (changed !== undefined) {
      throw immutable(`${kind.plural} "${keyOf(full.metadata)}" is invalid: ${changed}: field is immutable`, changed);
    }
    const absent = kind.missing?.(full);
    if (absent !== undefined) {
      throw required(`${kind.plural} "${keyOf(full.metadata)}"`, absent);
    }
    const controllers = full.metadata.ownerReferences?.filter(({ controller }) => controller);
    if (controllers && controllers.length > 1) {
      throw secondController(`${kind.plural} "${keyOf(full.metadata)}"`);
    }
    const isNewSpec = !before || !isDeepStrictEqual(before['spec'], full['spec']);
    const generation = (before?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0);
    const version = this.#version + 1;
    const after: ApiObject = {
      ...full,
      apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: {
        ...full.metadata,
        uid: before?.metadata.uid ?? `uid-${(this.#uids += 1)}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? this.#time(),
        ...(kind.countsGenerations && { generation }),
        resourceVersion: String(version),
        managedFields,
      },
    };
    if (before && isDeepStrictEqual(timeless(before), timeless(after))) {
      return before;
    }
    this.#nextVersion();
    const key = keyOf(after.metadata);
    const objects = this.#objects.get(kind) ?? new Map<string, ApiObject>();
    this.#objects.set(kind, objects.set(key, after));
    this.#tell({ kind, key, version, before, after, by, object: after });
    return after;
  }

  #nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const listener of this.#listeners) {
      listener(change);
    }
  }

  #time(): string {
    return `${new Date(this.#now()).toISOString().slice(0, 19)}Z`;
  }
}

export function keyOf({ namespace, name }: { readonly namespace?: string | undefined; readonly name: string }): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The object without its version and the times in managedFields, which alone make no new version. */
function timeless(object: ApiObject): object {
  const { resourceVersion: _, managedFields = [], ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, managedFields: managedFields.map(({ time: _time, ...entry }) => entry) },
  };
}
