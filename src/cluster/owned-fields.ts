/**
 * The fields that one manager owns in an object, by its managedFields.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 *
 * A change by anybody else takes the changed fields out of the set, a removed field leaves it too: so the fields that
 * a manager owns are exactly what it applied for as long as nobody touches them, whatever else others add.
 */

export type Fields = { readonly [path: string]: Fields };

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly time?: string;
  readonly fieldsV1?: Fields;
}

export interface WithManagedFields {
  readonly apiVersion?: string;
  readonly metadata?: { readonly managedFields?: readonly ManagedFieldsEntry[] | undefined };
}

/** The part of `object` that `manager` owns by server-side apply; an empty object where it owns nothing. */
export function ownedFields(object: WithManagedFields, manager: string): Record<string, unknown> {
  const entry = appliedEntry(object, manager);
  return entry?.fieldsV1 ? (extract(object, entry.fieldsV1) as Record<string, unknown>) : {};
}

/** When an apply of `manager` changed anything of the object last; RFC 3339. */
export function appliedAt(object: WithManagedFields, manager: string): string | undefined {
  return appliedEntry(object, manager)?.time;
}

function appliedEntry(object: WithManagedFields, manager: string): ManagedFieldsEntry | undefined {
  return object.metadata?.managedFields?.find(
    (e) => e.manager === manager && e.operation === 'Apply' && !e.subresource,
  );
}

/** An entry of the scale subresource carries no time. */
const LATEST = '9999';
const MOST_PATHS = 32;

interface ManagerChange {
  readonly manager: string;
  /** The first of the fields that it wrote, as paths: members by name, items by their keys. */
  readonly paths: readonly Path[];
}

type Path = readonly (string | object)[];

/** The manager that wrote to the object last since the first of `ours` did, the status aside. */
export function lastChange(object: WithManagedFields, ours: readonly string[]): ManagerChange | undefined {
  const entries = object.metadata?.managedFields ?? [];
  // An entry that is older than ours was there when we applied: it took nothing from us.
  const since = appliedAt(object, ours[0] ?? '') ?? '';
  const others = entries.filter(
    (e) => !ours.includes(e.manager ?? '') && e.subresource !== 'status' && e.fieldsV1 && (e.time ?? LATEST) >= since,
  );
  const [last] = others.sort((a, b) => ((a.time ?? LATEST) < (b.time ?? LATEST) ? 1 : -1));
  return last?.fieldsV1 && { manager: last.manager ?? 'unknown', paths: pathsIn(last.fieldsV1) };
}

/** The first of the fields, as paths. */
export function pathsIn(fields: Fields): ManagerChange['paths'] {
  return [...leaves(fields)].slice(0, MOST_PATHS);
}

function* leaves(fields: Fields, path: Path = []): Generator<Path> {
  const names = Object.keys(fields).filter((name) => name !== '.' && !name.startsWith('v:'));
  if (names.length === 0 && path.length > 0) {
    yield path;
  }
  for (const name of names) {
    const part = name.startsWith('k:') ? (JSON.parse(name.slice(2)) as object) : name.slice(2);
    yield* leaves(fields[name] ?? {}, [...path, part]);
  }
}

export function extract(value: unknown, fields: Fields): unknown {
  const paths = Object.keys(fields);
  const isLeaf = paths.length === 0;
  if (isLeaf || value === null || typeof value !== 'object') {
    return value;
  }
  return Array.isArray(value) ? extractItems(value, fields, paths) : extractMembers(value, fields, paths);
}

/** The API server does not store an empty text, but remembers whose it is. */
const EMPTY = '';

function extractMembers(value: object, fields: Fields, paths: readonly string[]): Record<string, unknown> {
  const owned: Record<string, unknown> = {};
  for (const path of paths) {
    const name = path.slice(2);
    const below = fields[path] ?? {};
    const member: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : EMPTY;
    const isThere = member !== EMPTY || Object.keys(below).length === 0;
    if (path.startsWith('f:') && isThere) {
      owned[name] = extract(member, below);
    }
  }
  return owned;
}

/** Items in the order in which they stand in the object: `k:{…}` names one by its keys, `v:…` by its value. */
function extractItems(items: readonly unknown[], fields: Fields, paths: readonly string[]): unknown[] {
  const wanted = paths
    .filter((path) => /^[kv]:/.test(path))
    .map((path) => ({ path, key: JSON.parse(path.slice(2)) as unknown }));
  return items.flatMap((item) => {
    const match = wanted.find(({ path, key }) => (path.startsWith('k:') ? hasKeys(item, key as object) : item === key));
    return match ? [extract(item, fields[match.path] ?? {})] : [];
  });
}

function hasKeys(item: unknown, keys: object): boolean {
  return Object.entries(keys).every(([name, value]) => (item as Record<string, unknown> | null)?.[name] === value);
}
