import { describe, expect, it } from 'vitest';
import { softwareFinder } from '../../../../src/plan/software/finder.ts';
import { parseSoftware } from '../../../../src/plan/software/set.ts';
import { release } from '../../../support/builders.ts';
import { chosen, inputFor, needed, type Case } from './examples.ts';

describe('what is not stable yet', () => {
  it.each`
    asks                      | has                                    | result              | why
    ${''}                     | ${'php 8.1.0 8.2.0 8.3.0'}             | ${'php=8.3.0'}      | ${'is the newest'}
    ${''}                     | ${'php 8.2.0 8.3.0 9.0.0'}             | ${'php=8.3.0'}      | ${'that the release can run with'}
    ${''}                     | ${'php 8.2.0 8.3.0:yanked'}            | ${'php=8.2.0'}      | ${'never a yanked one'}
    ${''}                     | ${'php 8.2.0 8.3.0:preview'}           | ${'php=8.2.0'}      | ${'no preview'}
    ${''}                     | ${'php 8.2.0 8.3.0-rc.1'}              | ${'php=8.2.0'}      | ${'no prerelease'}
    ${''}                     | ${'php 8.2.0 8.3.0:foreign'}           | ${'php=8.2.0'}      | ${'no image that is not allowed'}
    ${''}                     | ${'php 8.2.0 8.3.0:deprecated'}        | ${'php=8.2.0'}      | ${'deprecated ones last'}
    ${''}                     | ${'php 8.2.0 8.3.0:expired'}           | ${'php=8.2.0'}      | ${'expired ones last'}
    ${''}                     | ${'php 8.2.0 8.3.0:supported'}         | ${'php=8.3.0'}      | ${'its date has not come'}
    ${''}                     | ${'php 8.2.0:deprecated 8.3.0:yanked'} | ${'php=8.2.0'}      | ${'a deprecated one where nothing is better'}
    ${'php=8.2.0:none'}       | ${'php 8.1.0 8.2.0 8.2.7 8.3.0'}       | ${'php=8.2.0'}      | ${'exactly what is named'}
    ${'php=8.2.0:patchLevel'} | ${'php 8.1.0 8.2.0 8.2.7 8.3.0'}       | ${'php=8.2.7'}      | ${'the newest patch of the floor'}
    ${'php=8.2.5:patchLevel'} | ${'php 8.2.0 8.3.0 8.3.1'}             | ${'php=8.3.1'}      | ${'the newest where no patch is above the floor'}
    ${'php=8.2.0:all'}        | ${'php 8.1.0 8.2.0 8.2.7 8.3.0'}       | ${'php=8.3.0'}      | ${'the newest above the floor'}
    ${'php=8.2.0'}            | ${'php 8.1.0 8.2.0 8.3.0'}             | ${'php=8.3.0'}      | ${'inherited: all under auto'}
    ${'php:none'}             | ${'php 8.1.0 8.2.0 8.3.0'}             | ${'php=8.3.0'}      | ${'none alone names nothing'}
    ${'php:patchLevel'}       | ${'php 8.1.0 8.2.0 8.3.0'}             | ${'php=8.3.0'}      | ${'a policy alone names nothing'}
    ${'php=8.3.0:none'}       | ${'php 8.2.0 8.3.0:preview'}           | ${'php=8.3.0'}      | ${'a preview that is named'}
    ${'php=8.3.0:none'}       | ${'php 8.2.0 8.3.0:deprecated'}        | ${'php=8.3.0'}      | ${'a deprecated one that is named'}
    ${'php=8.3.0-rc.1:none'}  | ${'php 8.2.0 8.3.0-rc.1'}              | ${'php=8.3.0-rc.1'} | ${'a prerelease that is named, in range by its numbers'}
    ${'php=8.3.0-rc.1:all'}   | ${'php 8.3.0-rc.1 8.3.0-rc.2'}         | ${'php=8.3.0-rc.1'} | ${'and no other prerelease'}
    ${'php=8.3.0-rc.1:all'}   | ${'php 8.3.0-rc.1 8.3.0'}              | ${'php=8.3.0'}      | ${'a release above the prerelease'}
    ${'php=8.3.0:all'}        | ${'php 8.2.0 8.3.0:yanked 8.4.0'}      | ${'php=8.4.0'}      | ${'above a floor that was yanked'}
    ${'php=8.2.5:all'}        | ${'php 8.2.0 8.3.0'}                   | ${'php=8.3.0'}      | ${'above a floor that nobody published'}
  `('$asks of $has: $result ($why)', ({ asks, has, result }) => {
    expect(chosen({ needs: 'php^8', asks, has })).toBe(result);
  });
});

// renovatebot/renovate#34823, fluxcd/flux2#4990: builds of one version are counted after a hyphen
describe('where the vendor counts builds after a hyphen', () => {
  it.each`
    asks                        | stable           | has                                 | result            | why
    ${''}                       | ${''}            | ${'php+ 8.2.0-9 8.2.0-38'}          | ${'php=8.2.0-38'} | ${'the newest, by number'}
    ${''}                       | ${''}            | ${'php+ 8.2.0-38 8.3.0-1'}          | ${'php=8.3.0-1'}  | ${'the newest version first'}
    ${''}                       | ${''}            | ${'php+ 8.2.0-38:yanked 8.2.0-37'}  | ${'php=8.2.0-37'} | ${'never a yanked one'}
    ${''}                       | ${''}            | ${'php+ 8.2.0-38:preview 8.2.0-37'} | ${'php=8.2.0-37'} | ${'no preview'}
    ${'php=8.2.0-9:patchLevel'} | ${''}            | ${'php+ 8.2.0-38 8.2.1-2 8.3.0-1'}  | ${'php=8.2.1-2'}  | ${'the newest patch of the floor'}
    ${'php=8.2.0-9:none'}       | ${''}            | ${'php+ 8.2.0-9 8.2.0-38'}          | ${'php=8.2.0-9'}  | ${'exactly what is named'}
    ${''}                       | ${'php=8.2.0-9'} | ${'php+ 8.2.0-9 8.2.0-38'}          | ${'php=8.2.0-9'}  | ${'what is stable stays'}
    ${'php=8.2.0-38:all'}       | ${'php=8.2.0-9'} | ${'php+ 8.2.0-9 8.2.0-38 8.2.0-40'} | ${'php=8.2.0-38'} | ${'a floor above it is taken'}
  `('$asks, $stable of $has: $result ($why)', ({ asks, stable, has, result }) => {
    expect(chosen({ needs: 'php', asks, stable, has })).toBe(result);
  });
});

describe('what is stable', () => {
  it.each`
    needs          | asks                      | stable         | has                                | result         | why
    ${'php'}       | ${''}                     | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0'}         | ${'php=8.2.0'} | ${'stays'}
    ${'php'}       | ${'php:none'}             | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0'}         | ${'php=8.2.0'} | ${'stays by none alone'}
    ${'php'}       | ${'php=8.1.0:all'}        | ${'php=8.2.0'} | ${'php 8.1.0 8.2.0 8.3.0'}         | ${'php=8.2.0'} | ${'stays above its floor'}
    ${'php'}       | ${'php=8.2.0:all'}        | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0'}               | ${'php=8.2.0'} | ${'stays on its floor'}
    ${'php'}       | ${''}                     | ${'php=8.2.0'} | ${'php 8.2.0:yanked 8.3.0'}        | ${'php=8.2.0'} | ${'stays when it is yanked'}
    ${'php'}       | ${'php=8.2.0:none'}       | ${'php=8.2.0'} | ${'php 8.2.0:yanked 8.3.0'}        | ${'php=8.2.0'} | ${'stays when it is named and yanked'}
    ${'php'}       | ${''}                     | ${'php=8.2.0'} | ${'php 8.2.0:deprecated 8.3.0'}    | ${'php=8.2.0'} | ${'stays when it is deprecated'}
    ${'php'}       | ${''}                     | ${'php=8.2.0'} | ${'php 8.2.0:foreign 8.3.0'}       | ${'php=8.2.0'} | ${'stays when its image is not allowed any more'}
    ${'php'}       | ${''}                     | ${'php=8.2.0'} | ${'php 8.3.0'}                     | ${'php=8.2.0'} | ${'stays when it is not published any more'}
    ${'php'}       | ${'php=8.2.0:none'}       | ${'php=8.2.0'} | ${''}                              | ${'php=8.2.0'} | ${'stays when nothing is published any more'}
    ${'php'}       | ${'php=8.3.0:all'}        | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0 8.4.0'}         | ${'php=8.3.0'} | ${'a floor above it is taken as it is named'}
    ${'php'}       | ${'php=8.3.0:patchLevel'} | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0 8.3.7'}         | ${'php=8.3.0'} | ${'and under patchLevel'}
    ${'php'}       | ${'php=8.3.0:all'}        | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:preview 8.4.0'} | ${'php=8.3.0'} | ${'and as a preview'}
    ${'php'}       | ${'php=8.3.0:all'}        | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:yanked 8.4.0'}  | ${'php=8.4.0'} | ${'unless it was yanked'}
    ${'php'}       | ${'php=8.1.0:none'}       | ${'php=8.2.0'} | ${'php 8.1.0 8.2.0'}               | ${'php=8.1.0'} | ${'none with a version goes down, too'}
    ${'php^9'}     | ${'php:none'}             | ${'php=8.2.0'} | ${'php 8.2.0 9.0.0 9.1.0'}         | ${'php=9.1.0'} | ${'moves where the release demands it'}
    ${'php^9'}     | ${''}                     | ${'php=8.2.0'} | ${'php 9.0.0'}                     | ${'php=9.0.0'} | ${'moves though it is not published any more'}
    ${'php<8'}     | ${''}                     | ${'php=8.2.0'} | ${'php 7.4.0 8.2.0'}               | ${'php=7.4.0'} | ${'goes down only where the release demands it'}
    ${'php<8.3.0'} | ${'php=8.1.0:all'}        | ${'php=8.3.0'} | ${'php 8.1.0 8.2.0 8.3.0'}         | ${'php=8.2.0'} | ${'a floor below it is no goal'}
    ${'php>8.2.0'} | ${'php:patchLevel'}       | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0'}         | ${'php=8.2.7'} | ${'moves to the newest patch under patchLevel'}
    ${'php>8.2.0'} | ${'php:patchLevel'}       | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0'}               | ${'php=8.3.0'} | ${'and further where the release demands it'}
    ${'php>8.3.0'} | ${'php=8.3.0:patchLevel'} | ${'php=8.2.0'} | ${'php 8.3.0 8.3.7 9.0.0'}         | ${'php=8.3.7'} | ${'stays near the floor that is out of range'}
  `('$needs, $asks, $stable of $has: $result ($why)', ({ needs, asks, stable, has, result }) => {
    expect(chosen({ needs, asks, stable, has })).toBe(result);
  });
});

describe('an update', () => {
  it.each`
    asks                      | stable         | has                                | result         | why
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0 8.4.0'}   | ${'php=8.4.0'} | ${'all goes to the newest'}
    ${'php:patchLevel'}       | ${'php=8.2.0'} | ${'php 8.2.0 8.2.6 8.2.7 8.3.0'}   | ${'php=8.2.7'} | ${'patchLevel to the newest patch'}
    ${'php:none'}             | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0'}         | ${'php=8.2.0'} | ${'none stays'}
    ${'php=8.2.0:none'}       | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0'}         | ${'php=8.2.0'} | ${'none stays on what is named'}
    ${'php=8.2.0:patchLevel'} | ${'php=8.2.3'} | ${'php 8.2.0 8.2.3 8.2.7 8.3.0'}   | ${'php=8.2.7'} | ${'measured from what is stable'}
    ${'php:patchLevel'}       | ${'php=8.2.7'} | ${'php 8.2.0 8.2.7 8.3.0'}         | ${'php=8.2.7'} | ${'there is no newer patch'}
    ${'php:all'}              | ${'php=8.4.0'} | ${'php 8.2.0 8.3.0'}               | ${'php=8.4.0'} | ${'never goes down'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 9.0.0'}               | ${'php=8.2.0'} | ${'not out of the range of the release'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:yanked'}        | ${'php=8.2.0'} | ${'not to a yanked one'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:preview'}       | ${'php=8.2.0'} | ${'not to a preview'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0-rc.1'}          | ${'php=8.2.0'} | ${'not to a prerelease'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:deprecated'}    | ${'php=8.2.0'} | ${'not to a deprecated one'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:expired'}       | ${'php=8.2.0'} | ${'not to an expired one'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0:foreign'}       | ${'php=8.2.0'} | ${'not to an image that is not allowed'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0:yanked 8.2.7'}        | ${'php=8.2.7'} | ${'away from a yanked one'}
    ${'php:patchLevel'}       | ${'php=8.2.0'} | ${'php 8.2.0:yanked 8.3.0'}        | ${'php=8.2.0'} | ${'but not beyond its policy'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.3.0'}                     | ${'php=8.3.0'} | ${'away from what is not published any more'}
    ${'php:all'}              | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0(icu^70)'} | ${'php=8.2.7'} | ${'as far as its own needs are met'}
    ${'php:patchLevel'}       | ${'php=0.2.0'} | ${'php 0.2.0 0.2.1 0.3.0'}         | ${'php=0.2.1'} | ${'a patch of 0.x'}
    ${'php:patchLevel'}       | ${'php=0.0.1'} | ${'php 0.0.1 0.0.2'}               | ${'php=0.0.1'} | ${'of 0.0.x nothing is a patch'}
  `('$asks from $stable of $has: $result ($why)', ({ asks, stable, has, result }) => {
    expect(chosen({ needs: 'php<9.0.0', asks, stable, has, movement: 'update' })).toBe(result);
  });

  it('leaves alone what failed, until something newer is there', () => {
    const before = {
      needs: 'php',
      asks: 'php:all',
      stable: 'php=8.2.0',
      avoided: 'php=8.2.7',
      movement: 'update',
    } as const;

    expect(chosen({ ...before, has: 'php 8.2.0 8.2.7' })).toBe('php=8.2.0');
    expect(chosen({ ...before, has: 'php 8.2.0 8.2.7 8.3.0' })).toBe('php=8.3.0');
  });

  it('moves nothing else beyond its policy, and nothing down', () => {
    const stable = 'node=22.0.0 php=8.3.0';
    const update = (has: string, asks = '') => chosen({ needs: 'node php', stable, has, asks, movement: 'update' });

    expect(update('node 22.0.0 22.1.0(php<8.3.0); php 8.2.0 8.3.0')).toBe(stable);
    expect(update('node 22.0.0 22.1.0(php^8.4); php 8.3.0 8.4.0', 'php:none')).toBe(stable);
    expect(update('node 22.0.0 22.1.0(php^8.4); php 8.3.0 8.4.0', 'php:all')).toBe('node=22.1.0 php=8.4.0');
  });

  it('brings what the newer version needs, and drops what nothing needs any more', () => {
    const update = { needs: 'php', stable: 'icu=70.0.0 php=8.2.0', movement: 'update' } as const;

    expect(chosen({ ...update, has: 'php 8.2.0(icu) 8.3.0(zlib); icu 70.0.0; zlib 1.2.0 1.3.0' })).toBe(
      'php=8.3.0 zlib=1.3.0',
    );
  });
});

describe('what failed', () => {
  it.each`
    needs          | asks                | stable         | has                        | result         | why
    ${'php>8.2.0'} | ${''}               | ${'php=8.2.0'} | ${'php 8.2.0 8.2.7 8.3.0'} | ${'php=8.2.7'} | ${'comes last where the release demands a move'}
    ${'php>8.2.0'} | ${''}               | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0'}       | ${'php=8.3.0'} | ${'and is taken where nothing else is there'}
    ${'php'}       | ${'php=8.3.0:all'}  | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0 8.4.0'} | ${'php=8.3.0'} | ${'and where it is named'}
    ${'php'}       | ${'php=8.3.0:none'} | ${'php=8.2.0'} | ${'php 8.2.0 8.3.0'}       | ${'php=8.3.0'} | ${'and where it is the only one named'}
  `('$needs, $asks, $stable of $has without 8.3.0: $result ($why)', ({ needs, asks, stable, has, result }) => {
    expect(chosen({ needs, asks, stable, has, avoided: 'php=8.3.0' })).toBe(result);
  });
});

describe('the policy that is inherited', () => {
  it.each`
    upgradePolicy | level        | updatePolicy    | policy
    ${'manual'}   | ${undefined} | ${undefined}    | ${'none'}
    ${'manual'}   | ${'patch'}   | ${'inherit'}    | ${'none'}
    ${'manual'}   | ${'major'}   | ${'all'}        | ${'all'}
    ${'manual'}   | ${undefined} | ${'patchLevel'} | ${'patchLevel'}
    ${'auto'}     | ${undefined} | ${undefined}    | ${'all'}
    ${'auto'}     | ${'minor'}   | ${'inherit'}    | ${'all'}
    ${'auto'}     | ${'patch'}   | ${'inherit'}    | ${'patchLevel'}
    ${'auto'}     | ${'patch'}   | ${'all'}        | ${'all'}
    ${'auto'}     | ${'patch'}   | ${'none'}       | ${'none'}
  `('$upgradePolicy, level $level, $updatePolicy: $policy', ({ upgradePolicy, level, updatePolicy, policy }) => {
    const systemSoftware = updatePolicy === undefined ? [] : [{ name: 'php', updatePolicy }];
    const spec = { upgradePolicy, systemSoftware, ...(level && { upgrade: { level } }) };

    const finder = softwareFinder(inputFor({ has: 'php 8.2.0', spec }));
    const needsPhp = release('2.0.0', { systemSoftwareDependencies: needed('php') });
    expect(finder.describe(needsPhp, parseSoftware('php=8.2.0'))).toMatchObject([{ policy }]);
  });

  it('reads a version without a policy as exactly it under manual, and as the floor under auto', () => {
    const example = { needs: 'php', asks: 'php=8.2.0', has: 'php 8.2.0 8.3.0' };

    expect(chosen({ ...example, spec: { upgradePolicy: 'manual' } })).toBe('php=8.2.0');
    expect(chosen({ ...example, spec: { upgradePolicy: 'auto' } })).toBe('php=8.3.0');
  });
});

describe('what is needed', () => {
  it.each`
    needs            | asks                 | stable                    | has                                                                           | result                                | why
    ${''}            | ${''}                | ${'php=8.2.0'}            | ${'php 8.2.0'}                                                                | ${undefined}                          | ${'nothing, whatever was there'}
    ${''}            | ${'imagemagick'}     | ${''}                     | ${'imagemagick 7.1.0; php 8.2.0'}                                             | ${'imagemagick=7.1.0'}                | ${'only the tenant asks'}
    ${'php'}         | ${'imagemagick'}     | ${''}                     | ${'imagemagick 7.1.0; php 8.2.0'}                                             | ${'imagemagick=7.1.0 php=8.2.0'}      | ${'both ask'}
    ${'php'}         | ${''}                | ${''}                     | ${'php 8.2.0(icu); icu 70.0.0(zlib); zlib 1.3.0; node 22.0.0'}                | ${'icu=70.0.0 php=8.2.0 zlib=1.3.0'}  | ${'what it needs in turn'}
    ${'node php'}    | ${''}                | ${''}                     | ${'node 22.0.0(icu<71); php 8.2.0(icu>=70); icu 69.0.0 70.0.0 71.0.0'}        | ${'icu=70.0.0 node=22.0.0 php=8.2.0'} | ${'one that does for both'}
    ${'node php'}    | ${''}                | ${''}                     | ${'node 22.0.0(icu^70) 23.0.0(icu^71); php 8.2.0(icu^70); icu 70.0.0 71.0.0'} | ${'icu=70.0.0 node=22.0.0 php=8.2.0'} | ${'an older one where the newest cannot go with the rest'}
    ${'node php'}    | ${''}                | ${''}                     | ${'node 22.0.0(php^8.2.0); php 8.2.0 9.0.0'}                                  | ${'node=22.0.0 php=8.2.0'}            | ${'by name, then what is left to choose'}
    ${'icu php'}     | ${''}                | ${''}                     | ${'icu 70.0.0 71.0.0; php 8.2.0(icu^70)'}                                     | ${'icu=70.0.0 php=8.2.0'}             | ${'going back on what was chosen first'}
    ${'php'}         | ${''}                | ${''}                     | ${'php 8.2.0 8.3.0(icu)'}                                                     | ${'php=8.2.0'}                        | ${'an older one where the newest needs what nobody published'}
    ${'php'}         | ${''}                | ${''}                     | ${'php 8.2.0(node); node 22.0.0(php)'}                                        | ${'node=22.0.0 php=8.2.0'}            | ${'each needs the other'}
    ${'php'}         | ${''}                | ${''}                     | ${'php 8.2.0(php) 8.3.0(php^9)'}                                              | ${'php=8.2.0'}                        | ${'one that contradicts itself is none'}
    ${'php'}         | ${'icu=70.0.0:none'} | ${''}                     | ${'php 8.2.0(icu^70) 8.3.0(icu^71); icu 70.0.0 71.0.0'}                       | ${'icu=70.0.0 php=8.2.0'}             | ${'what the tenant names decides'}
    ${'icu php^8.3'} | ${''}                | ${'icu=70.0.0 php=8.2.0'} | ${'php 8.2.0(icu^70) 8.3.0(icu^71); icu 70.0.0 71.0.0 72.0.0'}                | ${'icu=71.0.0 php=8.3.0'}             | ${'what is stable goes along where the release demands a move'}
    ${'icu php^8.3'} | ${''}                | ${'icu=70.0.0 php=8.2.0'} | ${'php 8.2.0(icu^70) 8.3.0(icu>=70); icu 70.0.0 71.0.0'}                      | ${'icu=70.0.0 php=8.3.0'}             | ${'and stays where it does not'}
    ${'php'}         | ${''}                | ${'icu=70.0.0 php=8.2.0'} | ${'php 8.3.0(icu); icu 70.0.0'}                                               | ${'php=8.2.0'}                        | ${'of what is not published any more nobody knows what it needs'}
  `('$needs, $asks, $stable of $has: $result ($why)', ({ needs, asks, stable, has, result }) => {
    expect(chosen({ needs, asks, stable, has })).toBe(result);
  });

  it('finds its way through what is long and contradicts itself', () => {
    const versions = Array.from({ length: 100 }, (_, i) => `1.${i}.0${i > 0 ? '(icu^2)' : ''}`).join(' ');
    const old = Array.from({ length: 100 }, (_, i) => `1.${i}.0`).join(' ');

    expect(chosen({ needs: 'app icu^1', has: `app ${versions}; icu ${old}` })).toBe('app=1.0.0 icu=1.99.0');
  });
});

describe('what is known of a set', () => {
  const example = {
    needs: 'php^8',
    asks: 'zlib',
    has: 'icu 70.0.0 71.0.0; php 8.2.0(icu) 9.0.0; zlib 1.3.0 1.4.0-rc.1(icu)',
  };
  const release2 = release('2.0.0', { systemSoftwareDependencies: needed(example.needs) });
  const describeSet = (set: string, more: Partial<Case> = {}) =>
    softwareFinder(inputFor({ ...example, ...more })).describe(release2, parseSoftware(set));

  it('who needs it, and which policy moves it, sorted by name', () => {
    expect(describeSet('zlib=1.3.0 php=8.2.0 icu=70.0.0', { spec: { upgradePolicy: 'manual' } })).toMatchObject([
      { name: 'icu', policy: 'none', requiredBy: ['php 8.2.0'] },
      { name: 'php', policy: 'none', requiredBy: ['acme/web 2.0.0'] },
      { name: 'zlib', policy: 'none', requiredBy: [] },
    ]);
  });

  it.each`
    set                       | outdated   | why
    ${'icu=70.0.0 php=8.2.0'} | ${['icu']} | ${'a newer one is in range, whatever the policy'}
    ${'icu=71.0.0 php=8.2.0'} | ${[]}      | ${'a newer one is not in range'}
    ${'zlib=1.3.0'}           | ${[]}      | ${'a newer one is a prerelease'}
    ${'gone=1.0.0'}           | ${[]}      | ${'nothing is published'}
  `('$outdated of $set could be newer: $why', ({ set, outdated }) => {
    expect(
      describeSet(set, { asks: 'icu:none' })
        .filter((u) => u.isOutdated)
        .map((u) => u.name),
    ).toEqual(outdated);
  });

  it('says the same of a set, in whatever order it comes', () => {
    const needs = { needs: 'php', asks: '', has: 'php 8.2.0(bzip,icu); bzip 1.0.0; icu 70.0.0(bzip)' };
    const known = describeSet('php=8.2.0 icu=70.0.0 bzip=1.0.0', needs);

    expect(known.map(({ name, requiredBy }) => [name, requiredBy])).toEqual([
      ['bzip', ['icu 70.0.0', 'php 8.2.0']],
      ['icu', ['php 8.2.0']],
      ['php', ['acme/web 2.0.0']],
    ]);
  });

  it('keeps what nobody knows any more', () => {
    const set = softwareFinder(inputFor(example)).keep(parseSoftware('php=7.4.0'));
    expect(set.uses).toEqual([{ name: 'php', version: '7.4.0', release: undefined }]);
    expect(set.obstacle).toMatchObject({ reason: 'SoftwareNotFound' });
  });
});

it('looks for each answer once', () => {
  const systemSoftwareDependencies = needed('php');
  const finder = softwareFinder(inputFor({ has: 'php 8.2.0' }));
  const [one, two] = [
    release('1.0.0', { systemSoftwareDependencies }),
    release('2.0.0', { systemSoftwareDependencies }),
  ];

  expect(finder.resolve(one)).toBe(finder.resolve(one));
  expect(finder.resolve(two)).not.toBe(finder.resolve(one));
});
