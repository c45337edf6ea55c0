import type { ChildView, Installation } from './observed.ts';
import { INSTALLATION_KIND } from '../../api/names.ts';

/** The owner of a child that has the name of ours. */
export type Ownership =
  /** There is none: the first apply creates it, unforced. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'ours' }
  /** It has no controller and was made for our pods: an orphan of an installation of this name. */
  | { readonly kind: 'orphan' }
  /** Of an earlier installation of this name, or on its way out: garbage collection comes first. */
  | { readonly kind: 'leaving' }
  | { readonly kind: 'foreign'; readonly owner: string };

export function ownershipOf(child: ChildView | undefined, installation: Installation): Ownership {
  if (!child) {
    return { kind: 'absent' };
  }
  if (child.deleting) {
    return { kind: 'leaving' };
  }
  const { owner } = child;
  if (!owner) {
    return ofNobody(child, installation);
  }
  if (owner.uid === installation.uid) {
    return { kind: 'ours' };
  }
  return owner.kind === INSTALLATION_KIND && owner.name === installation.name
    ? { kind: 'leaving' }
    : { kind: 'foreign', owner: `${owner.kind} "${owner.name}"` };
}

function ofNobody({ adoptable, provider }: ChildView, { spec }: Installation): Ownership {
  if (!adoptable) {
    return { kind: 'foreign', owner: 'somebody else' };
  }
  // What it runs is no version of another provider.
  return provider === undefined || provider === spec.provider
    ? { kind: 'orphan' }
    : { kind: 'foreign', owner: `an installation of "${provider}" that was deleted` };
}
