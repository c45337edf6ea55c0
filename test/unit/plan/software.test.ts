import { describe, expect, it } from 'vitest';
import type { InstallationSpec } from '../../../src/api/installation.ts';
import type { SoftwareRelease, SoftwareWish } from '../../../src/api/software.ts';
import type { Problem } from '../../../src/plan/problem.ts';
import { softwareFinder, type Movement, type Resolution, type SoftwareInput } from '../../../src/plan/software.ts';
import { formatSoftware, parseSoftware } from '../../../src/plan/software-set.ts';
import { config, release, shelf, software, softwareRelease } from '../../support/builders.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z');

const MARKS: Readonly<Record<string, Partial<SoftwareRelease>>> = {
  yanked: { lifecycle: { stage: 'yanked' } },
  preview: { lifecycle: { stage: 'preview' } },
  deprecated: { lifecycle: { stage: 'deprecated' } },
  expired: { lifecycle: { expiresAt: '2026-11-21T00:00:00Z' } },
  supported: { lifecycle: { expiresAt: '2026-11-23T00:00:00Z' } },
  foreign: { provides: { image: 'elsewhere.example.com/php:1', path: '/opt/php', mountPath: '/opt/php' } },
};

/** `'php>=8.2.0 node'`: names with the versions that do. */
function needed(text: string) {
  return words(text).map((word) => {
    const [, name = '', range = ''] = /^([a-z-]+)(.*)$/.exec(word) ?? [];
    return { name, range: range || '*' };
  });
}

/** `'php 8.2.0 8.3.0:yanked(icu^70,node); icu 70.0.0'`: versions with a mark, and with what they need. */
function published(text: string) {
  return shelf(
    ...words(text, ';').map((line) => {
      const [name = '', ...versions] = words(line);
      return software(
        name,
        ...versions.map((word) => {
          const [, version = '', mark = '', needs = ''] = /^([^:(]+):?([a-z]*)(?:\((.*)\))?$/.exec(word) ?? [];
          return softwareRelease(name, version, { dependencies: needed(needs.replaceAll(',', ' ')), ...MARKS[mark] });
        }),
      );
    }),
  );
}

/** `'php=8.3.0:patchLevel icu'`: what a tenant says. */
function asked(text: string): SoftwareWish[] {
  return words(text).map((word) => {
    const [, name = '', version, updatePolicy] = /^([a-z-]+)=?([^:]*):?([a-zA-Z]*)$/.exec(word) ?? [];
    return {
      name,
      ...(version && { version }),
      ...(updatePolicy && { updatePolicy: updatePolicy as NonNullable<SoftwareWish['updatePolicy']> }),
    };
  });
}

function words(text: string, separator = ' '): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

interface Case {
  readonly needs?: string;
  readonly asks?: string;
  readonly stable?: string;
  readonly avoided?: string;
  readonly has: string;
  readonly movement?: Movement;
  readonly spec?: Partial<InstallationSpec>;
}

function inputFor({ asks = '', stable, avoided = '', has, spec }: Case): SoftwareInput {
  return {
    spec: { provider: 'acme/web', upgradePolicy: 'auto', systemSoftware: asked(asks), ...spec },
    shelf: published(has),
    stable: parseSoftware(stable),
    avoided: new Set(words(avoided)),
    config: { ...config, allowedImagePrefixes: ['registry.example.com'] },
    now: NOW,
  };
}

function resolve(example: Case): Resolution | Problem {
  const release2 = release('2.0.0', { systemSoftwareDependencies: needed(example.needs ?? '') });
  return softwareFinder(inputFor(example)).resolve(release2, example.movement);
}

/** What was chosen, as the pods' annotation says it. */
function chosen(example: Case): string | undefined {
  const answer = resolve(example);
  return answer.kind === 'problem' ? `${answer.reason}: ${answer.message}` : formatSoftware(answer.set);
}

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
