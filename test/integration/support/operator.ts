import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startWatchdog } from '../../control-plane/watchdog.ts';
import { eventually } from './kubectl.ts';
import { endTruthfully, startTruthChecker } from './truth.ts';

export interface OperatorProcess {
  /** Everything that it has printed. */
  readonly output: () => string;
  /** Where /metrics, /livez and /readyz are. */
  readonly url: string;
  /** The identity of the replica, which is also part of its user agent. */
  readonly instance: string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Its exit code, when it has ended; -1 after a kill. */
  readonly ended: Promise<number>;
}

export interface RunningOperator extends OperatorProcess {
  /** Sends SIGTERM and returns the exit code. Fails if `Ready` was ever a lie while it ran. Safe to call twice. */
  readonly stop: () => Promise<number>;
}

/** New pods count as soon as they are ready. Otherwise each rollout would take ten seconds more. */
const DEFAULT_CONFIG = 'defaults: {stableSeconds: 0}';

/** Starts the operator as people do, `node src/main.ts`, as its own user, and waits until it is ready. */
export async function startOperator(
  env: Readonly<Record<string, string>> = {},
  config = DEFAULT_CONFIG,
): Promise<RunningOperator> {
  const truth = await startTruthChecker();
  const operator = await launchOperator(env, config).catch(async (error: unknown) => {
    await truth.stop();
    throw error;
  });
  let stopped: Promise<number> | undefined;
  async function stop(): Promise<number> {
    operator.signal('SIGTERM');
    const code = await operator.ended;
    await endTruthfully(truth);
    return code;
  }
  return { ...operator, stop: () => (stopped ??= stop()) };
}

/** Starts an operator without the truth checker, for tests in which processes come and go. */
export async function launchOperator(
  env: Readonly<Record<string, string>> = {},
  config = DEFAULT_CONFIG,
): Promise<OperatorProcess> {
  const { operatorKubeconfig } = inject('controlPlane');
  const folder = mkdtempSync(join(tmpdir(), 'provider-operator-test-'));
  // The operator and its folder do not outlive the tests, even if these are killed and run no hook.
  const watchdog = startWatchdog(folder);
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, config);
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      KUBECONFIG: operatorKubeconfig,
      METRICS_PORT: '0',
      API_PORT: '0',
      LOG_LEVEL: 'debug',
      OPERATOR_CONFIG: configFile,
      ...env,
    },
    detached: true,
  });
  if (child.pid !== undefined) {
    watchdog.guard(child.pid);
  }
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  async function end(): Promise<number> {
    const code = await closed;
    await watchdog.dismiss();
    return code;
  }
  const ended = end();
  /** Rejects when the operator ends before `wait` does. */
  function beforeItEnds<T>(wait: Promise<T>): Promise<T> {
    const gone = closed.then((code) => Promise.reject<T>(new Error(`It has ended with ${code}`)));
    return Promise.race([wait, gone]);
  }

  try {
    const port = await beforeItEnds(eventually(async () => /"metricsPort":(\d+)/.exec(printed)?.[1]));
    const instance = /"instance":"([^"]+)"/.exec(printed)?.[1] ?? '';
    const url = `http://127.0.0.1:${port}`;
    await beforeItEnds(eventually(async () => (await fetch(`${url}/readyz`)).ok));
    return { output: () => printed, url, instance, signal: (name) => child.kill(name), ended };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    throw new Error(`The operator did not become ready: ${printed}`, { cause: error });
  }
}
