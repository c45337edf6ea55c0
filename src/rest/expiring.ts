import type { Clock } from '../controller/clock.ts';
export class Expiring<Value> {
  readonly #o: { most: number; clock: Clock; ttlMs: (value: Value) => number };
  readonly #m = new Map<string, { value: Promise<Value>; until: number }>();
  constructor(o: { most: number; clock: Clock; ttlMs: (value: Value) => number }) {
    this.#o = o;
  }
  async get(key: string, load: () => Promise<Value>): Promise<Value> {
    const k = this.#m.get(key);
    if (k && k.until > this.#o.clock.monotonic()) return k.value;
    const value = load();
    const e = { value, until: Infinity };
    this.#m.set(key, e);
    value.then(
      (v) => {
        e.until = this.#o.clock.monotonic() + this.#o.ttlMs(v);
      },
      () => this.#m.delete(key),
    );
    return value;
  }
}
