import { expect, it } from 'vitest';
import { changeBetween, isAtMost } from '../../../../src/plan/catalogue/level.ts';

it.each`
  from            | to              | change     | why
  ${'1.2.3'}      | ${'1.2.4'}      | ${'patch'} | ${''}
  ${'1.2.3'}      | ${'1.3.0'}      | ${'minor'} | ${''}
  ${'1.2.3'}      | ${'2.0.0'}      | ${'major'} | ${''}
  ${'1.3.0'}      | ${'1.2.3'}      | ${'minor'} | ${'the way back is as long'}
  ${'0.2.3'}      | ${'0.2.4'}      | ${'patch'} | ${''}
  ${'0.2.3'}      | ${'0.3.0'}      | ${'major'} | ${'of 0.x a minor counts as major'}
  ${'0.2.3'}      | ${'1.0.0'}      | ${'major'} | ${''}
  ${'0.0.3'}      | ${'0.0.4'}      | ${'major'} | ${'of 0.0.x everything does'}
  ${'0.0.3'}      | ${'0.1.0'}      | ${'major'} | ${'of 0.0.x everything does'}
  ${'1.2.0-rc.1'} | ${'1.2.0'}      | ${'patch'} | ${'a prerelease to its release'}
  ${'1.2.0-rc.1'} | ${'1.2.0-rc.2'} | ${'patch'} | ${'between prereleases of one release'}
  ${'0.0.3-rc.1'} | ${'0.0.3'}      | ${'patch'} | ${'a prerelease to its release'}
  ${'1.2.3'}      | ${'1.3.0-rc.1'} | ${'minor'} | ${'by its numbers'}
  ${'1.2.0-rc.1'} | ${'1.2.1'}      | ${'patch'} | ${'by its numbers'}
`('$from to $to: $change $why', ({ from, to, change }) => {
  expect(changeBetween(from, to)).toBe(change);
});

it.each([
  ['patch', 'patch', true],
  ['minor', 'patch', false],
  ['patch', 'minor', true],
  ['major', 'minor', false],
  ['major', 'major', true],
] as const)('a %s within the level %s: %s', (change, level, within) => {
  expect(isAtMost(change, level)).toBe(within);
});
