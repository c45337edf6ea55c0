import type { Json, JsonObject } from '../../cluster/merge-patch.ts';

/** A list as a part of a merge patch: nothing where it stays as it is; an empty one goes. */
export function listField(name: string, stored: readonly Json[], next: readonly Json[]): JsonObject {
  const isSame = JSON.stringify(next) === JSON.stringify(stored);
  return isSame ? {} : { [name]: next.length === 0 ? null : next };
}
