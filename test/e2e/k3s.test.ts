import { expect, inject, it, vi } from 'vitest';
import { startK3s } from '../control-plane/k3s.ts';
import { engineHost } from '../node/engine.ts';

it('K3s is missed in words where the engine does not have its image', async () => {
  vi.stubEnv('DOCKER_HOST', engineHost(inject('node').directory));
  // This engine has no bridge whose address testcontainers could ask for.
  vi.stubEnv('TESTCONTAINERS_HOST_OVERRIDE', '127.0.0.1');

  expect(await startK3s(() => {})).toMatch(
    /^the container engine does not have the image "rancher\/k3s:v1\.\d+\.\d+-k3s1"/,
  );
});
