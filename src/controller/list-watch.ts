import type { ObjectMetadata } from './object-key.ts';

export interface KubernetesObject {
  readonly metadata?: ObjectMetadata;
}

/** A part of a list; all parts of one list carry the same version. */
export interface Page<Raw> {
  readonly items: readonly Raw[];
  readonly resourceVersion: string;
}

/** What an API server says of a failure, also in the midst of a watch. */
export interface FailureStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string }[] };
}

export type WatchEvent<Raw> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Raw }
  | { readonly type: 'BOOKMARK'; readonly object: KubernetesObject }
  | { readonly type: 'ERROR'; readonly object: FailureStatus };

/** Where a reflector's objects come from. Both end when the signal aborts. */
export interface ListWatch<Raw> {
  list(signal: AbortSignal): AsyncIterable<Page<Raw>>;
  /** The changes after `resourceVersion`, until the server has had enough. */
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent<Raw>>;
}
