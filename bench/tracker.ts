import type { Api } from './api.ts';

/** Follows the objects of a type from outside, and knows which of them are as they should be, by `isThere`. */
export interface Tracker {
  /** How many objects are as they should be now. */
  readonly count: () => number;
  /** The most objects that were as they should be at once, since the tracker began. */
  readonly most: () => number;
  /** Resolves when exactly `count` objects are as they should be, with the moment (`performance.now()`) of the last one. */
  reached(count: number): Promise<number>;
  /** Resolves when this object (`namespace/name`) is as it should be. */
  reachedBy(key: string): Promise<void>;
  stop(): Promise<void>;
}

interface Tracked {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly resourceVersion: string };
}

export interface TrackerOptions<T> {
  readonly api: Api;
  /** The path of the collection, with a selector if need be. */
  readonly path: string;
  /** Whether an object is as it should be. */
  readonly isThere: (object: T) => boolean;
}

/** Starts to follow, and resolves when all present objects have been seen. */
export async function startTracker<T extends Tracked>({ api, path, isThere }: TrackerOptions<T>): Promise<Tracker> {
  const abort = new AbortController();
  const there = new Set<string>();
  let most = 0;
  const waitingForCount: { readonly count: number; readonly resolve: (at: number) => void }[] = [];
  const waitingForKey = new Map<string, () => void>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});

  function see(type: string, object: T): void {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    if (type === 'DELETED' || !isThere(object)) {
      there.delete(key);
    } else {
      there.add(key);
      waitingForKey.get(key)?.();
      waitingForKey.delete(key);
    }
    most = Math.max(most, there.size);
    for (const waiting of waitingForCount) {
      if (waiting.count === there.size) {
        waiting.resolve(performance.now());
      }
    }
  }

  const join = path.includes('?') ? '&' : '?';
  const list = await api.request<{ metadata: { resourceVersion: string }; items: T[] }>({ method: 'GET', path });
  for (const item of list.items) {
    see('ADDED', item);
  }
  let { resourceVersion } = list.metadata;
  /** Watches again and again: the API server ends a watch whose reader falls behind. The next one brings what was missed. */
  async function follow(): Promise<void> {
    while (!abort.signal.aborted) {
      const watch = `${path}${join}watch=true&timeoutSeconds=7200&resourceVersion=${resourceVersion}`;
      for await (const line of api.stream(watch, abort.signal)) {
        const { type, object } = line as { type: string; object: T };
        if (type === 'ERROR') {
          throw new Error(`Watch ${path}: ${JSON.stringify(object)}`);
        }
        ({ resourceVersion } = object.metadata);
        see(type, object);
      }
    }
  }
  const following = follow().catch((error: unknown) => failure.reject(error));

  return {
    count: () => there.size,
    most: () => most,
    reached(count) {
      if (there.size === count) {
        return Promise.resolve(performance.now());
      }
      const reached = new Promise<number>((resolve) => waitingForCount.push({ count, resolve }));
      return Promise.race([reached, failure.promise]);
    },
    reachedBy(key) {
      if (there.has(key)) {
        return Promise.resolve();
      }
      const reached = new Promise<void>((resolve) => waitingForKey.set(key, resolve));
      return Promise.race([reached, failure.promise]);
    },
    async stop() {
      abort.abort();
      await following;
    },
  };
}
