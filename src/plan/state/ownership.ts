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
  if (!owner && child.adoptable && child.provider !== undefined && child.provider !== installation.spec.provider) {
    // What it runs is no version of this provider, and its data are not this one's.
    return { kind: 'foreign', owner: `an installation of "${child.provider}" that was deleted` };
  }
  if (!owner) {
    return child.adoptable ? { kind: 'orphan' } : { kind: 'foreign', owner: 'somebody else' };
  }
  if (owner.uid === installation.uid) {
    return { kind: 'ours' };
  }
  return owner.kind === INSTALLATION_KIND && owner.name === installation.name
    ? { kind: 'leaving' }
    : { kind: 'foreign', owner: `${owner.kind} "${owner.name}"` };
}
