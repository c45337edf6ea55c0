/**
 * A binary heap of keys by their time, with each key's place known, so that a key can be moved or taken out
 * and nothing is left behind of one that was.
 */
export class Deadlines {
  readonly #heap: { readonly key: string; readonly at: number }[] = [];
  readonly #places = new Map<string, number>();

  get size(): number {
    return this.#heap.length;
  }

  /** The time of the earliest key. */
  get earliest(): number | undefined {
    return this.#heap[0]?.at;
  }

  get(key: string): number | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#heap[place]?.at;
  }

  set(key: string, at: number): void {
    const place = this.#places.get(key) ?? this.#heap.length;
    this.#sift(place, { key, at });
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) {
      return;
    }
    this.#places.delete(key);
    const last = this.#heap.pop();
    if (last && last.key !== key) {
      this.#sift(place, last);
    }
  }

  /** Takes out the earliest key if its time has come. */
  popDue(now: number): string | undefined {
    const first = this.#heap[0];
    if (!first || first.at > now) {
      return undefined;
    }
    this.delete(first.key);
    return first.key;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#places.clear();
  }

  /** Puts `entry` into the hole at `place` after moving the hole up, else down, to where the entry belongs. */
  #sift(place: number, entry: { readonly key: string; readonly at: number }): void {
    let hole = place;
    for (let up = (hole - 1) >> 1; hole > 0 && this.#at(up) > entry.at; up = (hole - 1) >> 1) {
      this.#move(up, hole);
      hole = up;
    }
    for (let down = this.#earlierChild(hole); this.#at(down) < entry.at; down = this.#earlierChild(hole)) {
      this.#move(down, hole);
      hole = down;
    }
    this.#heap[hole] = entry;
    this.#places.set(entry.key, hole);
  }

  #move(from: number, to: number): void {
    const entry = this.#heap[from];
    if (entry) {
      this.#heap[to] = entry;
      this.#places.set(entry.key, to);
    }
  }

  #earlierChild(place: number): number {
    const left = 2 * place + 1;
    return this.#at(left + 1) < this.#at(left) ? left + 1 : left;
  }

  #at(place: number): number {
    return this.#heap[place]?.at ?? Infinity;
  }
}
