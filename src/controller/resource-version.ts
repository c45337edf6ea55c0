/**
 * Whether version `a` came after version `b` of the same resource type.
 *
 * They are decimal numbers of any length, so the longer is the newer (KEP-5504); the empty one is older than all.
 */
export function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
