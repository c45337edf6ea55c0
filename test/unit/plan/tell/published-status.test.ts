import { expect, it } from 'vitest';
import { providerStatus } from '../../../../src/plan/tell/provider-status.ts';
import { softwareStatus } from '../../../../src/plan/tell/software-status.ts';
import { catalogue, release, software, softwareRelease } from '../../../support/builders.ts';
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
    providerStatus(seen(catalogue('1.0.0', release('2.0.0', { lifecycle: { stage: 'preview' } }))), NOW),
    'Every release can be installed',
  ],
  [
    'a SystemSoftware',
    softwareStatus(
      seen(software('php', '1.0.0', softwareRelease('php', '2.0.0', { lifecycle: { stage: 'yanked' } }))),
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
    providerStatus(seen(catalogue('1.0.0', release('1.1.0', { image: '' }))), NOW),
    'InvalidReleases',
    'Correct release 1.1.0, the valid ones can be installed: image: ',
  ],
  [
    'a SystemSoftware',
    softwareStatus(seen(software('php', '1.0.0', softwareRelease('php', '1.1.0', { dependencies: badRange }))), NOW),
    'InvalidVersions',
    `Correct version 1.1.0, the valid ones can be used: ${badly}`,
  ],
  [
    'a Provider with nothing to install',
    providerStatus(seen(catalogue(), 'org: Invalid input'), NOW),
    'InvalidSpec',
    'Correct the spec: org: Invalid input',
  ],
  [
    'a SystemSoftware with nothing to use',
    softwareStatus(seen(software('php'), 'tags: Invalid input'), NOW),
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
