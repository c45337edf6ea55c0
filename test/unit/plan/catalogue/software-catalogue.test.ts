import { describe, expect, it } from 'vitest';
import type { SoftwareRelease, SoftwareSpec } from '../../../../src/api/software.ts';
import { isForAll } from '../../../../src/plan/catalogue/catalogue.ts';
import { readSoftware } from '../../../../src/plan/catalogue/software-catalogue.ts';
import { formatSoftware, inWords, isSameSet, movedSince, parseSoftware } from '../../../../src/plan/software/set.ts';
import { config, software } from '../../../support/builders.ts';

describe('what is published', () => {
  it('is read newest first', () => {
    const { releases } = software('php', '8.2.0', '8.10.0', '8.3.0-rc.1', '8.3.0');

    expect(releases.map((r) => r.version)).toEqual(['8.10.0', '8.3.0', '8.3.0-rc.1', '8.2.0']);
  });

  it('is empty where nothing is', () => {
    expect(readSoftware('php', {}, config)).toEqual({
      name: 'php',
      prereleasesAreReleases: false,
      releases: [],
      invalid: [],
    });
  });

  it.each<[string, object, string]>([
    [
      'v8.3.0',
      { version: 'v8.3.0' },
      'version: Must be one exact version such as 1.4.2 or 2.0.0-rc.1: no leading v, no range, no build metadata',
    ],
    [
      '8.3.0',
      { version: '8.3.0', provides: { image: 'x' } },
      'provides: Must have all of image, path and mountPath, or none of them',
    ],
    [
      '8.3.0',
      { version: '8.3.0', provides: { image: 'x', path: '/../x', mountPath: '/x' } },
      'provides.path: Must be an absolute path such as /opt/php, without a / at the end',
    ],
    [
      '8.3.0',
      { version: '8.3.0', provides: { image: 'x', path: '/x', mountPath: '/' } },
      'provides.mountPath: Must be an absolute path such as /opt/php, without a / at the end',
    ],
    [
      '8.3.0',
      { version: '8.3.0', dependencies: [{ name: 'icu', range: 'new' }] },
      'dependencies.0.range: Must be an npm-semver range such as ">=1.2.0 <2.0.0"',
    ],
    [
      '8.3.0',
      { version: '8.3.0', dependencies: [{ name: 'Icu', range: '*' }] },
      'dependencies.0.name: Must be a DNS label of at most 31 characters such as acme, without --',
    ],
  ])('sets %s aside with its reason: %j', (version, published, reason) => {
    const spec = { versions: [{ version: '8.2.0' }, published] } as SoftwareSpec;

    expect(readSoftware('php', spec, config)).toEqual({
      name: 'php',
      prereleasesAreReleases: false,
      releases: [{ version: '8.2.0' }],
      invalid: [{ version, reason }],
    });
  });

  it('survives what is no version at all', () => {
    const spec = { versions: [{ version: 8 }, {}, { version: '8.2.0' }] } as unknown as SoftwareSpec;

    const { releases, invalid } = readSoftware('php', spec, config);

    expect(releases).toHaveLength(1);
    expect(invalid.map((r) => r.version)).toEqual(['', '']);
  });

  it.each<[string | undefined, string, readonly (SoftwareRelease | string)[]]>([
    ['8.3.0', 'the highest', ['8.2.0', '8.3.0']],
    ['8.2.0', 'that was not yanked', ['8.2.0', { version: '8.3.0', lifecycle: { stage: 'yanked' } }]],
    ['8.2.0', 'that is no preview', ['8.2.0', { version: '8.3.0', lifecycle: { stage: 'preview' } }]],
    ['8.2.0', 'that is no prerelease', ['8.2.0', '8.3.0-rc.1']],
    ['8.3.0', 'deprecated or not', ['8.2.0', { version: '8.3.0', lifecycle: { stage: 'deprecated' } }]],
    [undefined, 'where there is one', ['8.3.0-rc.1']],
  ])('has %s for its latest: %s', (latest, _, versions) => {
    expect(software('php', ...versions).releases.find((r) => isForAll(r))?.version).toBe(latest);
  });
});

describe('a set as the annotation of the pods has it', () => {
  it('is sorted by name, and comes back the same', () => {
    const set = new Map([
      ['php8', '8.3.12'],
      ['php', '8.2.0'],
      ['php-fpm', '8.3.0-rc.1'],
    ]);

    expect(formatSoftware(set)).toBe('php=8.2.0 php-fpm=8.3.0-rc.1 php8=8.3.12');
    expect(isSameSet(parseSoftware(formatSoftware(set)), set)).toBe(true);
  });

  it('is absent for none', () => {
    expect(formatSoftware(new Map())).toBeUndefined();
    expect(parseSoftware(undefined).size).toBe(0);
  });

  it.each(['php', 'php=', '=8.3.0', 'php=8', 'php=v8.3.0', 'php=>8.0.0', '', '  '])('leaves out %j', (text) => {
    expect([...parseSoftware(`${text} node=22.0.0`)]).toEqual([['node', '22.0.0']]);
  });

  it('tells what moved', () => {
    const moved = movedSince(
      parseSoftware('icu=70.0.0 node=22.0.0 php=8.2.0'),
      parseSoftware('node=22.0.0 php=8.3.0 zlib=1.3.0'),
    );

    expect(inWords(moved)).toBe('php 8.3.0 and zlib 1.3.0');
  });

  it('differs by a version, by what came and by what went', () => {
    const set = parseSoftware('node=22.0.0 php=8.2.0');

    expect(
      ['node=22.0.0 php=8.2.1', 'node=22.0.0 php=8.2.0 zlib=1.3.0', 'php=8.2.0', ''].map((other) =>
        isSameSet(set, parseSoftware(other)),
      ),
    ).toEqual([false, false, false, false]);
    expect(isSameSet(set, parseSoftware('php=8.2.0 node=22.0.0'))).toBe(true);
  });
});
