import { fieldsOf } from './all-fields.ts';
import { isDefault } from './api-defaults.ts';
import type { Fields, ManagedFieldsEntry, WithManagedFields } from './owned-fields.ts';

/**
 * Fields that one manager is to have alone, and that others have set as well. A forced apply takes only those whose values it
 * changes: a variable of another source, another handler of a probe or another container stay, and are refused together with ours
 * or run beside it. https://github.com/kubernetes/kubernetes/issues/108081
 */

/** Where fields are that nobody else may set: members as managedFields name them, such as `f:spec`. */
export type Alone = readonly (readonly string[])[];

/** Fields there that ours has not set, and a manager that has; undefined where they are in no entry. */
export interface Contest {
  readonly manager: string | undefined;
  readonly fields: Fields;
}

export function contestOf(object: WithManagedFields, manager: string, alone: Alone): Contest | undefined {
  const entries = object.metadata?.managedFields ?? [];
  const ours = entries.find((entry) => isOurs(entry, manager))?.fieldsV1 ?? {};
  const besidesOurs = (fieldsAt: (path: readonly string[]) => Fields | undefined) => {
    const fields = alone.map((path) => under(without(fieldsAt(path), at(ours, path)), path)).reduce(union, {});
    return Object.keys(fields).length > 0 ? fields : undefined;
  };
  for (const entry of othersIn(entries, manager)) {
    const fields = besidesOurs((path) => at(entry.fieldsV1, path));
    if (fields) {
      return { manager: entry.manager ?? 'unknown', fields };
    }
  }
  // Where nothing is ours, nobody kept account: what is there may all be.
  const nobodys = Object.keys(ours).length > 0 && besidesOurs((path) => thereAt(object, path, isDefault));
  return nobodys ? { manager: undefined, fields: nobodys } : undefined;
}

/**
 * The managedFields with all that others have there moved into our entry, so that the next apply removes what it does not name.
 * Undefined where others have nothing there. Moved and not removed: no apply would remove what nobody owns,
 * https://github.com/fluxcd/kustomize-controller/issues/558
 */
export function takenOver(
  object: WithManagedFields,
  manager: string,
  alone: Alone,
): readonly ManagedFieldsEntry[] | undefined {
  const entries = object.metadata?.managedFields ?? [];
  const ours = entries.find((entry) => isOurs(entry, manager)) ?? blank(object, manager);
  let taken = ours.fieldsV1 ?? {};
  let isTaken = false;
  const others = entries.flatMap((entry) => {
    if (entry === ours || entry.subresource || !entry.fieldsV1) {
      return entry === ours ? [] : [entry];
    }
    let left = entry.fieldsV1;
    for (const path of alone) {
      const there = at(left, path);
      if (there) {
        isTaken = true;
        taken = union(taken, under(there, path));
        left = cut(left, path);
      }
    }
    return Object.keys(left).length > 0 ? [{ ...entry, fieldsV1: left }] : [];
  });
  return isTaken ? [{ ...ours, fieldsV1: taken }, ...others] : undefined;
}

/**
 * The same, and with all that is there in the object itself: fields of which managedFields say nothing stand in the way as well,
 * such as those of an object that was restored without them, or an item whose key a webhook rewrote.
 */
export function claimed(object: WithManagedFields, manager: string, alone: Alone): readonly ManagedFieldsEntry[] {
  const entries = takenOver(object, manager, alone) ?? object.metadata?.managedFields ?? [];
  const ours = entries.find((entry) => isOurs(entry, manager)) ?? blank(object, manager);
  const there = alone.map((path) => under(thereAt(object, path), path)).reduce(union, ours.fieldsV1 ?? {});
  return [{ ...ours, fieldsV1: there }, ...entries.filter((entry) => entry !== ours)];
}

/** The fields of the object at the path, whoever has set them. */
function thereAt(object: unknown, path: readonly string[], isLeftOut?: typeof isDefault): Fields | undefined {
  const value = path.reduce<unknown>((v, part) => (v as Record<string, unknown> | undefined)?.[part.slice(2)], object);
  return fieldsOf(value, path.at(-1)?.slice(2), isLeftOut);
}

/** Our entry, where it was lost. */
function blank({ apiVersion = '' }: WithManagedFields, manager: string): ManagedFieldsEntry {
  return { manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: {} };
}

function isOurs({ manager, operation, subresource }: ManagedFieldsEntry, ours: string): boolean {
  return manager === ours && operation === 'Apply' && !subresource;
}

function othersIn(entries: readonly ManagedFieldsEntry[], manager: string): readonly ManagedFieldsEntry[] {
  return entries.filter((entry) => !isOurs(entry, manager) && !entry.subresource);
}

function at(fields: Fields | undefined, [first, ...rest]: readonly string[]): Fields | undefined {
  return first === undefined ? fields : at(fields?.[first], rest);
}

/** The fields, as part of an object. */
function under(fields: Fields | undefined, [first, ...rest]: readonly string[]): Fields {
  if (!fields) {
    return {};
  }
  return first === undefined ? fields : { [first]: under(fields, rest) };
}

function cut(fields: Fields, [first = '', ...rest]: readonly string[]): Fields {
  const { [first]: member, ...others } = fields;
  const left = member && rest.length > 0 ? cut(member, rest) : {};
  // What is said of the parent itself, `.`, goes with the last of its members.
  return Object.keys(left).some((name) => name !== '.') ? { ...others, [first]: left } : others;
}

function union(a: Fields, b: Fields): Fields {
  const both: Record<string, Fields> = { ...a };
  for (const [name, below] of Object.entries(b)) {
    both[name] = union(a[name] ?? {}, below);
  }
  return both;
}

/** The leaves of `a` that `b` does not have. Undefined where there are none. */
function without(a: Fields | undefined, b: Fields | undefined): Fields | undefined {
  if (!a) {
    return undefined;
  }
  const names = Object.keys(a).filter((name) => name !== '.');
  if (names.length === 0) {
    return b ? undefined : a;
  }
  const left = names.flatMap((name) => {
    const below = without(a[name], b?.[name]);
    return below ? [[name, below] as const] : [];
  });
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}
