import type { Draft, FieldsV1 } from './object.ts';

/**
 * The fields of an object as a flat map, by paths as managedFields writes them: `f:name` for a member, `k:{…}` for an
 * item of a keyed list. An atomic value is one field, whatever it contains.
 *
 * Only the types of the fields that the operator applies are known:
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
export type Fields = ReadonlyMap<string, unknown>;
export type FieldSet = ReadonlySet<string>;

/** Separates the elements of a path. No element contains a line break. */
const SEPARATOR = '\n';

const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  'metadata.ownerReferences': ['uid'],
  'spec.ports': ['port', 'protocol'],
  'spec.template.spec.containers': ['name'],
  'spec.template.spec.containers.env': ['name'],
  'spec.template.spec.containers.ports': ['containerPort', 'protocol'],
  'spec.template.spec.containers.volumeMounts': ['mountPath'],
  'spec.template.spec.initContainers': ['name'],
  'spec.template.spec.initContainers.env': ['name'],
  'spec.template.spec.initContainers.volumeMounts': ['mountPath'],
  'spec.template.spec.volumes': ['name'],
  'spec.template.spec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
};

const ATOMIC = new Set([
  'metadata.ownerReferences.*',
  'spec.selector',
  'spec.template.spec.topologySpreadConstraints.labelSelector',
  'spec.template.spec.containers.env.valueFrom.configMapKeyRef',
  'spec.template.spec.containers.env.valueFrom.secretKeyRef',
]);

/** Nobody owns these; the server writes them. */
const IDENTITY = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
]);

/** All fields that can be owned, except the status, which is written separately. */
export function fieldsOf(object: Draft | undefined): Fields {
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(object ?? {})) {
    if (name === 'metadata') {
      for (const [member, inner] of Object.entries(value as object)) {
        if (!IDENTITY.has(member)) {
          walk(fields, inner, `f:metadata${SEPARATOR}f:${member}`, `metadata.${member}`);
        }
      }
    } else if (name !== 'apiVersion' && name !== 'kind' && name !== 'status') {
      walk(fields, value, `f:${name}`, name);
    }
  }
  return fields;
}

function walk(fields: Map<string, unknown>, value: unknown, path: string, type: string): void {
  if (value === undefined) {
    return;
  }
  const keys = LIST_KEYS[type];
  if (Array.isArray(value) && keys) {
    for (const item of value as object[]) {
      const itemPath = `${path}${SEPARATOR}${itemKey(item, keys)}`;
      if (ATOMIC.has(`${type}.*`)) {
        fields.set(itemPath, item);
      } else {
        fields.set(itemPath, ITEM);
        walkMembers(fields, item, itemPath, type);
      }
    }
  } else if (isMap(value) && !ATOMIC.has(type) && Object.keys(value).length > 0) {
    walkMembers(fields, value, path, type);
  } else {
    fields.set(path, value);
  }
}

/** The value that stands for an item itself, beside its members. */
const ITEM = '.';

function walkMembers(fields: Map<string, unknown>, value: object, path: string, type: string): void {
  for (const [name, member] of Object.entries(value)) {
    walk(fields, member, `${path}${SEPARATOR}f:${name}`, `${type}.${name}`);
  }
}

export function itemKey(item: object, keys: readonly string[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, (item as Record<string, unknown>)[key]])))}`;
}

/** The keys of a list of this type; undefined if it is no keyed list. */
export function listKeys(type: string): readonly string[] | undefined {
  return LIST_KEYS[type];
}

export function isAtomic(type: string): boolean {
  return ATOMIC.has(type);
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path as the API server names a field in a conflict: `.spec.replicas`. */
export function describePath(path: string): string {
  return path
    .split(SEPARATOR)
    .map((element) => (element.startsWith('f:') ? `.${element.slice(2)}` : `[${element.slice(3, -1)}]`))
    .join('');
}

/** The elements of a path, outermost first. */
export function splitPath(path: string): readonly string[] {
  return path.split(SEPARATOR);
}

/** Whether the path is that of an item of a keyed list. */
export function isItem(path: string): boolean {
  return path.slice(path.lastIndexOf(SEPARATOR) + 1).startsWith('k:');
}

/** Whether `path` is `of` or lies beneath it. */
export function isWithin(path: string, of: string): boolean {
  return path === of || path.startsWith(of + SEPARATOR);
}

export function toFieldsV1(fields: FieldSet): FieldsV1 {
  type Mutable = { [path: string]: Mutable };
  const root: Mutable = {};
  for (const path of fields) {
    let node = root;
    for (const element of splitPath(path)) {
      node = node[element] ??= {};
    }
    // Marks an item that is owned itself. A node without members needs no mark, and loses it below.
    node['.'] = {};
  }
  return withoutNeedlessDots(root);
}

function withoutNeedlessDots(node: FieldsV1): FieldsV1 {
  const members = Object.entries(node).filter(([name]) => name !== '.');
  const inner = members.map(([name, member]): [string, FieldsV1] => [name, withoutNeedlessDots(member)]);
  return Object.fromEntries(members.length > 0 && node['.'] ? [['.', {}], ...inner] : inner);
}

export function fromFieldsV1(fields: FieldsV1, path = ''): Set<string> {
  const set = new Set<string>();
  const members = Object.keys(fields).filter((name) => name !== '.');
  if (path !== '' && (members.length === 0 || fields['.'])) {
    set.add(path);
  }
  for (const name of members) {
    for (const inner of fromFieldsV1(fields[name]!, path === '' ? name : path + SEPARATOR + name)) {
      set.add(inner);
    }
  }
  return set;
}
