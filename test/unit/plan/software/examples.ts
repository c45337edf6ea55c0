/** Examples of system software in a few words, for tables that can be read. */

import type { InstallationSpec } from '../../../../src/api/installation.ts';
import type { SoftwareRelease, SoftwareWish } from '../../../../src/api/software.ts';
import type { Problem } from '../../../../src/api/problem.ts';
import { softwareFinder } from '../../../../src/plan/software/finder.ts';
import type { Movement, Resolution, SoftwareInput } from '../../../../src/plan/software/resolution.ts';
import { formatSoftware, parseSoftware } from '../../../../src/plan/software/set.ts';
import { config, release, shelf, software, softwareRelease } from '../../../support/builders.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z');

const MARKS: Readonly<Record<string, Partial<SoftwareRelease>>> = {
  yanked: { lifecycle: { stage: 'yanked' } },
  preview: { lifecycle: { stage: 'preview' } },
  deprecated: { lifecycle: { stage: 'deprecated' } },
  expired: { lifecycle: { expiresAt: '2026-11-21T00:00:00Z' } },
  supported: { lifecycle: { expiresAt: '2026-11-23T00:00:00Z' } },
  invalid: { provides: { image: 'registry.example.com/software/php:1' } },
  same: { provides: { image: 'registry.example.com/software/any:1', path: '/opt/any', mountPath: '/opt/any' } },
  foreign: { provides: { image: 'elsewhere.example.com/php:1', path: '/opt/php', mountPath: '/opt/php' } },
};

/** Reads `'php>=8.2.0 node'`: names, with the range of versions that satisfy the need. */
export function needed(text: string) {
  return words(text).map((word) => {
    const [, name = '', range = ''] = /^([a-z-]+)(.*)$/.exec(word) ?? [];
    return { name, range: range || '*' };
  });
}

/**
 * Reads `'php 8.2.0 8.3.0:yanked(icu^70,node); icu 70.0.0'`: versions, each with a mark and with its dependencies. With
 * `php+` its prereleases are releases.
 */
function published(text: string) {
  return shelf(
    ...words(text, ';').map((line) => {
      const [named = '', ...versions] = words(line);
      const name = named.replace('+', '');
      const one = software(
        name,
        ...versions.map((word) => {
          const [, version = '', mark = '', needs = ''] = /^([^:(]+):?([a-z]*)(?:\((.*)\))?$/.exec(word) ?? [];
          return softwareRelease(name, version, { dependencies: needed(needs.replaceAll(',', ' ')), ...MARKS[mark] });
        }),
      );
      return { ...one, prereleasesAreReleases: named.endsWith('+') };
    }),
  );
}

/** Reads `'php=8.3.0:patchLevel icu'`: the wishes of a tenant. */
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

export interface Case {
  readonly needs?: string;
  readonly asks?: string;
  readonly stable?: string;
  readonly avoided?: string;
  readonly has: string;
  readonly movement?: Movement;
  readonly spec?: Partial<InstallationSpec>;
}

export function inputFor({ asks = '', stable, avoided = '', has, spec }: Case): SoftwareInput {
  return {
    spec: { provider: 'acme/web', upgradePolicy: 'auto', systemSoftware: asked(asks), ...spec },
    shelf: published(has),
    stable: parseSoftware(stable),
    avoided: new Set(words(avoided)),
    config: { ...config, allowedImagePrefixes: ['registry.example.com'] },
    now: NOW,
  };
}

export function resolve(example: Case): Resolution | Problem {
  const release2 = release('2.0.0', { systemSoftwareDependencies: needed(example.needs ?? '') });
  return softwareFinder(inputFor(example)).resolve(release2, example.movement);
}

/** The chosen versions, as the annotation of the pods says them. */
export function chosen(example: Case): string | undefined {
  const answer = resolve(example);
  return answer.kind === 'problem' ? `${answer.reason}: ${answer.message}` : formatSoftware(answer.set);
}
