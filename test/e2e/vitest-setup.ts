import type { TestProject } from 'vitest/node';
import { buildImage, type BuiltImage } from '../../tools/image.ts';
import { startControlPlane } from '../control-plane/boot.ts';
import { elapsed } from '../control-plane/progress.ts';
import { ensureNodeBinaries } from '../node/binaries.ts';
import { DIRECTORY_VARIABLE, NODE_ADDRESS } from '../node/namespaces.ts';
import { startEngines } from '../node/node.ts';
import { buildProviderImages } from './images.ts';
import { installOperator } from './operator-install.ts';
import { startEmptyRegistry } from './registry.ts';

/** The facts that end-to-end tests have about the node, by `inject('node')`. Plain data. */
export interface TestNode {
  readonly directory: string;
  /** The registry in the names of images. Only images that were loaded into the node can be used. */
  readonly registry: string;
  /** The image of the operator. */
  readonly image: BuiltImage;
}

declare module 'vitest' {
  export interface ProvidedContext {
    node: TestNode;
  }
}

/** vitest's global setup. Builds images, starts a control plane and a real node, and installs the operator there. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = process.env[DIRECTORY_VARIABLE];
  if (directory === undefined) {
    throw new Error('The end-to-end tests need namespaces of their own: npm run e2e');
  }
  const stops: (() => Promise<void>)[] = [];
  async function stop(): Promise<void> {
    for (const stopOne of stops.toReversed()) {
      await stopOne();
    }
  }
  try {
    await start(project, directory, stops);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(project: TestProject, directory: string, stops: (() => Promise<void>)[]): Promise<void> {
  const started = Date.now();
  const say = (line: string): void => void process.stdout.write(`${line} (${elapsed(started)})\n`);

  const registry = await startEmptyRegistry();
  stops.push(registry.close);
  const planeStarts = startControlPlane({ nodes: 0, address: NODE_ADDRESS, say });
  stops.push(async () => (await planeStarts).stop());
  const engines = await startEngines(directory);
  stops.push(engines.stop);

  process.env['DOCKER_HOST'] = engines.env['DOCKER_HOST'];
  const image = await buildImage(`${registry.name}/provider-operator:e2e`, { localBase: true });
  say(`Built ${image.tag}`);
  const others = buildProviderImages(registry.name, engines.env);
  await engines.load([image.tag, ...others]);
  say('The node has the images');

  const plane = await planeStarts;
  await engines.join({ ...plane, binaries: await ensureNodeBinaries(say) });
  say('The node is Ready');
  await installOperator({ directory, kubeconfig: plane.kubeconfig, kubectl: plane.kubectl }, image.tag);
  say('The operator is installed');

  project.provide('node', { directory, registry: registry.name, image });
  project.provide('controlPlane', {
    kubeconfig: plane.kubeconfig,
    operatorKubeconfig: plane.userKubeconfig('provider-operator'),
    kubectl: plane.kubectl,
    auditLog: plane.auditLog,
    disposable: true,
  });
}
