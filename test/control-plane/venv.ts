import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withBuildLock } from './build-lock.ts';

const run = promisify(execFile);

/** Thrown where there is no Python, or no way to the packages. */
export class NoPython extends Error {
  override readonly name = 'NoPython';
}

/**
 * Installs the Python packages that a requirements file pins, and returns the folder of their programs. They live in the user's
 * cache, once for all clones and for each state of the file.
 */
export async function ensureVenv(requirements: string): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'provider-operator');
  const key = `python-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 8)}`;
  const folder = join(cache, key);
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    await mkdir(cache, { recursive: true });
    await withBuildLock(join(cache, `${key}.lock`), console.log, async () => {
      if (!existsSync(complete)) {
        await install(folder, requirements).catch((error: Error) => {
          throw new NoPython(`Install python3-venv, and let pip reach its packages: ${error.message.trim()}`);
        });
        writeFileSync(complete, '');
      }
    });
  }
  return join(folder, 'bin');
}

async function install(folder: string, requirements: string): Promise<void> {
  console.log(`Installing the Python packages of ${requirements} into ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await makeVenv(folder).catch(async (error: unknown) => {
    if (process.getuid?.() !== 0) {
      throw error;
    }
    // Debian's Python has no pip for a venv unless this is there.
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-qq', '--yes', '--no-install-recommends', 'python3-venv']);
    await makeVenv(folder);
  });
  const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  await run(join(folder, 'bin/pip'), ['install', ...flags, '-r', requirements]);
}

function makeVenv(folder: string): Promise<unknown> {
  return run('python3', ['-m', 'venv', '--clear', folder]);
}
