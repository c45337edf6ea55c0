/**
 * Where an object that was applied came out other than it was sent. Only admission can do that to a forced apply, and the fields
 * stay with the manager that sent them: managedFields say nothing of it.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */

/** Where a field is: members by name, items of a list by their keys. */
type Path = readonly (string | object)[];

/** What tells the items of the lists in a pod, a Service and a policy apart; the first that an item has. */
const KEYS = ['name', 'mountPath', 'containerPort', 'port', 'topologyKey'] as const;

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
  const keyed = sent.map((item) => ({ item, key: keyOf(item) }));
  if (keyed.some(({ key }) => key === undefined)) {
    // Such a list is of one piece.
    return JSON.stringify(sent) === JSON.stringify(stored) ? [] : [path];
  }
  return keyed.flatMap(({ item, key = {} }) => {
    const found = stored.find((other) => isObject(other) && hasAll(other, key));
    return rewrittenFields(item, found, [...path, key]);
  });
}

function keyOf(item: unknown): Readonly<Record<string, unknown>> | undefined {
  const name = isObject(item) ? KEYS.find((key) => Object.hasOwn(item, key)) : undefined;
  return isObject(item) && name !== undefined ? { [name]: item[name] } : undefined;
}

function hasAll(item: Readonly<Record<string, unknown>>, keys: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(keys).every(([name, value]) => item[name] === value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
