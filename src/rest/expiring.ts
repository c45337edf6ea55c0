import type { Clock } from '../controller/clock.ts';

interface ExpiringOptions<Value> {
  /** How many keys it holds, those that are still loading among them. */
  readonly most: number;
  readonly clock: Clock;
  /** How old a value may be; one that may have no age at all is not kept. */
  readonly ttlMs: (value: Value) => number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  /** By the monotonic clock; `Infinity` while it loads. */
  expiresAt: number;
}

/**
 * Remembers for a while what was loaded, for answers that cost a request to the API server each. Who asks for a key while it
 * loads gets the same load. A load that fails is told to those who wait for it and forgotten. A value's age counts from when
 * its load began, for later it need not be true. Where it is full, what nobody has asked for longest makes room.
 *
 * A load is shared, so it must not end with the request of one who waits for it; and it must end. A key may stay longer than
 * its value, so a secret goes in as its hash.
 */
export class Expiring<Value> {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #ttlMs: (value: Value) => number;
  /** In the order in which they were last asked for. */
  readonly #entries = new Map<string, Entry<Value>>();

  constructor({ most, clock, ttlMs }: ExpiringOptions<Value>) {
    this.#most = most;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** Keys that it holds. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string, load: () => Promise<Value>): Promise<Value> {
    const now = this.#clock.monotonic();
    const before = this.#entries.get(key);
    this.#entries.delete(key);
    if (before && now < before.expiresAt) {
      this.#entries.set(key, before);
      return before.value;
    }
    this.#makeRoom();
    const entry = { value: load(), expiresAt: Infinity };
    this.#entries.set(key, entry);
    void this.#date(key, entry, now);
    return entry.value;
  }

  /** Finds out until when an entry is good, and takes it away if it is not good at all. */
  async #date(key: string, entry: Entry<Value>, startedAt: number): Promise<void> {
    try {
      entry.expiresAt = startedAt + this.#ttlMs(await entry.value);
    } catch {
      // Those who wait for it hear of it.
      entry.expiresAt = -Infinity;
    }
    const isGood = this.#clock.monotonic() < entry.expiresAt;
    if (!isGood && this.#entries.get(key) === entry) {
      this.#entries.delete(key);
    }
  }

  #makeRoom(): void {
    const [longestUnasked] = this.#entries.keys();
    if (longestUnasked !== undefined && this.#entries.size >= this.#most) {
      this.#entries.delete(longestUnasked);
    }
  }
}
