import type { Action } from './action.ts';
import type { Child } from '../pods/children.ts';
import { culpritOf } from './culprit.ts';
import type { ChildKind, ChildView, Observed } from '../state/observed.ts';
import { ownershipOf } from '../state/ownership.ts';

/** The write that brings a child to what is wanted, or removes it. Undefined where none is needed, and where it is not ours. */
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
