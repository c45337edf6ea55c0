import { hash } from '../api/hash.ts';

interface Waiting {
  readonly key: string;
  readonly hash: string;
}

/** The installations that wait for a place in the fleet, in the order of `inTurn`. */
export class Turns {
  readonly #line: Waiting[] = [];
  readonly #hashes = new Map<string, string>();

  has(key: string): boolean {
    return this.#hashes.has(key);
  }

  join(key: string): void {
    if (!this.has(key)) {
      const turn = { key, hash: hash(key) };
      this.#hashes.set(key, turn.hash);
      this.#line.splice(this.#positionOf(turn.hash), 0, turn);
    }
  }

  /** Whether it was in the line. */
  leave(key: string): boolean {
    const own = this.#hashes.get(key);
    if (own === undefined) {
      return false;
    }
    this.#hashes.delete(key);
    this.#line.splice(this.#positionOf(own), 1);
    return true;
  }

  first(count: number): string[] {
    return this.#line.slice(0, Math.max(0, count)).map(({ key }) => key);
  }

  /** How many wait whose turn is before that of `key`. */
  countBefore(key: string): number {
    return this.#line.length === 0 ? 0 : this.#positionOf(this.#hashes.get(key) ?? hash(key));
  }

  /** The first index whose hash is not smaller. */
  #positionOf(sought: string): number {
    let [from, to] = [0, this.#line.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#line[middle]?.hash ?? '') < sought) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
}

/** In the order of their hashes: it is the same after each restart, and no name is favoured. */
export function inTurn(keys: readonly string[]): string[] {
  const turns = keys.map((key) => ({ key, hash: hash(key) }));
  return turns.sort((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ key }) => key);
}
