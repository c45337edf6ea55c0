import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startComponent, type Component } from '../control-plane/component.ts';
import { startWatchdog } from '../control-plane/watchdog.ts';
import { containerdFlags, containerdSocket, PAUSE_IMAGE } from './containerd.ts';
import { engineFlags, engineHost } from './engine.ts';
import { importBusybox } from './busybox.ts';
import { kubeProxyFlags } from './kube-proxy.ts';
import { kubeletFlags, NODE_NAME } from './kubelet.ts';
import { runProgram } from './program.ts';

/** The engine that runs containers and the one that builds their images. Neither needs a cluster. */
export interface Engines {
  /** The environment in which `docker` speaks to the engine. */
  readonly env: NodeJS.ProcessEnv;
  /** Loads built images into the node, which can pull nothing. */
  load(images: readonly string[]): Promise<void>;
  /** Lets a node join the cluster; resolves when it is Ready. */
  join(cluster: Cluster): Promise<void>;
  /** Ends the engines and the node. Containers end with the namespaces. */
  readonly stop: () => Promise<void>;
}

/** The facts that a node needs about its cluster. */
interface Cluster {
  readonly binaries: string;
  readonly kubectl: string;
  readonly kubeconfig: string;
  readonly userKubeconfig: (user: `system:node:${typeof NODE_NAME}` | 'system:kube-proxy') => string;
}

const LONGEST_START_MS = 180_000;

/**
 * Starts containerd and a Docker engine in the namespaces of this process. namespaces.ts makes these, and also ends
 * everything that is started here. Everything is kept in `directory`.
 */
export async function startEngines(directory: string): Promise<Engines> {
  const logDirectory = join(directory, 'logs');
  mkdirSync(logDirectory, { recursive: true });
  const watchdog = startWatchdog(join(directory, 'nothing'));
  const env = { ...process.env, DOCKER_HOST: engineHost(directory) };

  const components: Component[] = [];
  function start(binary: string, flags: readonly string[]): Component {
    const component = startComponent({ binary, flags, logDirectory, watchdog });
    components.push(component);
    return component;
  }

  async function waitFor(component: Component, answers: () => Promise<unknown>): Promise<void> {
    const ended = component.ended.then(() => true);
    const deadline = performance.now() + LONGEST_START_MS;
    for (;;) {
      try {
        await answers();
        return;
      } catch (error) {
        const isHopeless = (await Promise.race([ended, sleep(100)])) === true || performance.now() > deadline;
        if (isHopeless) {
          throw new Error(`Cannot start ${component.name}:\n${component.lastLines()}`, { cause: error });
        }
      }
    }
  }

  const ctr = ['--address', containerdSocket(directory), '--namespace', 'k8s.io'];
  const containerd = start('containerd', containerdFlags(directory));
  await waitFor(containerd, () => runProgram('ctr', [...ctr, 'version']));
  const engine = start('dockerd', engineFlags(directory));
  await waitFor(engine, () => runProgram('docker', ['version'], { env }));

  async function load(images: readonly string[]): Promise<void> {
    const save = spawn('docker', ['save', ...images], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const keep = spawn('ctr', [...ctr, 'images', 'import', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
    save.stdout.pipe(keep.stdin);
    const [[saved], [kept]] = await Promise.all([once(save, 'close'), once(keep, 'close')]);
    if (saved !== 0 || kept !== 0) {
      throw new Error(`Cannot give the node the images ${images.join(', ')}`);
    }
  }

  return {
    env,
    load,
    async join({ binaries, kubectl, kubeconfig, userKubeconfig }) {
      importBusybox(PAUSE_IMAGE, { env, entrypoint: ['sleep', '2147483647'] });
      await load([PAUSE_IMAGE]);
      const proxy = kubeProxyFlags(directory, userKubeconfig('system:kube-proxy'));
      start(join(binaries, 'kube-proxy'), proxy);
      const kubelet = start(
        join(binaries, 'kubelet'),
        kubeletFlags(directory, userKubeconfig(`system:node:${NODE_NAME}`)),
      );
      const wait = ['wait', '--for=condition=Ready', `node/${NODE_NAME}`, '--timeout=5s'];
      await waitFor(kubelet, () => runProgram(kubectl, wait, { env: { ...process.env, KUBECONFIG: kubeconfig } }));
    },
    async stop() {
      await Promise.all(components.map((component) => component.kill()));
      await watchdog.dismiss();
    },
  };
}
