import { createHash } from 'node:crypto';

/** JSON with sorted keys and without absent members, so that equal values have equal bytes. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) {
      return member;
    }
    const sorted = Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  });
}

/** 64 bits of SHA-256 over the canonical JSON, in hex: tells whether two values are the same, says nothing about them. */
export function hash(value: unknown): string {
  const digest = createHash('sha256')
    .update(canonicalJson(value) ?? '')
    .digest();
  // Not cut out of a longer text, which would stay in memory as long as the cut does.
  return digest.toString('hex', 0, 8);
}
