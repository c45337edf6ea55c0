import { isAtomic, isItem, isMap, isWithin, itemKey, listKeys, splitPath, type FieldSet } from './fields.ts';

/**
 * Merges an applied configuration into an object. Maps merge by member and keyed lists by their keys; all else is replaced.
 * Items have the order of the configuration; the items of other managers keep their places.
 * (structured-merge-diff, typed/merge.go)
 */
export function merged(live: unknown, applied: unknown, type = ''): unknown {
  const keys = listKeys(type);
  if (keys && Array.isArray(live) && Array.isArray(applied)) {
    return mergedItems(live as object[], applied as object[], keys, type);
  }
  if (isMap(live) && isMap(applied) && !isAtomic(type)) {
    const members = new Map(Object.entries(live));
    for (const [name, value] of Object.entries(applied)) {
      members.set(name, merged(members.get(name), value, type === '' ? name : `${type}.${name}`));
    }
    return Object.fromEntries(members);
  }
  return applied;
}

function mergedItems(live: readonly object[], applied: readonly object[], keys: readonly string[], type: string) {
  const key = (item: object): string => itemKey(item, keys);
  const mine = new Map(applied.map((item) => [key(item), item]));
  const theirs = new Map(live.map((item) => [key(item), item]));
  const shared = applied.map(key).filter((k) => theirs.has(k));
  const result: unknown[] = [];
  const both = (item: object): unknown =>
    isAtomic(`${type}.*`) ? item : mergeMembers(theirs.get(key(item)), item, type);
  let l = 0;
  let a = 0;
  let s = 0;
  while (l < live.length || a < applied.length) {
    const theirItem = live[l];
    const myItem = applied[a];
    if (theirItem && myItem && key(theirItem) === key(myItem)) {
      result.push(both(myItem));
      l += 1;
      a += 1;
      s += 1;
    } else if (theirItem && mine.has(key(theirItem)) && shared[s] !== key(theirItem)) {
      l += 1;
    } else if (theirItem && !mine.has(key(theirItem))) {
      result.push(theirItem);
      l += 1;
    } else if (myItem) {
      result.push(both(myItem));
      a += 1;
      s += theirs.has(key(myItem)) ? 1 : 0;
    } else {
      l += 1;
    }
  }
  return result;
}

function mergeMembers(live: object | undefined, applied: object, type: string): unknown {
  const members = new Map(Object.entries(live ?? {}));
  for (const [name, value] of Object.entries(applied)) {
    members.set(name, merged(members.get(name), value, `${type}.${name}`));
  }
  return Object.fromEntries(members);
}

/** The object without the fields in `gone`. An item stays only if somebody has the item itself: it goes with who brought it. */
export function without(object: unknown, gone: FieldSet, kept: FieldSet): unknown {
  let result = object;
  for (const path of gone) {
    const isKept = isItem(path) ? kept.has(path) : [...kept].some((other) => isWithin(other, path));
    if (!isKept) {
      result = withoutPath(result, splitPath(path), '');
    }
  }
  return result;
}

function withoutPath(value: unknown, path: readonly string[], type: string): unknown {
  const [element = '', ...rest] = path;
  if (Array.isArray(value)) {
    const keys = listKeys(type) ?? [];
    const items = (value as object[]).flatMap((item) => {
      if (itemKey(item, keys) !== element) {
        return [item];
      }
      return rest.length === 0 ? [] : [withoutPath(item, rest, type)];
    });
    return items.length === 0 ? undefined : items;
  }
  const name = element.slice(2);
  if (!isMap(value) || !Object.hasOwn(value, name)) {
    return value;
  }
  const { [name]: member, ...others } = value;
  const inner = rest.length === 0 ? undefined : withoutPath(member, rest, type === '' ? name : `${type}.${name}`);
  const left = inner === undefined ? others : { ...others, [name]: inner };
  return Object.keys(left).length === 0 ? undefined : left;
}
