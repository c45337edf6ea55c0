import { expect, it } from 'vitest';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { projectInstallation, projectProvider } from '../../../src/reconcile/project.ts';
import { softwareUsers } from '../../../src/reconcile/software-users.ts';
import { config, release } from '../../support/builders.ts';

function metadata(name: string, namespace?: string) {
  return { name, ...(namespace !== undefined && { namespace }), uid: name, resourceVersion: '1', generation: 1 };
}

function provider(org: string, ...releases: readonly object[]) {
  return projectProvider({ metadata: metadata(`${org}.web`), spec: { org, name: 'web', versions: releases } }, config);
}

function installation(name: string, spec: object, status: InstallationStatus = {}) {
  return projectInstallation({ metadata: metadata(name, 'shop'), spec: { provider: 'plain/web', ...spec }, status });
}

it('are those that ask for some, have some, or whose provider may need some; nobody else', () => {
  const php = { name: 'php', currentVersion: '8.3.12', updatePolicy: 'none', updateAvailable: false } as const;
  const dependencies = { systemSoftwareDependencies: [{ name: 'php', range: '*' }] };
  const providers = [
    provider('plain', release('1.0.0')),
    provider('needs', release('1.0.0'), release('1.1.0', dependencies)),
  ];
  const installations = [
    installation('asks', { systemSoftware: [{ name: 'php' }] }),
    installation('has', {}, { systemSoftware: [php] }),
    installation('may-need', { provider: 'needs/web', version: '1.0.0' }),
    installation('plain', {}),
    installation('asks-no-more', { systemSoftware: [] }, { systemSoftware: [] }),
    installation('orphaned', { provider: 'gone/web' }),
  ];

  expect(softwareUsers({ installations, providers })).toEqual(['shop/asks', 'shop/has', 'shop/may-need']);
});
