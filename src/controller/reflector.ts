import { backoffMs } from './backoff.ts';
import { sleep, systemClock, type Clock } from './clock.ts';
import type { Feed, Stored } from './feed.ts';
import type { KubernetesObject, ListWatch, WatchEvent } from './list-watch.ts';
import { objectKey } from './object-key.ts';
import { needsRelist, WatchError } from './watch-error.ts';

/** For logs and metrics; none may throw. */
export interface ReflectorHooks {
  readonly onList?: (items: number) => void;
  readonly onWatch?: (resourceVersion: string) => void;
  /** A list or a watch failed, and is tried again after the delay. */
  readonly onError?: (error: unknown, delayMs: number) => void;
  /** An object could not be projected; the store keeps what it had of it. */
  readonly onProjectionError?: (error: unknown, key: string) => void;
}

export interface ReflectorOptions<Raw extends KubernetesObject, T extends Stored> {
  readonly source: ListWatch<Raw>;
  readonly feed: Feed<T>;
  /** What to keep of an object; undefined for one that is not to be seen at all. */
  readonly project: (raw: Raw) => T | undefined;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly hooks?: ReflectorHooks;
}

const BACKOFF = { firstMs: 800, maxMs: 30_000 };
/** A watch that lived this long was a good one; so a server that hangs up on us sooner sees us ever more seldom. */
const HEALTHY_MS = 5_000;

/**
 * Keeps a feed equal to what the API server has: lists once, then watches, and after each end of a watch goes on from
 * the last version it saw. It lists again only when the server can not go on from there. It never gives up.
 */
export class Reflector<Raw extends KubernetesObject, T extends Stored> {
  readonly #source: ListWatch<Raw>;
  readonly #feed: Feed<T>;
  readonly #projectRaw: ReflectorOptions<Raw, T>['project'];
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #hooks: ReflectorHooks;
  readonly #abort = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #running: Promise<void> | undefined;
  /** The last version seen; undefined asks for a list. */
  #resourceVersion: string | undefined;
  #failures = 0;

  constructor(options: ReflectorOptions<Raw, T>) {
    this.#source = options.source;
    this.#feed = options.feed;
    this.#projectRaw = options.project;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#hooks = options.hooks ?? {};
  }

  /** Resolves when the first list is in the store; never, if stopped before. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  start(): void {
    this.#running ??= this.#run(this.#abort.signal);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await this.#listAndWatch(signal);
      if (delayMs > 0) {
        await sleep(this.#clock, delayMs, signal);
      }
    }
  }

  /** Lists if need be and watches until the watch ends; returns how long to wait before the next. */
  async #listAndWatch(signal: AbortSignal): Promise<number> {
    try {
      const resourceVersion = this.#resourceVersion ?? (await this.#list(signal));
      const startedAt = this.#clock.now();
      await this.#watch(resourceVersion, startedAt, signal);
      return this.#resetIfHealthy(startedAt) ? 0 : this.#nextDelayMs();
    } catch (error) {
      if (needsRelist(error)) {
        this.#resourceVersion = undefined;
      }
      const delayMs = this.#nextDelayMs();
      if (!signal.aborted) {
        this.#hooks.onError?.(error, delayMs);
      }
      return delayMs;
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.#source.list(signal)) {
      for (const raw of page.items) {
        const item = this.#project(raw);
        if (item) {
          items.push(item);
        }
      }
      resourceVersion = page.resourceVersion;
    }
    signal.throwIfAborted();
    this.#feed.replaceAll(items, resourceVersion);
    this.#resourceVersion = resourceVersion;
    this.#hasSynced = true;
    this.#synced.resolve();
    this.#hooks.onList?.(items.length);
    return resourceVersion;
  }

  async #watch(resourceVersion: string, startedAt: number, signal: AbortSignal): Promise<void> {
    this.#hooks.onWatch?.(resourceVersion);
    for await (const event of this.#source.watch(resourceVersion, signal)) {
      signal.throwIfAborted();
      this.#accept(event);
      this.#resetIfHealthy(startedAt);
    }
  }

  #accept(event: WatchEvent<Raw>): void {
    if (event.type === 'ERROR') {
      throw new WatchError(event.object);
    }
    const metadata = event.object.metadata ?? {};
    const resourceVersion = metadata.resourceVersion ?? '';
    if (event.type === 'BOOKMARK') {
      this.#feed.bookmark(resourceVersion);
    } else {
      const item = event.type === 'DELETED' ? undefined : this.#project(event.object);
      if (item) {
        this.#feed.upsert(item);
      } else {
        this.#feed.remove(objectKey(metadata), resourceVersion);
      }
    }
    this.#resourceVersion = resourceVersion;
  }

  #project(raw: Raw): T | undefined {
    try {
      return this.#projectRaw(raw);
    } catch (error) {
      const key = objectKey(raw.metadata ?? {});
      this.#hooks.onProjectionError?.(error, key);
      return this.#feed.get(key);
    }
  }

  #resetIfHealthy(startedAt: number): boolean {
    const healthy = this.#clock.now() - startedAt >= HEALTHY_MS;
    if (healthy) {
      this.#failures = 0;
    }
    return healthy;
  }

  #nextDelayMs(): number {
    const delayMs = backoffMs(this.#failures, BACKOFF, this.#random);
    this.#failures += 1;
    return delayMs;
  }
}
