import { keysOf } from './all-fields.ts';

/**
 * Where an object that was applied came out other than it was sent. Only admission can do that to a forced apply, and the fields
 * stay with the manager that sent them: managedFields say nothing of it.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */

/** Where a field is: members by name, items of a list by their keys. */
type Path = readonly (string | object)[];

/** The fields of `sent` that `stored` has with another value, or not at all, in the order of `sent`. */
export function rewrittenFields(sent: unknown, stored: unknown, path: Path = []): Path[] {
  if (Array.isArray(sent) && Array.isArray(stored)) {
    return itemsOf(sent, stored, path);
  }
  if (!isObject(sent) || !isObject(stored)) {
    // The API server does not store an empty text.
    return sent === stored || (sent === '' && stored === undefined) ? [] : [path];
  }
  return Object.entries(sent).flatMap(([name, value]) => rewrittenFields(value, stored[name], [...path, name]));
}

function itemsOf(sent: readonly unknown[], stored: readonly unknown[], path: Path): Path[] {
  const list = path.at(-1);
  const keyed = sent.map((item) => ({ item, keys: typeof list === 'string' ? keysOf(item, list) : undefined }));
  if (keyed.some(({ keys }) => keys === undefined)) {
    // Such a list is of one piece.
    return JSON.stringify(sent) === JSON.stringify(stored) ? [] : [path];
  }
  return keyed.flatMap(({ item, keys = {} }) => {
    const found = stored.find((other) => isObject(other) && hasAll(other, keys));
    return rewrittenFields(item, found, [...path, keys]);
  });
}

function hasAll(item: Readonly<Record<string, unknown>>, keys: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(keys).every(([name, value]) => item[name] === value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
