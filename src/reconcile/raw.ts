import type { WithManagedFields } from '../cluster/owned-fields.ts';
import type { Stored } from '../controller/feed.ts';
import { objectKey } from '../controller/object-key.ts';
import type { ChildView } from '../plan/state/observed.ts';
import { sharedText } from './shared.ts';

/** The part of an object from the API server that all projections look at. */

export interface Metadata extends NonNullable<WithManagedFields['metadata']> {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface Raw {
  readonly metadata: Metadata;
}

export function identity(metadata: Metadata): Stored {
  return { key: objectKey(metadata), resourceVersion: metadata.resourceVersion };
}

export function ownerOf({ ownerReferences }: Metadata): ChildView['owner'] {
  const owner = ownerReferences?.find((reference) => reference.controller);
  return owner && { kind: sharedText(owner.kind), name: owner.name, uid: owner.uid };
}
