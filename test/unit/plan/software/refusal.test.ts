import { describe, expect, it } from 'vitest';
import { clashOf } from '../../../../src/plan/software/clash.ts';
import { tooManyWays } from '../../../../src/plan/software/refusal.ts';
import { release, softwareRelease } from '../../../support/builders.ts';
import { chosen, resolve, type Case } from './examples.ts';

describe('a refusal says what to do, and names both sides', () => {
  it.each<[string, Case, string]>([
    [
      'nobody published it',
      { needs: 'php^8', has: '' },
      'SoftwareNotFound: Publish SystemSoftware "php": acme/web 2.0.0 needs "^8"',
    ],
    [
      'nobody published what only the tenant asks for',
      { asks: 'imagemagick', has: '' },
      'SoftwareNotFound: Publish SystemSoftware "imagemagick", or remove it from systemSoftware',
    ],
    [
      'nobody published what something else needs',
      { needs: 'php', has: 'php 8.2.0(icu^70)' },
      'SoftwareNotFound: Publish SystemSoftware "icu": php 8.2.0 needs "^70"',
    ],
    [
      'nothing is in it',
      { asks: 'php', has: 'php' },
      'SoftwareConflict: Publish a version of system software "php", or remove it from systemSoftware: none is offered',
    ],
    [
      'no version is in range',
      { needs: 'php>=9.0.0', has: 'php 8.2.0 8.3.0' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: acme/web 2.0.0 needs ">=9.0.0"',
    ],
    [
      'only a preview is in range',
      { needs: 'php>=9.0.0', has: 'php 8.2.0 9.0.0:preview' },
      'SoftwareConflict: Set version 9.0.0 of system software "php" to take a preview: acme/web 2.0.0 needs ">=9.0.0"',
    ],
    [
      'only a prerelease is there',
      { asks: 'php', has: 'php 9.0.0-rc.1' },
      'SoftwareConflict: Set version 9.0.0-rc.1 of system software "php" to take a preview: nothing else is published',
    ],
    [
      'all in range were yanked',
      { needs: 'php>=9.0.0', has: 'php 8.2.0 9.0.0:yanked' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: acme/web 2.0.0 needs ">=9.0.0"',
    ],
    [
      'the image is not allowed',
      { needs: 'php>=9.0.0', has: 'php 8.2.0 9.0.0:foreign' },
      'ImageNotAllowed: Ask the platform team to allow image "elsewhere.example.com/php:1" of system software "php" in allowedImagePrefixes',
    ],
    [
      'an image is not allowed that would not do',
      { needs: 'php>=9.0.0', has: 'php 8.2.0:foreign' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: acme/web 2.0.0 needs ">=9.0.0"',
    ],
    [
      'named, and not in range',
      { needs: 'php^8.2', asks: 'php=8.1.0:none', has: 'php 8.1.0 8.2.0 8.3.0' },
      'SoftwareConflict: Set another version of system software "php", such as 8.3.0, 8.2.0: systemSoftware asks for version 8.1.0, and acme/web 2.0.0 needs "^8.2"',
    ],
    [
      'a floor, and not in range',
      { needs: 'php<8.3.0', asks: 'php=8.3.0:all', has: 'php 8.2.0 8.3.0 8.4.0' },
      'SoftwareConflict: Set another version of system software "php", such as 8.2.0: systemSoftware asks for 8.3.0 or newer, and acme/web 2.0.0 needs "<8.3.0"',
    ],
    [
      'named, and nothing is in range',
      { needs: 'php^9', asks: 'php=8.1.0:none', has: 'php 8.1.0 8.2.0' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: systemSoftware asks for version 8.1.0, and acme/web 2.0.0 needs "^9"',
    ],
    [
      'named, and only a deprecated one would do',
      { needs: 'php^8', asks: 'php=9.0.0:none', has: 'php 8.2.0:deprecated 9.0.0' },
      'SoftwareConflict: Set another version of system software "php", such as 8.2.0: systemSoftware asks for version 9.0.0, and acme/web 2.0.0 needs "^8"',
    ],
    [
      'named and runs, and not in range',
      { needs: 'php^9', asks: 'php=8.1.0:none', stable: 'php=8.1.0', has: 'php 9.0.0' },
      'SoftwareConflict: Set another version of system software "php", such as 9.0.0: systemSoftware asks for version 8.1.0, and acme/web 2.0.0 needs "^9"',
    ],
    [
      'named, and nobody published it',
      { needs: 'php^8', asks: 'php=8.2.1:none', has: 'php 8.1.0 8.2.0 8.3.0 8.4.0 9.0.0' },
      'SoftwareNotFound: Set a published version of system software "php" instead of 8.2.1, such as 8.4.0, 8.3.0, 8.2.0',
    ],
    [
      'named, and nobody published anything',
      { asks: 'php=8.2.1:none', has: 'php' },
      'SoftwareNotFound: Publish version 8.2.1 of system software "php", or set another one: systemSoftware asks for it',
    ],
    [
      'a floor above everything',
      { needs: 'php', asks: 'php=9.0.0:all', has: 'php 8.2.0 8.3.0' },
      'SoftwareNotFound: Set a published version of system software "php" instead of 9.0.0, such as 8.3.0, 8.2.0',
    ],
    [
      'a floor that nobody published, and what is above it is not in range',
      { needs: 'php^9', asks: 'php=8.1.5:all', has: 'php 8.2.0' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: systemSoftware asks for 8.1.5 or newer, and acme/web 2.0.0 needs "^9"',
    ],
    [
      'named and yanked',
      { needs: 'php', asks: 'php=8.2.0:none', has: 'php 8.1.0 8.2.0:yanked' },
      'SoftwareConflict: Set another version of system software "php" than 8.2.0, such as 8.1.0: it was yanked',
    ],
    [
      'named and invalid',
      { needs: 'php', asks: 'php=8.2.0:none', has: 'php 8.1.0 8.2.0:invalid' },
      'SoftwareConflict: Set another version of system software "php" than 8.2.0, such as 8.1.0: it cannot be used, provides: Must have all of image, path and mountPath, or none of them',
    ],
    [
      'named, and the image is not allowed',
      { needs: 'php', asks: 'php=8.2.0:none', has: 'php 8.1.0 8.2.0:foreign' },
      'ImageNotAllowed: Ask the platform team to allow image "elsewhere.example.com/php:1" of system software "php" in allowedImagePrefixes',
    ],
    [
      'two need different ones',
      { needs: 'node php', has: 'node 22.0.0(icu^70); php 8.2.0(icu^71); icu 70.0.0 71.0.0' },
      'SoftwareConflict: Publish a version of system software "icu" that all can run with: node 22.0.0 needs "^70", php 8.2.0 needs "^71"',
    ],
    [
      'the release and what it needs',
      { needs: 'icu^70 php', has: 'icu 70.0.0 71.0.0; php 8.2.0(icu^71)' },
      'SoftwareConflict: Publish a version of system software "icu" that all can run with: acme/web 2.0.0 needs "^70", php 8.2.0 needs "^71"',
    ],
    [
      'the same, chosen in the other order',
      { needs: 'icu^70 app', has: 'icu 70.0.0 71.0.0; app 8.2.0(icu^71)' },
      'SoftwareConflict: Publish a version of system software "icu" that all can run with: acme/web 2.0.0 needs "^70", app 8.2.0 needs "^71"',
    ],
    [
      'the tenant and what the release needs',
      { needs: 'php', asks: 'icu=70.0.0:none', has: 'icu 70.0.0 71.0.0; php 8.2.0(icu^71)' },
      'SoftwareConflict: Set another version of system software "icu", such as 71.0.0: systemSoftware asks for version 70.0.0, and php 8.2.0 needs "^71"',
    ],
    [
      'one that contradicts itself',
      { needs: 'php', has: 'php 8.2.0(php^9)' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: acme/web 2.0.0 needs "*", php 8.2.0 needs "^9"',
    ],
    [
      'not what was tried on the way',
      { needs: 'icu node php^9', has: 'icu 70.0.0 71.0.0; node 22.0.0(icu^70); php 8.2.0' },
      'SoftwareConflict: Publish a version of system software "php" that all can run with: acme/web 2.0.0 needs "^9"',
    ],
  ])('%s', (_, example, message) => {
    expect(chosen(example)).toBe(message);
  });

  it.each`
    has                    | asks                | patience   | why
    ${''}                  | ${''}               | ${'grace'} | ${'the SystemSoftware may come with the next commit'}
    ${'php 8.2.0'}         | ${'php=8.2.1:none'} | ${'grace'} | ${'and so may the version'}
    ${'php 8.2.0'}         | ${''}               | ${'none'}  | ${'nothing is in range'}
    ${'php 9.0.0:foreign'} | ${''}               | ${'none'}  | ${'the platform team must act'}
    ${'php 9.0.0:yanked'}  | ${'php=9.0.0:none'} | ${'none'}  | ${'a version stays yanked'}
  `('its patience is $patience for $has: $why', ({ has, asks, patience }) => {
    expect(resolve({ needs: 'php^9', asks, has })).toMatchObject({ kind: 'problem', patience });
  });

  it('is one line without a full stop', () => {
    expect(tooManyWays().message).toMatch(/^[A-Z][^\n]*[^.]$/);
  });
});

describe('a place in the pod', () => {
  const at = (name: string, mountPath?: string) => ({
    name,
    version: '1.0.0',
    release: softwareRelease(
      name,
      '1.0.0',
      mountPath === undefined ? { provides: {} } : { provides: { image: 'x', path: '/x', mountPath } },
    ),
    policy: 'none' as const,
    requiredBy: [],
    isOutdated: false,
  });
  const mounting = (mountPath: string, name = 'data') =>
    release('2.0.0', { runtime: { volumes: [{ name, emptyDir: {} }], volumeMounts: [{ name, mountPath }] } });
  const twice = {
    ...mounting('/opt/php'),
    runtime: {
      volumeMounts: [
        { name: 'data', mountPath: '/opt/php' },
        { name: 'data', mountPath: '/opt/php' },
      ],
    },
  };

  it.each([
    ['is free', [at('php', '/opt/php')], mounting('/data'), undefined],
    [
      'is below another one',
      [at('php', '/opt/php')],
      mounting('/opt/php/conf.d'),
      'Set another version of system software "php": its files are to be at "/opt/php", and release 2.0.0 mounts "/opt/php/conf.d"',
    ],
    ['is wanted by nobody', [at('node'), at('php')], mounting('/data'), undefined],
    ['belongs to the release alone', [at('node', '/opt/node')], twice, undefined],
    [
      'belongs to the release',
      [at('php', '/opt/php')],
      mounting('/opt/php'),
      'Set another version of system software "php": its files are to be at "/opt/php", and release 2.0.0 mounts "/opt/php"',
    ],
    [
      'belongs to the release, in other words',
      [at('php', '/opt/php')],
      mounting('/opt//php/'),
      'Set another version of system software "php": its files are to be at "/opt/php", and release 2.0.0 mounts "/opt/php"',
    ],
    [
      'belongs to another software',
      [at('node', '/opt/lang'), at('php', '/opt/lang')],
      release('2.0.0'),
      'Set another version of system software "php": its files are to be at "/opt/lang", and system software "node" mounts "/opt/lang"',
    ],
    [
      'has a name that the release has given away',
      [at('php', '/opt/php')],
      mounting('/data', 'software-php'),
      'Set another version: release 2.0.0 has a volume "software-php", and so has system software "php"',
    ],
    ['has a name that is needed for no files', [at('php')], mounting('/data', 'software-php'), undefined],
  ])('%s', (_, uses, of, message) => {
    expect(clashOf(uses, of)?.message).toBe(message);
  });

  it('is looked at in every answer', () => {
    const example = { needs: 'php', has: 'php 8.2.0; php-fpm 8.2.0' };

    expect(resolve(example)).toMatchObject({ kind: 'resolution' });
    expect(resolve({ ...example, asks: 'same-place', has: 'php 8.2.0:same; same-place 1.0.0:same' })).toMatchObject({
      kind: 'problem',
      reason: 'SoftwareConflict',
    });
  });
});
