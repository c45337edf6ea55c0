import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import type { Release } from '../../../../src/api/provider.ts';
import { parseRange } from '../../../../src/api/range.ts';
import { pathsFrom } from '../../../../src/plan/version/path.ts';
import { catalogue, release } from '../../../support/builders.ts';

/** Reads `'1.6.0! 2.0.0>=1.6.0'`: a required release, and a release that only takes upgrades from a range. */
function published(text: string) {
  return catalogue(
    ...text.split(' ').map((word) => {
      const [, version = '', mark, from] = /^([^!~<>=^]+)([!~]?)(.*)$/.exec(word) ?? [];
      return release(version, {
        ...(mark === '!' && { required: true }),
        ...(mark === '~' && { required: true, lifecycle: { stage: 'yanked' as const } }),
        ...(from && { upgradesFrom: from }),
      });
    }),
  );
}

function path(from: string, to: string, text: string, closed: readonly string[] = [], last: readonly string[] = []) {
  const { releases, requiredVersions } = published(text);
  return pathsFrom(from, {
    releases,
    requiredVersions,
    isPassable: (r) => !closed.includes(r.version),
    isSecondChoice: (r) => last.includes(r.version),
  })(to)?.join(' ');
}

describe('a path', () => {
  it.each`
    from            | to         | releases                                          | path                   | why
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.2.0 1.6.0 2.0.0'}                            | ${'2.0.0'}             | ${'nothing in the way'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.6.0! 2.0.0'}                                 | ${'1.6.0 2.0.0'}       | ${'over the stepping stone'}
    ${'1.6.0'}      | ${'2.0.0'} | ${'1.6.0! 2.0.0'}                                 | ${'2.0.0'}             | ${'from the stepping stone'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.6.0~ 2.0.0'}                                 | ${'2.0.0'}             | ${'a yanked one is never required'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.4.0! 1.6.0! 2.0.0! 3.0.0!'}                  | ${'1.4.0 1.6.0 2.0.0'} | ${'stone by stone'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.4.0 1.6.0 1.8.0 2.0.0>=1.6.0'}               | ${'1.8.0 2.0.0'}       | ${'the newest stepping stone'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.4.0 1.6.0>=1.4.0 1.8.0>=1.6.0 2.0.0>=1.4.0'} | ${'1.4.0 2.0.0'}       | ${'the shortest'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'2.0.0>=1.6.0'}                                 | ${undefined}           | ${'no way'}
    ${'1.6.0-rc.1'} | ${'2.0.0'} | ${'2.0.0>=1.6.0'}                                 | ${'2.0.0'}             | ${'a prerelease by its numbers'}
    ${'1.2.0'}      | ${'1.2.0'} | ${'1.2.0 2.0.0'}                                  | ${undefined}           | ${'nowhere to go'}
    ${'1.2.0'}      | ${'1.1.0'} | ${'1.1.0 1.2.0'}                                  | ${undefined}           | ${'never back'}
    ${'1.2.0'}      | ${'2.0.0'} | ${'1.6.0!>=1.5.0 2.0.0'}                          | ${undefined}           | ${'a stone out of reach'}
  `('$from to $to by $releases: $path ($why)', ({ from, to, releases, path: expected }) => {
    expect(path(from, to, releases)).toBe(expected);
  });

  it('rests only where it may', () => {
    expect(path('1.2.0', '2.0.0', '1.6.0 1.8.0 2.0.0>=1.6.0', ['1.8.0'])).toBe('1.6.0 2.0.0');
    expect(path('1.2.0', '2.0.0', '1.6.0! 2.0.0', ['1.6.0'])).toBeUndefined();
    expect(path('1.2.0', '2.0.0', '1.6.0 2.0.0', ['2.0.0']), 'the end is no rest').toBe('2.0.0');
  });

  it('rests on what fades only where it must', () => {
    expect(path('1.2.0', '2.0.0', '1.6.0 1.8.0 2.0.0>=1.6.0', [], ['1.8.0'])).toBe('1.6.0 2.0.0');
    expect(path('1.2.0', '2.0.0', '1.8.0 2.0.0>=1.6.0', [], ['1.8.0'])).toBe('1.8.0 2.0.0');
  });

  it('does not jump over a stone that cannot be installed', () => {
    const broken = release('1.6.0', { required: true, runtime: { volumeMounts: [{ name: 'x', mountPath: '/x' }] } });
    const { releases, requiredVersions } = catalogue('1.5.0', broken, '2.0.0');
    const find = pathsFrom('1.2.0', {
      releases,
      requiredVersions,
      isPassable: () => true,
      isSecondChoice: () => false,
    });
    expect([find('1.5.0'), find('2.0.0')]).toEqual([['1.5.0'], undefined]);
  });
});

describe('laws', () => {
  const releases = fc
    .uniqueArray(
      fc.record({
        version: fc.tuple(fc.nat(2), fc.nat(3), fc.constantFrom('', '', '-rc.1')).map(([a, b, c]) => `${a}.${b}.0${c}`),
        from: fc.option(
          fc.tuple(fc.nat(2), fc.nat(3)).map(([a, b]) => `>=${a}.${b}.0`),
          { nil: undefined },
        ),
        required: fc.boolean(),
      }),
      { maxLength: 8, selector: (r) => r.version },
    )
    .map((all) =>
      all.map(({ version, from, required }) =>
        release(version, { required: required && version.endsWith('0'), ...(from && { upgradesFrom: from }) }),
      ),
    );

  function isStep(from: string, to: Release, all: readonly Release[]): boolean {
    return (
      semver.gt(to.version, from) &&
      (to.upgradesFrom === undefined || parseRange(to.upgradesFrom)!.hasNumbers(from)) &&
      !all.some((r) => r.required && semver.gt(r.version, from) && semver.lt(r.version, to.version))
    );
  }

  /** Returns the least number of rollouts, found by trying every path. */
  function distance(from: string, to: string, all: readonly Release[], left: number): number {
    const steps = all.filter((r) => isStep(from, r, all));
    if (steps.some((r) => r.version === to)) {
      return 1;
    }
    return left === 0 ? Infinity : 1 + Math.min(Infinity, ...steps.map((r) => distance(r.version, to, all, left - 1)));
  }

  const open = { isPassable: () => true, isSecondChoice: () => false };

  it('each step is allowed, and no way is shorter', () => {
    fc.assert(
      fc.property(releases, (all) => {
        const { releases: sorted, requiredVersions } = catalogue(...all);
        const find = pathsFrom('0.1.0', { releases: sorted, requiredVersions, ...open });
        for (const { version } of all) {
          const found = find(version);
          const hops = ['0.1.0', ...(found ?? [])];
          const steps = hops.slice(1).map((hop, i) =>
            isStep(
              hops[i]!,
              all.find((r) => r.version === hop)!,
              all,
            ),
          );
          expect(steps.every(Boolean)).toBe(true);
          expect(found?.length ?? Infinity).toBe(distance('0.1.0', version, all, 8));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('what is left of a path is the path of what is left', () => {
    fc.assert(
      fc.property(releases, (all) => {
        const { releases: sorted, requiredVersions } = catalogue(...all);
        const find = (from: string) => pathsFrom(from, { releases: sorted, requiredVersions, ...open });
        for (const { version } of all) {
          const [first, ...rest] = find('0.1.0')(version) ?? [];
          expect(first === undefined || rest.length === 0 ? [] : find(first)(version)).toEqual(rest);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
