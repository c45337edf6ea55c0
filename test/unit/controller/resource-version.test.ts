import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isNewer } from '../../../src/controller/resource-version.ts';

it('orders versions as the numbers that they are, also beyond what a double holds', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 80n }), fc.bigInt({ min: 1n, max: 2n ** 80n }), (a, b) => {
      expect(isNewer(String(a), String(b))).toBe(a > b);
    }),
  );
});

it('holds any version for newer than none', () => {
  expect(isNewer('1', '')).toBe(true);
  expect(isNewer('', '')).toBe(false);
});
