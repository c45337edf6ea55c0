import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstOf, lastOf } from '../../../src/api/cut.ts';

it.each([
  { text: 'abc', most: 3, first: 'abc', last: 'abc' },
  { text: 'abcd', most: 3, first: 'abc', last: 'bcd' },
  { text: 'a😀b', most: 2, first: 'a', last: 'b' },
  { text: 'a😀b', most: 3, first: 'a😀', last: '😀b' },
  { text: '😀', most: 1, first: '', last: '' },
])('$text cut to $most is $first and $last', ({ text, most, first, last }) => {
  expect([firstOf(text, most), lastOf(text, most)]).toEqual([first, last]);
});

it('never leaves half a character, and takes no more than it must', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 12 }), (text, most) => {
      for (const cut of [firstOf(text, most), lastOf(text, most)]) {
        expect(cut.isWellFormed()).toBe(true);
        expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, most - 1));
      }
    }),
  );
});
