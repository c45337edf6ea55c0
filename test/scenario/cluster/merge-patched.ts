import { isMap } from './fields.ts';

/** Returns a value after an RFC 7386 patch. */
export function mergePatched(value: unknown, patch: unknown): unknown {
  if (!isMap(patch)) {
    return patch;
  }
  const members = new Map(isMap(value) ? Object.entries(value) : []);
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) {
      members.delete(name);
    } else {
      members.set(name, mergePatched(members.get(name), change));
    }
  }
  return Object.fromEntries(members);
}
