import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { K3sContainer } from '@testcontainers/k3s';
import { getContainerRuntimeClient, ImageName } from 'testcontainers';
import type { Say } from './progress.ts';

/** K3s with the same version of Kubernetes as the control plane of Go modules. */
const IMAGE = 'rancher/k3s:v1.36.3-k3s1';

export interface K3s {
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/**
 * Starts K3s in a container if an engine answers on its socket and has the image, since nothing is pulled. Otherwise
 * returns a sentence that says what is missing. https://node.testcontainers.org/modules/k3s/
 */
export async function startK3s(say: Say): Promise<K3s | string> {
  const engine = await getContainerRuntimeClient().catch(() => undefined);
  if (!engine) {
    return `no container engine answers that could run K3s ("${IMAGE}")`;
  }
  if (!(await engine.image.exists(ImageName.fromString(IMAGE)))) {
    return `the container engine does not have the image "${IMAGE}" of K3s`;
  }
  say(`Starting K3s ("${IMAGE}")`);
  const container = await new K3sContainer(IMAGE).start();
  const directory = await mkdtemp(join(tmpdir(), 'provider-operator-k3s-'));
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, container.getKubeConfig(), { mode: 0o600 });
  return {
    kubeconfig,
    async stop() {
      await container.stop();
      await rm(directory, { recursive: true });
    },
  };
}
