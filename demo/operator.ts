import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../test/control-plane/boot.ts';
import { startWatchdog } from '../test/control-plane/watchdog.ts';
import { PATIENCE_MS } from '../test/integration/support/patience.ts';

export interface OperatorProcess {
  readonly logFile: string;
  /** Resolves with the reason when the operator ends although nobody stopped it. */
  readonly failed: Promise<Error>;
  /** Resolves when the operator has seen everything that it watches. */
  ready(): Promise<void>;
  /** Where its REST API is, once it is ready. */
  api(): string;
  /** The end of its log, for an error message. */
  lastLines(): string;
  /** Sends SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

/** The audience should not wait ten seconds for a new pod to count, nor ten minutes for one that hangs. */
const CONFIG = 'defaults: {stableSeconds: 1, progressDeadlineSeconds: 60}\n';

/** Starts the operator as `npm start` does, as its own user with the rights of deploy/rbac.yaml. */
export function startOperator(plane: Pick<ControlPlane, 'directory' | 'userKubeconfig'>): OperatorProcess {
  const directory = join(plane.directory, 'operator');
  mkdirSync(directory);
  // The operator does not outlive the demo, however that ends.
  const watchdog = startWatchdog(directory);
  const logFile = join(directory, 'operator.log');
  const log = openSync(logFile, 'a');
  const configFile = join(directory, 'config.yaml');
  writeFileSync(configFile, CONFIG);
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: dirname(import.meta.dirname),
    // The operator gets no other variables: a setting that somebody exported would change the demo.
    env: {
      PATH: process.env['PATH'],
      KUBECONFIG: plane.userKubeconfig('provider-operator'),
      METRICS_PORT: '0',
      API_PORT: '0',
      GENERATED_SECRETS: 'true',
      OPERATOR_CONFIG: configFile,
    },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  if (child.pid !== undefined) {
    watchdog.guard(child.pid);
  }
  let isStopping = false;
  const ended = once(child, 'exit');
  const failure = Promise.withResolvers<Error>();
  async function reportEnd(): Promise<void> {
    const how = await ended.then(([code, signal]) => String(code ?? signal), String);
    if (!isStopping) {
      failure.resolve(new Error(`The operator has ended by itself: ${how}`));
    }
  }
  void reportEnd();
  const readLog = () => readFileSync(logFile, 'utf8');

  return {
    logFile,
    failed: failure.promise,
    lastLines: () => readLog().trimEnd().split('\n').slice(-12).join('\n'),
    api: () => /"api":"([^"]+)"/.exec(readLog())?.[1] ?? '',
    async ready() {
      const deadline = performance.now() + PATIENCE_MS;
      while (performance.now() < deadline) {
        const port = /"metricsPort":(\d+)/.exec(readLog())?.[1];
        // A refused connection means that the operator is not ready yet.
        const answer = port && (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined));
        if (answer && answer.ok) {
          return;
        }
        await sleep(50);
      }
      throw new Error(`The operator is not ready after ${PATIENCE_MS / 1000} s`);
    },
    async stop() {
      isStopping = true;
      child.kill('SIGTERM');
      await Promise.race([ended.catch(() => {}), sleep(10_000, undefined, { ref: false })]);
      // The watchdog kills an operator that is still there.
      await watchdog.dismiss();
    },
  };
}
