import { systemClock, type Cancel, type Clock } from './clock.ts';
import type { Feed, Stored } from './feed.ts';
import { InitialEvents } from './initial-events.ts';
import type { KubernetesObject, ListWatch, WatchEvent } from './list-watch.ts';
import { objectKey } from './object-key.ts';
import { Redial } from './redial.ts';
import { Stalled, StallGuard } from './stall-guard.ts';
import { createTimeSlice } from './time-slice.ts';
import { isMissing, isUnanswered, needsRelist, refusesInitialEvents, WatchError } from './watch-error.ts';

/** For logs and metrics; none may throw. */
export interface ReflectorHooks {
  /** All that there is was taken over, by a list or by a stream. */
  readonly onSync?: (items: number, by: 'list' | 'stream') => void;
  /** The stream of initial events failed, and a list is tried at once. */
  readonly onFallback?: (error: unknown) => void;
  /** A watch has begun, or has ended. */
  readonly onWatching?: (isWatching: boolean) => void;
  /** A list or a watch failed, and is tried again after the delay. */
  readonly onError?: (error: unknown, delayMs: number) => void;
  /** The server answers again after it did not. */
  readonly onRecovered?: () => void;
  /** `hasSynced` may have changed. */
  readonly onSyncedChange?: () => void;
  /** An object could not be projected; the store keeps what it had of it. */
  readonly onProjectionError?: (error: unknown, key: string) => void;
}

export interface ReflectorOptions<Raw extends KubernetesObject, T extends Stored> {
  readonly source: ListWatch<Raw>;
  readonly feed: Feed<T>;
  /** Makes the projection of an object. Undefined for one that is not to be seen at all. */
  readonly project: (raw: Raw) => T | undefined;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly hooks?: ReflectorHooks;
}

/** A server sends a bookmark each minute at the least, and its watch cache serves what is younger than 75 s. */
const QUIET_MS = 80_000;
/** Initial events come as fast as they can be sent; a server or proxy that withholds their end is not waited for. */
const INITIAL_QUIET_MS = 10_000;
/** Enough for what a server has kept for a watch that goes on. */
const SETTLING_MS = 500;
/** A watch that ends is begun anew within this time, unless something is wrong. */
const REDIAL_MS = 10_000;

/**
 * Keeps a feed equal to what the API server has: takes over all there is, by a stream (WatchList) or else a paged list,
 * then watches, and after each end of a watch goes on from the last version it saw. It starts over where the server can not
 * go on from there, and after a silence. It never gives up.
 */
export class Reflector<Raw extends KubernetesObject, T extends Stored> {
  readonly #source: ListWatch<Raw>;
  readonly #feed: Feed<T>;
  readonly #projectRaw: ReflectorOptions<Raw, T>['project'];
  readonly #clock: Clock;
  readonly #hooks: ReflectorHooks;
  readonly #abort = new AbortController();
  readonly #pause: () => Promise<void> | undefined;
  readonly #redial: Redial;
  #running: Promise<void> | undefined;
  #hasSynced = false;
  /** The last version seen; undefined asks for all there is. */
  #resourceVersion: string | undefined;
  /** How to ask for it: the server may not know streams, and one that did not end is not tried twice in a row. */
  #initialBy: 'stream' | 'list' = 'stream';
  #canStream = true;
  #isWatching = false;
  /** A watch has begun since all was taken over. */
  #hasFollowed = false;
  #watchedUntil = -Infinity;

  constructor(options: ReflectorOptions<Raw, T>) {
    this.#source = options.source;
    this.#feed = options.feed;
    this.#projectRaw = options.project;
    this.#clock = options.clock ?? systemClock;
    this.#hooks = options.hooks ?? {};
    this.#pause = createTimeSlice(this.#clock);
    this.#redial = new Redial({
      clock: this.#clock,
      random: options.random ?? Math.random,
      onRecovered: () => this.#hooks.onRecovered?.(),
    });
  }

  /** Whether the store holds all there is; not while there is no such type. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Whether changes arrive now. */
  get isWatching(): boolean {
    return this.#isWatching;
  }

  /** Whether changes arrive, or did a moment ago. */
  get isLive(): boolean {
    return this.#hasSynced && (this.#isWatching || this.#clock.monotonic() - this.#watchedUntil < REDIAL_MS);
  }

  start(): void {
    this.#running ??= this.#run(this.#abort.signal);
  }

  /** Tries again at once, if it waits for a server that did not answer, or soon, if it is just about to wait. */
  wake(): void {
    this.#redial.wake();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#redial.stop();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await this.#listAndWatch(signal);
      if (delayMs > 0 && !signal.aborted) {
        await this.#redial.wait(delayMs);
      }
    }
  }

  /** Takes over all there is if need be and watches until the watch ends; returns how long to wait before the next. */
  async #listAndWatch(signal: AbortSignal): Promise<number> {
    const startedAt = this.#clock.monotonic();
    try {
      if (this.#resourceVersion === undefined && this.#initialBy === 'list') {
        await this.#list(signal);
      }
      await this.#watch(startedAt, signal);
      return this.#redial.delayAfterEnd(startedAt);
    } catch (error) {
      if (signal.aborted || this.#fallsBackToList(error)) {
        return 0;
      }
      this.#learnFrom(error);
      const delayMs = this.#redial.delayAfterError(error, startedAt);
      this.#hooks.onError?.(error, delayMs);
      return delayMs;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.#source.list(signal)) {
      this.#redial.answered();
      for (const raw of page.items) {
        const item = this.#project(raw);
        if (item) {
          items.push(item);
        }
        await this.#pause();
      }
      resourceVersion = page.resourceVersion;
    }
    signal.throwIfAborted();
    this.#takeOver(items, resourceVersion, 'list');
  }

  async #watch(startedAt: number, signal: AbortSignal): Promise<void> {
    // Initial events come in no order: none of their versions is one to go on from.
    let initial = this.#resourceVersion === undefined ? new InitialEvents<T>() : undefined;
    let cancelSettling: Cancel | undefined;
    const guard = new StallGuard(this.#clock, signal, initial ? INITIAL_QUIET_MS : QUIET_MS);
    try {
      const events = await this.#source.watch(this.#resourceVersion, guard.signal);
      // Events that happened meanwhile come first. Until they have come the picture is an old one.
      cancelSettling = initial ? undefined : this.#clock.setTimeout(() => this.#setWatching(true), SETTLING_MS);
      for await (const event of events) {
        guard.signal.throwIfAborted();
        // A change meanwhile is no sign that the initial events go on.
        if (!initial || event.type === 'ADDED') {
          guard.heard();
        }
        this.#accept(event, initial);
        if (initial?.isComplete) {
          initial = undefined;
          guard.heard(QUIET_MS);
          this.#setWatching(true);
        }
        this.#redial.answered();
        this.#redial.isHealthy(startedAt);
        await this.#pause();
      }
    } catch (error) {
      // Why the guard cut it off says more than that it was cut off.
      throw guard.signal.reason instanceof Stalled ? guard.signal.reason : error;
    } finally {
      guard.end();
      cancelSettling?.();
      if (this.#isWatching) {
        this.#watchedUntil = this.#clock.monotonic();
        this.#setWatching(false);
      }
    }
  }

  #accept(event: WatchEvent<Raw>, initial: InitialEvents<T> | undefined): void {
    if (event.type === 'ERROR') {
      throw new WatchError(event.object);
    }
    const { metadata = {} } = event.object;
    const resourceVersion = metadata.resourceVersion ?? '';
    const shelf = initial ?? this.#feed;
    if (event.type !== 'BOOKMARK') {
      const item = event.type === 'DELETED' ? undefined : this.#project(event.object);
      if (item) {
        shelf.upsert(item);
      } else {
        shelf.remove(objectKey(metadata), resourceVersion);
      }
    } else if (initial) {
      this.#takeOver(initial.end(event.object), resourceVersion, 'stream');
    } else {
      this.#feed.bookmark(resourceVersion);
    }
    if (!initial) {
      this.#resourceVersion = resourceVersion;
    }
  }

  #takeOver(items: readonly T[], resourceVersion: string, by: 'list' | 'stream'): void {
    this.#feed.replaceAll(items, resourceVersion);
    this.#resourceVersion = resourceVersion;
    this.#hasFollowed = false;
    this.#initialBy = this.#canStream ? 'stream' : 'list';
    this.#hooks.onSync?.(items.length, by);
    this.#setSynced(true);
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

  /** Whether it was only the stream of initial events that failed, which a list can do without. */
  #fallsBackToList(error: unknown): boolean {
    const isRefused = refusesInitialEvents(error);
    if (this.#resourceVersion !== undefined || this.#initialBy === 'list' || !(isRefused || error instanceof Stalled)) {
      return false;
    }
    this.#canStream &&= !isRefused;
    this.#initialBy = 'list';
    this.#hooks.onFallback?.(error);
    return true;
  }

  #learnFrom(error: unknown): void {
    if (needsRelist(error) || isMissing(error) || this.#mayBeSetBack(error)) {
      this.#resourceVersion = undefined;
    }
    if (isMissing(error)) {
      this.#setSynced(false);
    }
  }

  /**
   * After a silence nobody knows whether etcd was restored from a snapshot meanwhile. A watch from a version that it has not come to
   * again is not refused: it stays silent, https://github.com/kubernetes/kubernetes/issues/135452
   */
  #mayBeSetBack(error: unknown): boolean {
    return error instanceof Stalled || (isUnanswered(error) && !this.isLive && this.#hasFollowed);
  }

  #setWatching(isWatching: boolean): void {
    this.#isWatching = isWatching;
    if (isWatching) {
      this.#hasFollowed = true;
      this.#redial.answered();
    }
    this.#hooks.onWatching?.(isWatching);
  }

  #setSynced(hasSynced: boolean): void {
    if (this.#hasSynced !== hasSynced) {
      this.#hasSynced = hasSynced;
      this.#hooks.onSyncedChange?.();
    }
  }
}
