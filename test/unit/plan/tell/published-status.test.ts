import { describe, expect, it } from 'vitest';
import type { Release } from '../../../../src/api/provider.ts';
import type { SoftwareCatalogue } from '../../../../src/plan/catalogue/software-catalogue.ts';
import { providerStatus } from '../../../../src/plan/tell/provider-status.ts';
import { softwareStatus } from '../../../../src/plan/tell/software-status.ts';
import { catalogue, release, shelf, software, softwareRelease } from '../../../support/builders.ts';
import { expectKstatus } from '../../../support/kstatus.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const GENERATION = 3;

function seen<C>(catalogue: C, invalid?: string) {
  return { generation: GENERATION, invalid, catalogue, status: {} };
}

const badRange = [{ name: 'node', range: 'new' }];
const badly = 'dependencies.0.range: Must be an npm-semver range such as ">=1.2.0 <2.0.0"';

it.each([
  [
    'a Provider',
    providerStatus(seen(catalogue('1.0.0', release('2.0.0', { lifecycle: { stage: 'preview' } }))), shelf(), NOW),
    'Every release can be installed',
  ],
  [
    'a SystemSoftware',
    softwareStatus(
      seen(software('php', '1.0.0', softwareRelease('php', '2.0.0', { lifecycle: { stage: 'preview' } }))),
      shelf(),
      NOW,
    ),
    'Every version can be used',
  ],
])('%s says what is the latest for everybody, and that all is well', (_, status, message) => {
  expect(status).toMatchObject({ observedGeneration: GENERATION, latestVersion: '1.0.0', publishedVersions: 2 });
  expect(status.invalidVersions).toBeUndefined();
  expect(status.conditions).toMatchObject([{ type: 'Ready', status: 'True', reason: 'Published', message }]);
  expectKstatus(status, GENERATION);
});

it.each([
  [
    'a Provider',
    providerStatus(seen(catalogue('1.0.0', release('1.1.0', { image: '' }))), shelf(), NOW),
    'InvalidReleases',
    'Correct release 1.1.0, the valid ones can be installed: image: ',
  ],
  [
    'a SystemSoftware',
    softwareStatus(
      seen(software('php', '1.0.0', softwareRelease('php', '1.1.0', { dependencies: badRange }))),
      shelf(),
      NOW,
    ),
    'InvalidVersions',
    `Correct version 1.1.0, the valid ones can be used: ${badly}`,
  ],
  [
    'a Provider with nothing to install',
    providerStatus(seen(catalogue(), 'org: Invalid input'), shelf(), NOW),
    'InvalidSpec',
    'Correct the spec: org: Invalid input',
  ],
  [
    'a SystemSoftware with nothing to use',
    softwareStatus(seen(software('php'), 'tags: Invalid input'), shelf(), NOW),
    'InvalidSpec',
    'Correct the spec: tags: Invalid input',
  ],
])('%s says what to correct', (_, status, reason, message) => {
  const said = { reason, message: expect.stringContaining(message) };
  expect(status.conditions).toMatchObject([
    { type: 'Ready', status: 'False', ...said },
    { type: 'Stalled', status: 'True', ...said },
  ]);
  expectKstatus(status, GENERATION);
});

/** Valid versions that are not simply there for all. Each comes with its publisher's surprise elsewhere. */
describe('says of valid versions', () => {
  const yanked = { lifecycle: { stage: 'yanked' } } as const;
  const needs = (name: string, range: string) => ({ systemSoftwareDependencies: [{ name, range }] });
  const published = shelf(software('php', '8.2.0'), software('redis', softwareRelease('redis', '7.0.0', yanked)));
  const PINNED = ', which may change unseen: name one tag or digest for it';
  const NUMBER = ' counts as a prerelease: automation takes it only where upgrade.prereleases is true';

  it.each<[what: string, releases: readonly Release[], message: string]>([
    ['that one is yanked', [release('1.1.0', yanked)], ', except 1.1.0 (yanked)'],
    ['that some are', [release('1.1.0', yanked), release('1.2.0', yanked)], ', except 1.2.0 and 1 more (yanked)'],
    ['nothing of software that is there', [release('1.1.0', needs('php', '>=8 <9'))], ''],
    [
      'that nobody publishes the software that it needs',
      [release('1.1.0', needs('mysql', '*'))],
      ', except 1.1.0 (needs "mysql" in "*", which nobody publishes)',
    ],
    [
      'that nobody publishes it in such a version',
      [release('1.1.0', needs('php', '>=9'))],
      ', except 1.1.0 (needs "php" in ">=9", which nobody publishes)',
    ],
    [
      'that what it needs is yanked',
      [release('1.1.0', needs('redis', '*'))],
      ', except 1.1.0 (needs "redis" in "*", which nobody publishes)',
    ],
    [
      'both',
      [release('1.1.0', yanked), release('1.2.0', needs('mysql', '*'))],
      ', except 1.1.0 (yanked) and 1.2.0 (needs "mysql" in "*", which nobody publishes)',
    ],
    // coreruleset/modsecurity-crs-docker#87, distribution/distribution-library-image#195
    [
      'that an image has no tag',
      [release('1.1.0', { image: 'a/web' })],
      `; 1.1.0 names an image without a tag of its own${PINNED}`,
    ],
    [
      'that a tag is latest',
      [release('1.1.0', { image: 'a.example.com:5000/web:latest' })],
      `; 1.1.0 names an image without a tag of its own${PINNED}`,
    ],
    [
      'that a port is no tag',
      [release('1.1.0', { image: 'localhost:5000/web' })],
      `; 1.1.0 names an image without a tag of its own${PINNED}`,
    ],
    ['nothing of a digest', [release('1.1.0', { image: `a/web@sha256:${'0'.repeat(64)}` })], ''],
    ['nothing of a tag that only begins with latest', [release('1.1.0', { image: 'a/web:latest-7' })], ''],
    // fluxcd/flux2#1298 and #4990
    ['that a number of a build makes a prerelease', [release('7.1.1-38')], `; 7.1.1-38${NUMBER}`],
    [
      'the same of several',
      [release('7.1.1-38'), release('7.1.1-39.1')],
      `; 7.1.1-39.1 and 1 more${NUMBER.replace('counts', 'count')}`,
    ],
    ['nothing of a release candidate', [release('2.0.0-rc.1')], ''],
  ])('%s', (_, releases, message) => {
    const { conditions } = providerStatus(seen(catalogue('1.0.0', ...releases)), published, NOW);
    expect(conditions).toMatchObject([{ status: 'True', reason: 'Published' }]);
    expect(conditions?.[0]?.message).toBe(`Every release can be installed${message}`);
  });

  it.each<[what: string, catalogue: SoftwareCatalogue, message: string]>([
    [
      'that a version of software needs what nobody publishes',
      software('php', softwareRelease('php', '8.3.0', { dependencies: [{ name: 'ssl', range: '*' }] })),
      ', except 8.3.0 (needs "ssl" in "*", which nobody publishes)',
    ],
    [
      'that it has a number of a build',
      software('mysql', '8.0.1-3'),
      '; 8.0.1-3 counts as a prerelease: only who names it gets it, unless prereleasesAreReleases is true',
    ],
    ['nothing where such numbers are releases', { ...software('mysql', '8.0.1-3'), prereleasesAreReleases: true }, ''],
  ])('%s', (_, shown, message) => {
    const { conditions } = softwareStatus(seen(shown), published, NOW);
    expect(conditions?.[0]?.message).toBe(`Every version can be used${message}`);
  });
});
