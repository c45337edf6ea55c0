/** Far more than there are texts in common; what is beyond it is not shared, and nothing grows for ever. */
const MOST = 10_000;
const pool = new Map<string, unknown>();

/**
 * The first of all values with this key. What thousands of installations have in common (reasons, messages, images, tiers)
 * is kept once, which is a third of the memory of a cache. Only for values that nobody changes.
 */
export function shared<T>(key: string, make: () => T): T {
  const known = pool.get(key);
  if (known !== undefined) {
    return known as T;
  }
  const value = make();
  if (pool.size >= MOST) {
    pool.clear();
  }
  pool.set(key, value);
  return value;
}

/** An equal text that is kept already. */
export function sharedText<T extends string | undefined>(text: T): T {
  return text === undefined ? text : shared(`"${text}`, () => text);
}

/** An equal value that is kept already; only for what JSON can say. */
export function sharedValue<T extends object | undefined>(value: T): T {
  return value === undefined ? value : shared(JSON.stringify(value), () => value);
}
