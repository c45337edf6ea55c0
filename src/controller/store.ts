import { isDeepStrictEqual } from 'node:util';
import { Feed, type Stored } from './feed.ts';
import { namespaceOf } from './object-key.ts';
import { SecondaryIndex, type IndexBy } from './secondary-index.ts';

/** Told of a change; nothing before is an addition, nothing after a deletion. Must not throw. */
export type ChangeListener<T> = (before: T | undefined, after: T | undefined) => void;

/**
 * The projections of one kind's objects, found by key or by index.
 *
 * Fed by one reflector for all namespaces (`feed()`) or by one for each namespace (`feed('shop')`), and run ahead by what
 * our own writes returned (`offer`). Listeners hear of a change only where the projection differs: a new
 * resourceVersion alone is none. They are called in the midst of it, so they note a key and look later.
 */
export class Store<T extends Stored, Index extends string = never> {
  readonly #items = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, SecondaryIndex<T>>;
  readonly #feeds = new Map<string, Feed<T>>();
  readonly #listeners: ChangeListener<T>[] = [];

  constructor(indexes: Readonly<Record<Index, IndexBy<T>>>) {
    this.#indexes = new Map(
      Object.entries<IndexBy<T>>(indexes).map(([name, by]) => [name, new SecondaryIndex(by)] as const),
    );
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): Iterable<T> {
    return this.#items.values();
  }

  /** The items filed under `value`, in no particular order. */
  byIndex(index: Index, value: string): T[] {
    const keys = this.#indexes.get(index)?.keys(value) ?? [];
    return Array.from(keys, (key) => this.#items.get(key)).filter((item) => item !== undefined);
  }

  onChange(listener: ChangeListener<T>): void {
    this.#listeners.push(listener);
  }

  /** The way in for a reflector that watches `namespace`, or all of them. */
  feed(namespace = ''): Feed<T> {
    const feed =
      this.#feeds.get(namespace) ??
      new Feed(namespace, {
        get: (key) => this.#items.get(key),
        keys: () => this.#items.keys(),
        put: (item) => this.#set(item.key, item),
        drop: (key) => this.#set(key, undefined),
      });
    this.#feeds.set(namespace, feed);
    return feed;
  }

  /** Takes what a write of ours returned, unless the feed of its namespace knows better or there is none. */
  offer(item: T): boolean {
    const feed = this.#feeds.get(namespaceOf(item.key)) ?? this.#feeds.get('');
    return feed?.offer(item) ?? false;
  }

  #set(key: string, after: T | undefined): void {
    const before = this.#items.get(key);
    if (after) {
      this.#items.set(key, after);
    } else {
      this.#items.delete(key);
    }
    if (isSameProjection(before, after)) {
      return;
    }
    for (const index of this.#indexes.values()) {
      index.update(key, before, after);
    }
    for (const listener of this.#listeners) {
      listener(before, after);
    }
  }
}

function isSameProjection<T extends Stored>(before: T | undefined, after: T | undefined): boolean {
  if (!before || !after) {
    return before === after;
  }
  return isDeepStrictEqual({ ...before, resourceVersion: '' }, { ...after, resourceVersion: '' });
}
