import { expect, it } from 'vitest';
import { startK3s } from '../control-plane/k3s.ts';

it('K3s is missed in words where the engine does not have its image', async () => {
  expect(await startK3s(() => {})).toMatch(
    /^the container engine does not have the image "rancher\/k3s:v1\.\d+\.\d+-k3s1"/,
  );
});
