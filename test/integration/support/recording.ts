import { createListWatch } from '../../../src/cluster/list-watch.ts';
import { collectionPath, type Resource } from '../../../src/cluster/resource.ts';
import type { Transport } from '../../../src/cluster/transport.ts';
import { isNewer } from '../../../src/controller/resource-version.ts';
import type { KubernetesObject } from './kubectl.ts';
import { PATIENCE_MS } from './patience.ts';

export interface Recorded<T> {
  readonly type: string;
  readonly object: T;
}

/** Every version of the objects of a type, in the order in which they came to be. */
export interface Recording<T> {
  readonly versions: readonly Recorded<T>[];
  /** Waits until all that is stored of a namespace by now has been recorded. */
  catchUp(namespace: string): Promise<void>;
  /**
   * Returns what `look` finds first, now or after one of the next versions. `complaint` says what is there if that never
   * comes.
   */
  when<Found>(look: () => Found | undefined, complaint: () => string): Promise<Found>;
}

/** The objects to record, and for how long. */
export interface Subject {
  readonly transport: Transport;
  readonly resource: Resource;
  readonly labelSelector?: string;
  readonly signal: AbortSignal;
}

/** Records from now on. If a watch breaks off, everybody who waits fails, since versions may be missing. */
export async function record<T extends KubernetesObject>(subject: Subject): Promise<Recording<T>> {
  const { transport, resource, labelSelector, signal } = subject;
  const source = createListWatch<T>(transport, resource, labelSelector === undefined ? {} : { labelSelector });
  const versions: Recorded<T>[] = [];
  const waiting = new Set<() => void>();
  let broken: Error | undefined;
  const tell = () => waiting.forEach((look) => look());

  let resourceVersion = '';
  for await (const page of source.list(signal)) {
    versions.push(...page.items.map((object) => ({ type: 'LISTED', object })));
    ({ resourceVersion } = page);
  }
  const events = await source.watch(resourceVersion, signal);
  async function follow(): Promise<void> {
    for await (const event of events) {
      if (event.type === 'ERROR') {
        throw new Error(`The watch of ${resource.plural} broke off: ${event.object.message}`);
      }
      if (event.type !== 'BOOKMARK') {
        versions.push(event);
        tell();
      }
    }
    throw new Error(`The watch of ${resource.plural} ended`);
  }
  void follow().catch((error: unknown) => {
    broken = error as Error;
    tell();
  });

  function when<Found>(look: () => Found | undefined, complaint: () => string): Promise<Found> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(complaint()))), PATIENCE_MS);
      const tryIt = () => {
        const found = look();
        if (found !== undefined) {
          end(() => resolve(found));
        } else if (broken) {
          const reason = broken;
          end(() => reject(reason));
        }
      };
      const end = (how: () => void) => {
        clearTimeout(timer);
        waiting.delete(tryIt);
        how();
      };
      waiting.add(tryIt);
      tryIt();
    });
  }

  return {
    versions,
    when,
    async catchUp(namespace) {
      const { items } = await transport.request<{ readonly items: readonly T[] }>({
        method: 'GET',
        path: collectionPath(resource, namespace),
        query: { labelSelector },
        resource: resource.plural,
        doing: `List ${resource.plural}`,
      });
      const isRecorded = ({ metadata }: T) =>
        versions.some(
          ({ object: { metadata: seen } }) =>
            seen.uid === metadata.uid && !isNewer(metadata.resourceVersion, seen.resourceVersion),
        );
      await when(
        () => items.every(isRecorded) || undefined,
        () => `The watch of ${resource.plural} does not keep up`,
      );
    },
  };
}
