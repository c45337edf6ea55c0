import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/api/range.ts';

describe('a range', () => {
  it.each`
    range                         | version         | numbers  | whole    | why
    ${'>=1.2.0'}                  | ${'1.2.0'}      | ${true}  | ${true}  | ${'the bound itself'}
    ${'>=1.2.0'}                  | ${'1.2.0-rc.1'} | ${true}  | ${false} | ${'a prerelease counts as its release, but is before it'}
    ${'<2.0.0'}                   | ${'2.0.0-rc.1'} | ${false} | ${false} | ${'a prerelease is not inside before its release is outside'}
    ${'>=1.4.0 <2.0.0'}           | ${'1.5.0-rc.1'} | ${true}  | ${true}  | ${'well inside'}
    ${'2.0.0-rc.1 || >=3.0.0'}    | ${'2.0.0-rc.1'} | ${true}  | ${true}  | ${'named'}
    ${'2.0.0-rc.1 || >=3.0.0'}    | ${'2.0.0-rc.2'} | ${false} | ${false} | ${'another than the one named'}
    ${'2.0.0-rc.1 || >=3.0.0'}    | ${'2.0.0'}      | ${false} | ${false} | ${'another than the one named'}
    ${'*'}                        | ${'0.0.0'}      | ${true}  | ${true}  | ${'everything'}
    ${'1.x || >=2.5.0 || ^0.3.1'} | ${'0.3.9'}      | ${true}  | ${true}  | ${'one of several'}
    ${'1.x || >=2.5.0 || ^0.3.1'} | ${'0.4.0'}      | ${false} | ${false} | ${'none of several'}
    ${'>1.2.3 <=1.2.4'}           | ${'1.2.4'}      | ${true}  | ${true}  | ${'up to and with'}
    ${'>1.2.3 <=1.2.4'}           | ${'1.2.3'}      | ${false} | ${false} | ${'from and without'}
    ${'>2.0.0 <1.0.0'}            | ${'1.5.0'}      | ${false} | ${false} | ${'empty'}
  `('$range, $version: $numbers by numbers, $whole as a whole ($why)', ({ range, version, numbers, whole }) => {
    expect(parseRange(range)?.hasNumbers(version)).toBe(numbers);
    expect(parseRange(range)?.has(version)).toBe(whole);
  });

  it.each(['soon', '>>1', '1.2.3.4.5', `>=1.0.0${' '.repeat(256)}`])('%j is none', (text) => {
    expect(parseRange(text)).toBeUndefined();
    expect(parseRange(text)).toBeUndefined();
  });

  it('says of every release what semver says', () => {
    const part = fc.nat(3);
    const version = fc.tuple(part, part, part).map((numbers) => numbers.join('.'));
    const bound = fc.tuple(version, fc.constantFrom('', '', '-rc.1')).map((parts) => parts.join(''));
    const comparator = fc
      .tuple(fc.constantFrom('', '>', '>=', '<', '<=', '^', '~', '='), bound)
      .map((parts) => parts.join(''));
    const range = fc
      .array(fc.array(comparator, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
      .map((sets) => sets.map((set) => set.join(' ')).join(' || '));

    fc.assert(
      fc.property(range, version, (text, version) => {
        const says = semver.satisfies(version, text);
        expect([parseRange(text)?.hasNumbers(version), parseRange(text)?.has(version)]).toEqual([says, says]);
      }),
      { numRuns: 2000 },
    );
  });

  it('costs the same whatever its author wrote', () => {
    const hostile = Array.from({ length: 200 }, (_, i) => {
      const parts = [`1.${i}.x||`.repeat(40), `>=0.0.${i} `.repeat(30), '^1.2.3-a.b '.repeat(20), '*||'.repeat(80)];
      return parts[i % parts.length]!.slice(0, 240).replace(/[|. ]+$/, '');
    });
    const ranges = hostile.map((text) => parseRange(text));
    const harmless = hostile.map((_, i) => parseRange(`>=1.${i}.0`));
    const versions = Array.from({ length: 200 }, (_, i) => `1.${i}.3${i % 2 ? '' : '-rc.1'}`);
    const cost = (asked: typeof ranges) => {
      const before = performance.now();
      asked.forEach((range) => versions.forEach((version) => range?.hasNumbers(version)));
      return performance.now() - before;
    };
    // Both are measured in turn, and the best round of each counts, so that other load on the machine affects both alike.
    const rounds = Array.from({ length: 9 }, () => [cost(ranges), cost(harmless)] as const);
    const [dear, cheap] = [0, 1].map((which) => Math.min(...rounds.map((round) => round[which]!)));

    // The ratio is about 1. It would be 7 if semver were asked.
    expect(dear! / cheap!).toBeLessThan(3);
  });
});
