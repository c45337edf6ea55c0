import type { KubernetesObject, ListWatch, WatchEvent } from '../controller/list-watch.ts';
import { collectionPath, resourceLabel, type Resource } from './resource.ts';
import type { Call, Transport } from './transport.ts';

export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** One page of a list, as the API server sends it. */
interface ObjectList<Raw> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly Raw[];
}

const PAGE_SIZE = '500';

/**
 * The objects of a type, for a reflector: all, of a namespace, or those that match.
 *
 * A list whose later pages were compacted away fails with a 410, and the reflector begins it again: to read the rest
 * without its first pages' version would miss what was deleted meanwhile.
 */
export function createListWatch<Raw extends KubernetesObject>(
  transport: Transport,
  resource: Resource,
  { namespace, labelSelector, fieldSelector }: Selection = {},
  random: () => number = Math.random,
): ListWatch<Raw> {
  const label = resourceLabel(resource);
  const where = namespace ? ` in "${namespace}"` : '';
  const call = { method: 'GET', path: collectionPath(resource, namespace), resource: label } satisfies Partial<Call>;
  const selectors = { labelSelector, fieldSelector };

  return {
    async *list(signal) {
      const doing = `List ${label}${where}`;
      let next: string | undefined;
      do {
        const query = { ...selectors, limit: PAGE_SIZE, continue: next };
        const { metadata, items } = await transport.request<ObjectList<Raw>>({ ...call, query, signal, doing });
        yield { items, resourceVersion: metadata.resourceVersion };
        next = metadata.continue;
      } while (next);
    },

    async watch(resourceVersion, signal) {
      const doing = `Watch ${label}${where}`;
      // The servers' own default, at random so that watches that began together do not end together.
      const timeoutSeconds = String(300 + Math.floor(random() * 300));
      const start =
        resourceVersion === undefined
          ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion };
      const query = { ...selectors, ...start, watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds };
      return (await transport.stream({ ...call, query, signal, doing })) as AsyncIterable<WatchEvent<Raw>>;
    },
  };
}
