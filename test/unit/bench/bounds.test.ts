import { expect, it } from 'vitest';
import { boundLines, isAbove, type Bound } from '../../../bench/bounds.ts';

const healed: Bound = { what: 'drift is healed', unit: 's', measured: [0.4, 0.1, 0.2], most: 2 };
const installs: Bound = { what: 'the installs', unit: 'x floor', measured: [1.54], most: 1.5 };

it('the worst of what was measured is held against the limit, and marked where it is above', () => {
  expect([healed, installs].map(isAbove)).toEqual([false, true]);
  expect(boundLines([healed, installs])).toEqual([
    'limits                 times  median  worst  limit',
    'drift is healed, s         3    0.20   0.40   2.00',
    'the installs, x floor      1    1.54   1.54   1.50  ABOVE',
  ]);
});

it('without limits there are no lines', () => {
  expect(boundLines([])).toEqual([]);
});
