import type { Action } from './actions.ts';
import type { Child } from './children.ts';
import { culpritOf } from './culprit.ts';
import type { ChildKind, ChildView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';

/** What has to be written for a child to be as it is wanted, or to be gone; undefined for nothing, and where it is not ours. */
export function need(
  { installation }: Pick<Observed, 'installation'>,
  kind: ChildKind,
  seen: ChildView | undefined,
  want: Child | undefined,
  mayRemove = false,
): Action | undefined {
  const ownership = ownershipOf(seen, installation);
  switch (ownership.kind) {
    case 'foreign':
    case 'leaving':
      return undefined;
    case 'absent':
      return want && { kind: 'apply', child: kind, object: want.object, uid: undefined, heals: undefined };
    case 'orphan':
      // Taken over like a new one: what others own in it is theirs to give up.
      return (
        want &&
        seen && { kind: 'apply', child: kind, object: want.object, uid: undefined, adopts: seen.uid, heals: undefined }
      );
    case 'ours':
      return want ? replacing(kind, seen, want) : removal(kind, installation.name, ownership.uid, mayRemove);
  }
}

function replacing(kind: ChildKind, seen: ChildView | undefined, want: Child): Action | undefined {
  if (!seen) {
    return undefined;
  }
  const isPristine = seen.applied === seen.owned;
  const heals = isPristine ? undefined : culpritOf(seen, want.object);
  return isPristine && seen.applied === want.hash
    ? undefined
    : { kind: 'apply', child: kind, object: want.object, uid: seen.uid, heals };
}

function removal(kind: ChildKind, name: string, uid: string, mayRemove: boolean): Action | undefined {
  return mayRemove ? { kind: 'remove', child: kind, name, uid } : undefined;
}
