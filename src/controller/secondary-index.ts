/** The values under which an index files an item; none is fine. */
export type IndexBy<T> = (item: T) => readonly string[];

/** Finds the keys of items by a value that is computed from them. Empty values take no memory. */
export class SecondaryIndex<T> {
  readonly #by: IndexBy<T>;
  readonly #keys = new Map<string, Set<string>>();

  constructor(by: IndexBy<T>) {
    this.#by = by;
  }

  keys(value: string): Iterable<string> {
    return this.#keys.get(value) ?? [];
  }

  update(key: string, before: T | undefined, after: T | undefined): void {
    const left = before === undefined ? [] : this.#by(before);
    const entered = after === undefined ? [] : this.#by(after);
    for (const value of left) {
      if (!entered.includes(value)) {
        this.#remove(value, key);
      }
    }
    for (const value of entered) {
      this.#keys.set(value, (this.#keys.get(value) ?? new Set()).add(key));
    }
  }

  #remove(value: string, key: string): void {
    const keys = this.#keys.get(value);
    keys?.delete(key);
    if (keys?.size === 0) {
      this.#keys.delete(value);
    }
  }
}
