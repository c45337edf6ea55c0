import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp, installation, prepare } from '../support/cluster.ts';
import { run } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { publish, tokenFor } from '../support/portal.ts';
import { apiOf } from '../support/rest.ts';
import { ensureVenv, NoPython } from '../../control-plane/venv.ts';

/** The namespace that the examples of the document name. */
const namespace = 'shop';
const LEAST_REQUESTS = 2_000;
const fileOf = (name: string) => fileURLToPath(new URL(`schemathesis/${name}`, import.meta.url));

let operator: RunningOperator;
let token: string;
const folder = mkdtempSync(join(tmpdir(), 'schemathesis-'));

beforeAll(async () => {
  await prepare(namespace);
  await publish();
  token = await tokenFor(namespace);
  operator = await startOperator({ API_RATE_LIMIT: '10000000', LOG_LEVEL: 'info' });
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));
afterAll(() => rmSync(folder, { recursive: true }));

it('the server does what its OpenAPI document says, whatever it is asked', async ({ skip }) => {
  const programs = await ensureVenv(fileOf('requirements.txt')).catch((error: unknown) => {
    if (!(error instanceof NoPython) || process.env['SCHEMATHESIS'] === 'required') {
      throw error;
    }
    say(`schemathesis is skipped: ${error.message}`);
    return skip(error.message);
  });
  const address = apiOf(operator);
  const seed = process.env['SEED'] || String(randomInt(1_000_000));
  say(`schemathesis asks by SEED=${seed}, with which it asks the same again`);
  const keeping = keepInstalled(installation(namespace, 'acme--web', { provider: 'acme/web', version: '1.0.0' }));
  const { code, printed } = await schemathesis(programs, `${address}/openapi.json`, seed);
  await keeping.stop();

  const statuses = [...operator.output().matchAll(/"status":(\d+).*"msg":"Answered"/g)].map(([, status]) => status);
  say(printed.slice(printed.indexOf('= SUMMARY')));
  say(`${statuses.length} requests: ${JSON.stringify(counted(statuses))}`);
  expect(code, printed).toBe(0);
  expect(statuses.filter((status = '') => status >= '500')).toEqual([]);
  expect(statuses.length).toBeGreaterThanOrEqual(LEAST_REQUESTS);
});

function schemathesis(programs: string, document: string, seed: string): Promise<{ code: number; printed: string }> {
  const flags = [`--config-file=${fileOf('schemathesis.toml')}`, 'run', document, `--seed=${seed}`, '--no-color'];
  const child = spawn(join(programs, 'schemathesis'), flags, {
    // It leaves files where it runs.
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      API_TOKEN: token,
      SCHEMATHESIS_HOOKS: fileOf('checks.py'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, printed }));
  });
}

/** Installs it again whenever a request has deleted it, so that the others find something. */
function keepInstalled(object: object): { stop(): Promise<void> } {
  const over = new AbortController();
  async function keep(): Promise<void> {
    while (!over.signal.aborted) {
      await run(['create', '-f', '-'], object);
      await sleep(500);
    }
  }
  const keeping = keep();
  return {
    stop() {
      over.abort();
      return keeping;
    },
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function counted(statuses: readonly (string | undefined)[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(statuses, (status = '') => status)).map(([status, all = []]) => [status, all.length]),
  );
}
