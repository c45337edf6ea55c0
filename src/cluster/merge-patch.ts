export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/**
 * The RFC 7386 patch that makes `after` out of `before`, or undefined when nothing is to be done.
 *
 * Arrays are replaced whole. A null field counts as an absent one, since such a patch can not write a null.
 */
export function mergePatch(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const changes: [string, Json][] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const change = changeOf(ownValue(before, key), ownValue(after, key));
    if (change !== undefined) {
      changes.push([key, change]);
    }
  }
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** What becomes of `target` by a merge patch (RFC 7386), as the API server makes it. */
export function patched(target: Json | undefined, patch: Json | undefined): Json | undefined {
  if (patch === undefined || !isObject(patch)) {
    return patch === undefined ? target : patch;
  }
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      merged.delete(name);
    } else if (value !== undefined) {
      merged.set(name, patched(merged.get(name), value));
    }
  }
  return Object.fromEntries(merged);
}

function changeOf(before: Json, after: Json): Json | undefined {
  if (isObject(before) && isObject(after)) {
    return mergePatch(before, after);
  }
  return isEqual(before, after) ? undefined : after;
}

function isEqual(a: Json, b: Json): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item: Json, i) => isEqual(item, (b as readonly Json[])[i] ?? null));
  }
  if (isObject(a) && isObject(b)) {
    return mergePatch(a, b) === undefined;
  }
  return a === b;
}

/** Null for an absent key, also for one like `constructor` that every object inherits. */
function ownValue(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
