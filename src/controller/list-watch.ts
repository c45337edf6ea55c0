import type { ObjectMetadata } from './object-key.ts';

export interface KubernetesObject {
  readonly metadata?: ObjectMetadata;
}

/** A part of a list; all parts of one list carry the same version. */
export interface Page<Raw> {
  readonly items: readonly Raw[];
  readonly resourceVersion: string;
}

/** The answer of an API server that failed, also in the midst of a watch. */
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
  /**
   * Resolves when the server has agreed to send the changes after `resourceVersion`, until it has had enough. Without a
   * version: first all that there is, then a bookmark that says so (`endsInitialEvents`), then the changes (KEP-3157).
   */
  watch(resourceVersion: string | undefined, signal: AbortSignal): Promise<AsyncIterable<WatchEvent<Raw>>>;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Whether a bookmark says that all there was has been sent. */
export function endsInitialEvents({ metadata }: KubernetesObject): boolean {
  return metadata?.annotations?.[INITIAL_EVENTS_END] === 'true';
}
