import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { mergePatch, type Json, type JsonObject } from '../../../src/cluster/merge-patch.ts';

it.each`
  change                               | before                          | after                              | patch
  ${'nothing'}                         | ${{ a: 1, b: { c: [1] } }}      | ${{ b: { c: [1] }, a: 1 }}         | ${undefined}
  ${'a new field'}                     | ${{ a: 1 }}                     | ${{ a: 1, b: 2 }}                  | ${{ b: 2 }}
  ${'a field that goes'}               | ${{ a: 1, b: 2 }}               | ${{ a: 1 }}                        | ${{ b: null }}
  ${'a field that is undefined now'}   | ${{ a: 1, b: 2 }}               | ${{ a: 1, b: undefined }}          | ${{ b: null }}
  ${'a field that never was'}          | ${{ a: 1 }}                     | ${{ a: 1, b: undefined, c: null }} | ${undefined}
  ${'a field deep down'}               | ${{ a: { b: { c: 1, d: 2 } } }} | ${{ a: { b: { c: 1, d: 3 } } }}    | ${{ a: { b: { d: 3 } } }}
  ${'an item of an array'}             | ${{ a: [1, { b: 2 }] }}         | ${{ a: [1, { b: 3 }] }}            | ${{ a: [1, { b: 3 }] }}
  ${'an array that shrinks'}           | ${{ a: [1, 2] }}                | ${{ a: [1] }}                      | ${{ a: [1] }}
  ${'an array that becomes an object'} | ${{ a: [1] }}                   | ${{ a: { 0: 1 } }}                 | ${{ a: { 0: 1 } }}
  ${'a number that becomes its text'}  | ${{ a: 1 }}                     | ${{ a: '1' }}                      | ${{ a: '1' }}
  ${'an inherited name that goes'}     | ${{ constructor: 'x' }}         | ${{}}                              | ${{ constructor: null }}
`('of $change is $patch', ({ before, after, patch }) => {
  expect(mergePatch(before, after)).toEqual(patch);
});

/** Applies a merge patch by the algorithm of RFC 7386, word for word. */
function apply(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) {
    return patch;
  }
  const result = new Map(Object.entries(target !== undefined && isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) {
      result.delete(key);
    } else {
      result.set(key, apply(result.get(key), value));
    }
  }
  return Object.fromEntries(result);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const { object } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('x', 'y', 1, true),
    fc.array(tie('value'), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), {
    noNullPrototype: true,
  }),
}));

it('makes what is after out of what was before', () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(canonical(apply(before, mergePatch(before, after) ?? {}))).toBe(canonical(after));
    }),
    { numRuns: 1000 },
  );
});

it('is none between two that are equal, and only between those', () => {
  fc.assert(
    fc.property(object, object, (a, b) => {
      expect(mergePatch(a, structuredClone(a))).toBeUndefined();
      expect(mergePatch(a, b) === undefined).toBe(canonical(a) === canonical(b));
    }),
  );
});

/** Returns the same text for the same value, whatever the order of its keys. */
function canonical(value: Json): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (!isObject(value)) {
    return value;
  }
  const entries = Object.entries(value).map(([key, field]) => [key, sorted(field ?? null)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
