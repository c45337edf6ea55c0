import type { Action } from './actions.ts';
import type { Child } from './children.ts';
import { culpritOf } from './culprit.ts';
import type { ChildKind, ChildView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';

/** What has to be written for a child to be as it is wanted, or to be gone; undefined for nothing, and where it is not ours. */
export function need(
  { installation }: Pick<Observed, 'installation'>,
  child: ChildKind,
  seen: ChildView | undefined,
  want: Child | undefined,
  mayRemove = false,
): Action | undefined {
  const { kind } = ownershipOf(seen, installation);
  if (kind === 'foreign' || kind === 'leaving') {
    return undefined;
  }
  if (!seen || kind === 'orphan') {
    // An orphan is taken over like a new one: what others own in it is theirs to give up.
    const adopts = seen && { adopts: seen.uid };
    return want && { kind: 'apply', child, object: want.object, uid: undefined, ...adopts, heals: undefined };
  }
  const { uid, applied, owned } = seen;
  if (!want) {
    return mayRemove ? { kind: 'remove', child, name: installation.name, uid } : undefined;
  }
  const heals = applied === owned ? undefined : culpritOf(seen, want.object);
  return heals === undefined && applied === want.hash
    ? undefined
    : { kind: 'apply', child, object: want.object, uid, heals };
}
