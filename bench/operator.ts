import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../test/control-plane/boot.ts';
import { startWatchdog } from '../test/control-plane/watchdog.ts';
import { PATIENCE_MS } from '../test/integration/support/patience.ts';
import { NODE_ENV, NODE_FLAGS } from '../tools/bundle.ts';
import { readKubeconfig } from './kubeconfig.ts';

interface Heap {
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

/** The bundled operator, as a process of its own under its own user. */
export interface OperatorProcess {
  readonly pid: number;
  /** `performance.now()` when it was started. */
  readonly startedAt: number;
  /** Resolves when the operator has seen everything that it watches. */
  ready(): Promise<void>;
  /** The address of the REST API; it is known once the process is ready. */
  api(): string;
  /** Returns the text of /metrics. Each reading resets the event-loop delay in it. */
  metrics(): Promise<string>;
  /** Returns the size of the heap after a full garbage collection. */
  heap(): Promise<Heap>;
  output(): string;
  /** Sends the signal, and waits until the process has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends the process as a cluster does, with SIGTERM. */
  stop(): Promise<void>;
}

let started = 0;

export interface OperatorOptions {
  readonly plane: Pick<ControlPlane, 'directory' | 'server' | 'userKubeconfig'>;
  readonly bundle: string;
  readonly workers: number;
  /** Flags of Node in place of those of the bundle. */
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The content of the file that OPERATOR_CONFIG names. If absent, the defaults of the code apply. */
  readonly config?: object;
}

export function startOperator(options: OperatorOptions): OperatorProcess {
  const { plane, bundle, workers, nodeFlags = NODE_FLAGS, env = NODE_ENV, config = {} } = options;
  started += 1;
  const directory = join(plane.directory, `operator-${started}`);
  mkdirSync(directory);
  const watchdog = startWatchdog(directory);
  const logFile = join(directory, 'operator.log');
  const heapFile = join(directory, 'heap.json');
  const configFile = join(directory, 'config.json');
  writeFileSync(configFile, JSON.stringify(config));
  const log = openSync(logFile, 'a');
  const startedAt = performance.now();
  const preloaded = ['heap-probe.mjs', 'in-pod.mjs'].flatMap((file) => ['--import', join(import.meta.dirname, file)]);
  const child = spawn(process.execPath, [...nodeFlags, '--expose-gc', ...preloaded, bundle], {
    env: {
      PATH: process.env['PATH'],
      ...serviceAccount(plane, directory),
      METRICS_PORT: '0',
      API_PORT: '0',
      // One caller sends the whole load.
      API_RATE_LIMIT: '10000000',
      WORKERS: String(workers),
      HEAP_PROBE: heapFile,
      OPERATOR_CONFIG: configFile,
      ...env,
    },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    throw new Error('Cannot start the operator');
  }
  watchdog.guard(pid);
  const ended = once(child, 'exit');
  ended.catch(() => {});
  const output = () => readFileSync(logFile, 'utf8');

  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline && child.exitCode === null) {
      const found = await look();
      if (found !== undefined) {
        return found;
      }
      await sleep(20);
    }
    throw new Error(`The operator has not ${what}: ${output().slice(-2000)}`);
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    child.kill(signal);
    await ended;
    await watchdog.dismiss();
  }

  const port = () => until('named its port', async () => /"metricsPort":(\d+)/.exec(output())?.[1]);

  return {
    pid,
    startedAt,
    output,
    async ready() {
      const url = `http://127.0.0.1:${await port()}/readyz`;
      // A refused connection means that the operator is not ready yet.
      await until('become ready', async () => ((await fetch(url).catch(() => undefined))?.ok ? true : undefined));
    },
    api: () => /"api":"([^"]+)"/.exec(output())?.[1] ?? '',
    async metrics() {
      return (await fetch(`http://127.0.0.1:${await port()}/metrics`)).text();
    },
    async heap() {
      rmSync(heapFile, { force: true });
      process.kill(pid, 'SIGUSR2');
      return until('told its heap', async () =>
        existsSync(heapFile) ? (JSON.parse(readFileSync(heapFile, 'utf8')) as Heap) : undefined,
      );
    },
    end,
    stop: () => end('SIGTERM'),
  };
}

/** Writes the files that a pod of the operator would find: the address of the API server, its authority and a token. */
function serviceAccount({ server, userKubeconfig }: OperatorOptions['plane'], directory: string) {
  const { clusters, users } = readKubeconfig(userKubeconfig('provider-operator'));
  writeFileSync(join(directory, 'ca.crt'), Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64'));
  writeFileSync(join(directory, 'token'), users[0].user.token);
  const { hostname, port } = new URL(server);
  return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, SERVICE_ACCOUNT_FOLDER: directory };
}

/** Returns the value of a metric, or the sum of all its series with these labels. */
export function metricIn(text: string, name: string, labels = ''): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
