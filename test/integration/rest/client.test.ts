import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp, prepare } from '../support/cluster.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { publish, tokenFor } from '../support/portal.ts';
import { apiOf } from '../support/rest.ts';

const namespace = 'client-story';
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const programs = join(repository, 'node_modules/.bin');
const folder = mkdtempSync(join(tmpdir(), 'client-'));

let operator: RunningOperator;
beforeAll(async () => {
  await prepare(namespace);
  await publish();
  operator = await startOperator();
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program, and returns what it printed; an error carries it, too. */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const running = promisify(execFile)(program, args, {
    cwd: folder,
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', ...env },
  });
  const { stdout } = await running.catch((error: Error & { readonly stdout: string; readonly stderr: string }) => {
    throw new Error(`${program}: ${error.stdout}${error.stderr}`, { cause: error });
  });
  return stdout;
}

/** The generators that most people take need the compiler of TypeScript 5, which is not here; that of the linter needs none. */
async function generate(): Promise<void> {
  const document = join(repository, 'docs/openapi.json');
  await run(join(programs, 'redocly'), ['generate-client', document, '--output=client.ts', '--import-ext=ts']);
  copyFileSync(new URL('client/story.ts', import.meta.url), join(folder, 'story.ts'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  // It runs in browsers, too.
  const compilerOptions = { lib: ['es2024', 'dom'], typeRoots: [join(repository, 'node_modules/@types')] };
  const tsconfig = { extends: join(repository, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
}

it('a client that is generated from the document lives through a whole story', async () => {
  await generate();
  await run(join(programs, 'tsc'), ['--project', '.']);
  const story = await run(process.execPath, ['story.ts'], {
    API_URL: apiOf(operator),
    API_TOKEN: await tokenFor(namespace),
  });

  expect(story.trim().split('\n')).toEqual([
    'published ["acme/web 2.0.0"]',
    'would install 1.0.0',
    'twice 409',
    'settled available 1.0.0',
    'candidates ["3.0.0-rc.1 false","2.0.0 true","1.2.0 false","1.1.0 true","1.0.1 true"]',
    'accepted 1.0.1',
    'settled available 1.0.1',
    'settled available 1.0.0',
    'history ["1.0.0 Succeeded","1.0.1 Succeeded","1.0.0 Succeeded"]',
    'settled available 1.1.0',
    'second seed ready 1.1.0 patchLevel by the second seed',
    'gone',
  ]);
});
