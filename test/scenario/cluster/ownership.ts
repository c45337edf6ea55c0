import { isDeepStrictEqual } from 'node:util';
import { describePath, fieldsOf, fromFieldsV1, toFieldsV1, type Fields, type FieldSet } from './fields.ts';
import { merged, without } from './merge.ts';
import type { ApiObject, Draft, FieldsV1, ManagedFieldsEntry } from './object.ts';

/**
 * Server-side apply and the bookkeeping of who owns which field, for the fields that the operator applies. It follows
 * structured-merge-diff (merge/update.go): an apply owns the fields that it names and loses those that it names no longer.
 * It is a conflict if it changes the value of somebody else's field. Any other write owns the fields that it changes.
 */

/** Who writes. Each combination of manager, operation and subresource owns a set of fields of its own. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
}

interface Conflict {
  readonly manager: string;
  readonly field: string;
}

export type Applied =
  | { readonly kind: 'applied'; readonly object: Draft; readonly managedFields: readonly ManagedFieldsEntry[] }
  | { readonly kind: 'conflict'; readonly conflicts: readonly Conflict[] };

interface Owner {
  readonly entry: Omit<ManagedFieldsEntry, 'fieldsV1'>;
  readonly set: FieldSet;
  /** The same set in the form in which it was stored; absent if it has changed since. */
  readonly stored?: FieldsV1;
}

type Owners = Map<string, Owner>;

export function apply(
  live: ApiObject | undefined,
  config: Draft,
  { manager, force, time }: { readonly manager: string; readonly force: boolean; readonly time: string },
): Applied {
  const writer: Writer = { manager, operation: 'Apply' };
  const owners = ownersOf(live);
  const id = idOf(writer);
  if (live && owners.size === 0) {
    // Nobody knows whose they are (apimachinery: managedfields/internal/skipnonapplied.go).
    const unknown: Writer = { manager: 'before-first-apply', operation: 'Update' };
    owners.set(idOf(unknown), {
      entry: entryOf(unknown, config.apiVersion ?? '', time),
      set: new Set(fieldsOf(live).keys()),
    });
  }
  const before = owners.get(id)?.set ?? new Set<string>();
  const mine: FieldSet = new Set(fieldsOf(config).keys());
  const object = merged(live ?? {}, config) as Draft;

  const changed = changes(fieldsOf(live), fieldsOf(object));
  const conflicts = takeFrom(owners, id, changed.set);
  if (!force && conflicts.length > 0) {
    return { kind: 'conflict', conflicts };
  }
  const kept = new Set([...mine, ...[...owners].filter(([other]) => other !== id).flatMap(([, { set }]) => [...set])]);
  const pruned = without(object, before.difference(mine), kept) as Draft;
  const gone = changes(fieldsOf(object), fieldsOf(pruned)).removed;
  forget(owners, id, gone);
  owners.set(id, { entry: entryOf(writer, config.apiVersion ?? '', time), set: mine });
  return { kind: 'applied', object: pruned, managedFields: entriesOf(owners) };
}

/**
 * The managedFields after a write that is no apply. A write of a status does not change them: nobody reads who owns a
 * field of a status, and most writes are of statuses.
 */
export function update(
  live: ApiObject | undefined,
  after: Draft,
  writer: Writer,
  time: string,
): readonly ManagedFieldsEntry[] {
  if (writer.subresource === 'status') {
    return live?.metadata.managedFields ?? [];
  }
  const said = live ? (saidOwners(after).managedFields ?? live.metadata.managedFields ?? []) : undefined;
  if (said?.length === 0) {
    // Where nobody owns anything, only an apply begins to keep account.
    return [];
  }
  // Who writes may say anew who owns what.
  const owners = ownersOf(live && { ...live, metadata: { ...live.metadata, ...saidOwners(after) } });
  const id = idOf(writer);
  const { set, removed } = changes(fieldsOf(live), fieldsOf(after));
  takeFrom(owners, id, set);
  forget(owners, id, removed);
  const before = owners.get(id);
  const mine = (before?.set ?? new Set<string>()).difference(removed).union(set);
  owners.delete(id);
  if (mine.size > 0) {
    // An entry of the scale subresource has no time.
    const entry = entryOf(writer, after.apiVersion ?? '', writer.subresource === 'scale' ? undefined : time);
    owners.set(id, { entry: set.size > 0 ? entry : (before?.entry ?? entry), set: mine });
  }
  return entriesOf(owners);
}

function saidOwners({ metadata }: Draft): { readonly managedFields?: readonly ManagedFieldsEntry[] } {
  const { managedFields } = metadata as { readonly managedFields?: readonly ManagedFieldsEntry[] };
  return managedFields ? { managedFields } : {};
}

function changes(before: Fields, after: Fields): { readonly set: Set<string>; readonly removed: Set<string> } {
  const set = new Set<string>();
  for (const [path, value] of after) {
    if (!before.has(path) || !isDeepStrictEqual(before.get(path), value)) {
      set.add(path);
    }
  }
  return { set, removed: new Set(before.keys()).difference(after) };
}

/** Takes fields away from everybody but one; returns what was taken from whom. */
function takeFrom(owners: Owners, except: string, fields: FieldSet): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [id, { entry, set }] of owners) {
    const taken = set.intersection(fields);
    if (id !== except && taken.size > 0) {
      conflicts.push(...[...taken].map((path) => ({ manager: entry.manager, field: describePath(path) })));
      shrink(owners, id, set.difference(fields));
    }
  }
  return conflicts;
}

function forget(owners: Owners, except: string, removed: FieldSet): void {
  for (const [id, { set }] of owners) {
    if (id !== except && !set.isDisjointFrom(removed)) {
      shrink(owners, id, set.difference(removed));
    }
  }
}

function shrink(owners: Owners, id: string, set: FieldSet): void {
  const owner = owners.get(id);
  if (owner && set.size > 0) {
    owners.set(id, { entry: owner.entry, set });
  } else {
    owners.delete(id);
  }
}

function idOf({ manager, operation, subresource = '' }: Writer): string {
  return JSON.stringify([manager, operation, subresource]);
}

function entryOf({ manager, operation, subresource }: Writer, apiVersion: string, time: string | undefined) {
  return {
    manager,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1' as const,
    ...(subresource !== undefined && { subresource }),
  };
}

function ownersOf(object: ApiObject | undefined): Owners {
  return new Map(
    (object?.metadata.managedFields ?? []).map((entry) => {
      const { fieldsV1, ...rest } = entry;
      return [idOf(entry), { entry: rest, set: readSet(fieldsV1), stored: fieldsV1 }];
    }),
  );
}

function entriesOf(owners: Owners): ManagedFieldsEntry[] {
  return [...owners.values()].map(({ entry, set, stored }) => ({ ...entry, fieldsV1: stored ?? toFieldsV1(set) }));
}

/** Parsed sets by their stored form: most of them are read many times and never change. */
const known = new WeakMap<FieldsV1, FieldSet>();

function readSet(stored: FieldsV1): FieldSet {
  const set = known.get(stored) ?? fromFieldsV1(stored);
  known.set(stored, set);
  return set;
}
