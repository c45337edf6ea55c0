import { existsSync, mkdirSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAccess, type User } from './access.ts';
import { createAdminRequest } from './admin-requests.ts';
import { ensureBinaries } from './binaries.ts';
import { compactEtcd } from './compaction.ts';
import { startComponent, type Component } from './component.ts';
import { apiServerFlags, controllerManagerFlags, etcdFlags, kwokFlags, schedulerFlags, type Place } from './flags.ts';
import { findFreePorts } from './free-ports.ts';
import { createNodes, isUsable } from './nodes.ts';
import type { Say } from './progress.ts';
import { startWatchdog } from './watchdog.ts';

export interface ControlPlaneOptions {
  /** The number of fake nodes, spread over the zones a, b and c; 0 if somebody else provides nodes. */
  readonly nodes?: number;
  /** The address of the apiserver; loopback unless given. */
  readonly address?: string;
  /** More flags for kube-apiserver, such as `--feature-gates=WatchList=false`. */
  readonly apiServerFlags?: readonly string[];
  /** Where the progress of a first build goes; standard output unless given. */
  readonly say?: Say;
}

/** A running control plane of one's own: etcd, apiserver, controller-manager, scheduler, and kwok in the kubelets' place. */
export interface ControlPlane {
  readonly directory: string;
  readonly server: string;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly auditLog: string;
  userKubeconfig(user: User): string;
  /** Ends the apiserver as a crash would and starts it again on the same port; `whileDown` runs in between. */
  restartApiServer(whileDown?: () => Promise<void>): Promise<void>;
  /**
   * Copies what etcd has. Returns how to restore that as an administrator does: everything stops, the copy takes the place of the data, and
   * everything starts. Versions begin again from the past.
   */
  backUp(): Promise<() => Promise<void>>;
  /** Makes etcd forget the past. After a restart of the apiserver, who asks for it gets a real 410. */
  compact(): Promise<void>;
  /** Resolves, with the reason, when a component ends although nobody stopped it. */
  readonly failed: Promise<Error>;
  /** Ends everything and removes every trace. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Boots a control plane, and builds its binaries first if necessary. Pods can be created when it returns.
 *
 * Nothing of it outlives this process: a watchdog cleans up when the process ends without stop().
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureBinaries(options.say ?? console.log);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await boot(binaries, options);
    } catch (error) {
      // Another process may take a port between our search for it and our listening.
      if (attempt === 3 || !(error instanceof Error) || !error.message.includes('address already in use')) {
        throw error;
      }
    }
  }
}

/** The time limit for the start of a component on a busy machine. It takes some seconds on an idle one. */
const LONGEST_START_MS = 180_000;

async function boot(binaries: string, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { nodes = 3 } = options;
  const directory = await mkdtemp(join(tmpdir(), 'provider-operator-cluster-'));
  const watchdog = startWatchdog(directory);
  const logDirectory = join(directory, 'logs');
  mkdirSync(logDirectory);
  const components = new Map<string, Component>();
  const failure = Promise.withResolvers<Error>();
  const expectedToEnd = new Set<Component>();

  const flagsOf = new Map<string, readonly string[]>();

  function start(name: string, flags: readonly string[]): void {
    flagsOf.set(name, flags);
    const component = startComponent({ binary: join(binaries, name), flags, logDirectory, watchdog });
    components.set(name, component);
    void reportEnd(component);
  }

  async function reportEnd(component: Component): Promise<void> {
    await component.ended;
    if (!expectedToEnd.has(component)) {
      failure.resolve(new Error(`${component.name} has ended unexpectedly:\n${component.lastLines()}`));
    }
  }

  async function waitFor(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + LONGEST_START_MS;
    for (;;) {
      const failed = await Promise.race([failure.promise, sleep(50)]);
      if (failed) {
        throw new Error(`Cannot start the control plane: ${failed.message}`);
      }
      // A refused connection means that the component has not started yet.
      if (await holds().catch(() => false)) {
        return;
      }
      if (performance.now() > deadline) {
        const logs = [...components.values()].map((c) => `--- ${c.name}\n${c.lastLines()}`);
        throw new Error(
          `Cannot start the control plane: ${what} took over ${LONGEST_START_MS / 1000} s\n${logs.join('\n')}`,
        );
      }
    }
  }

  async function end(component: Component): Promise<void> {
    expectedToEnd.add(component);
    await component.kill();
  }

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    await Promise.all([...components.values()].map(end));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    await watchdog.dismiss();
  }

  try {
    const access = createAccess(directory);
    const [etcdPort, etcdPeerPort, apiPort] = (await findFreePorts(3)) as [number, number, number];
    const { address } = options;
    const place: Place = { directory, access, etcdPort, etcdPeerPort, apiPort, address };
    const server = `https://${address ?? '127.0.0.1'}:${apiPort}`;
    const flagsOfApiServer = [...apiServerFlags(place), ...(options.apiServerFlags ?? [])];

    async function restartAll(whileDown: () => Promise<void>): Promise<void> {
      await Promise.all([...components.values()].map(end));
      await whileDown();
      flagsOf.forEach((flags, name) => start(name, flags));
      await waitFor('the apiserver', isApiServerReady);
    }

    start('etcd', etcdFlags(place));
    start('kube-apiserver', flagsOfApiServer);
    await waitFor("the apiserver's certificate", async () => existsSync(access.certificate));
    access.writeKubeconfigs(server);
    const send = createAdminRequest(server, access.certificate, access.adminToken);
    const isApiServerReady = async (): Promise<boolean> => (await send('GET', '/readyz')).code === 200;
    await waitFor('the apiserver', isApiServerReady);

    start('kube-controller-manager', controllerManagerFlags(place));
    start('kube-scheduler', schedulerFlags(place));
    if (nodes > 0) {
      const stages = await readdir(join(import.meta.dirname, 'stages'));
      await createNodes(send, nodes);
      start(
        'kwok',
        kwokFlags(
          place,
          stages.map((file) => join(import.meta.dirname, 'stages', file)),
        ),
      );
    }
    await waitFor('nodes and the default service account', () => isUsable(send, nodes));

    return {
      directory,
      server,
      kubeconfig: access.kubeconfig('admin'),
      kubectl: join(binaries, 'kubectl'),
      auditLog: join(directory, 'audit.log'),
      userKubeconfig: (user) => access.kubeconfig(user),
      failed: failure.promise,
      async restartApiServer(whileDown) {
        await end(components.get('kube-apiserver')!);
        await whileDown?.();
        start('kube-apiserver', flagsOfApiServer);
        await waitFor('the apiserver', isApiServerReady);
      },
      async backUp() {
        const data = join(directory, 'etcd');
        await restartAll(() => cp(data, `${data}-backup`, { recursive: true }));
        return () =>
          restartAll(async () => {
            await rm(data, { recursive: true });
            await cp(`${data}-backup`, data, { recursive: true });
          });
      },
      compact: () => compactEtcd(etcdPort),
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
