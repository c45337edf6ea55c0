import { hash } from '../../api/hash.ts';
import { ANNOTATION } from '../../api/names.ts';

/**
 * Hashes of what an apply makes the operator own: of all but the object's identity, its owner and the annotation with these
 * hashes, and behind a dot of the spec alone, so that a lost label is not taken for a change of what runs.
 * Reading an object back, the same hash is taken of the fields that managedFields give to the operator: where the two
 * differ, somebody changed the object, and no rendering is needed to see it.
 */
export function ownedHash({ metadata, spec }: { readonly metadata?: object; readonly spec?: unknown }): string {
  const { labels, annotations } = (metadata ?? {}) as Partial<OwnedMetadata>;
  const { [ANNOTATION.applied]: _, ...others } = annotations ?? {};
  return `${hash({ labels, annotations: others, spec })}.${hash(spec)}`;
}

/** Of an object in which there is more than the operator applied, of what it has alone: what it applied is never the same. */
export function contestedHash(hashes: string, more: unknown): string {
  return `${hashes}+${hash(more)}`;
}

/** The hashes of what the operator applied of it. */
export function uncontested(hashes: string): string {
  return hashes.split('+')[0] ?? '';
}

const NOTHING = ownedHash({});

/** Of an object whose managedFields were cleared or lost, as by a restore. */
export function isOfNothing(hashes: string): boolean {
  return uncontested(hashes) === NOTHING;
}

/** Whether two results of `ownedHash` are of the same spec. */
export function isSameSpec(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.split('.')[1] === b?.split('.')[1];
}

interface OwnedMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
