import { namespaceOf } from './object-key.ts';
import { isNewer } from './resource-version.ts';

/** The projection of an object, with the two things that the runtime needs to know of it. */
export interface Stored {
  readonly key: string;
  readonly resourceVersion: string;
}

/** The store, as its feeds see it. */
export interface FeedStore<T> {
  get(key: string): T | undefined;
  keys(): Iterable<string>;
  put(item: T): void;
  drop(key: string): void;
}

/**
 * One reflector's part of a store: a namespace, or all.
 *
 * The events of the API server are the truth, in their order. The answers to our own writes may run ahead of them (`offer`),
 * and count until the feed gets there. An answer that the feed has already passed is old news, perhaps of an object that is
 * deleted by now, and is refused.
 */
export class Feed<T extends Stored> {
  readonly #namespace: string;
  readonly #shelf: FeedStore<T>;
  /** The newest version that was delivered. */
  #highWater = '';
  /** Versions that were offered and not delivered yet, by key. */
  readonly #ahead = new Map<string, string>();

  constructor(namespace: string, shelf: FeedStore<T>) {
    this.#namespace = namespace;
    this.#shelf = shelf;
  }

  get(key: string): T | undefined {
    return this.#shelf.get(key);
  }

  /** Takes over a list, whose version may even be older than what is here: a restored etcd starts again from its past. */
  replaceAll(items: readonly T[], resourceVersion: string): void {
    if (isNewer(this.#highWater, resourceVersion)) {
      // What was written before that is gone, too.
      this.#ahead.clear();
    }
    this.#highWater = resourceVersion;
    this.#forgetReached();
    const listed = new Set<string>();
    for (const item of items) {
      listed.add(item.key);
      if (!this.#ahead.has(item.key)) {
        this.#shelf.put(item);
      }
    }
    for (const key of this.#shelf.keys()) {
      if (this.#covers(key) && !listed.has(key) && !this.#ahead.has(key)) {
        this.#shelf.drop(key);
      }
    }
  }

  upsert(item: T): void {
    if (this.#advance(item.resourceVersion) && !this.#isOlderThanStored(item.key, item.resourceVersion)) {
      this.#ahead.delete(item.key);
      this.#shelf.put(item);
    }
  }

  remove(key: string, resourceVersion: string): void {
    if (this.#advance(resourceVersion) && !this.#isOlderThanStored(key, resourceVersion)) {
      this.#ahead.delete(key);
      this.#shelf.drop(key);
    }
  }

  /** Everything up to this version was delivered; so what was offered before it and never came is not to be seen here. */
  bookmark(resourceVersion: string): void {
    this.#advance(resourceVersion);
    for (const key of this.#forgetReached()) {
      this.#shelf.drop(key);
    }
  }

  /** Takes what a write returned, unless the feed knows better. */
  offer(item: T): boolean {
    const { key, resourceVersion } = item;
    const stored = this.#shelf.get(key);
    if (!isNewer(resourceVersion, this.#highWater) || (stored && !isNewer(resourceVersion, stored.resourceVersion))) {
      return false;
    }
    this.#ahead.set(key, resourceVersion);
    this.#shelf.put(item);
    return true;
  }

  #covers(key: string): boolean {
    return this.#namespace === '' || namespaceOf(key) === this.#namespace;
  }

  /** False for what was delivered before: told again, an object that is deleted by now would come back. */
  #advance(resourceVersion: string): boolean {
    const isNews = isNewer(resourceVersion, this.#highWater);
    if (isNews) {
      this.#highWater = resourceVersion;
    }
    return isNews;
  }

  #isOlderThanStored(key: string, resourceVersion: string): boolean {
    const stored = this.#shelf.get(key);
    return stored !== undefined && isNewer(stored.resourceVersion, resourceVersion);
  }

  #forgetReached(): string[] {
    const reached: string[] = [];
    for (const [key, resourceVersion] of this.#ahead) {
      if (!isNewer(resourceVersion, this.#highWater)) {
        this.#ahead.delete(key);
        reached.push(key);
      }
    }
    return reached;
  }
}
