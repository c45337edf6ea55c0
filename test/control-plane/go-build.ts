import { spawn, spawnSync } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GoModule } from './go-modules.ts';
import { elapsed, type Say } from './progress.ts';

const everyMs = 10_000;

/** Thrown when this machine cannot build the modules. */
export class NoGo extends Error {
  override readonly name = 'NoGo';
}

/** Throws one sentence that says what to do when this machine cannot build the modules. */
export function requireGo(module: GoModule): string {
  const advice =
    'install Go 1.26 or newer (https://go.dev/dl), or point TEST_KUBECONFIG at a cluster that tests may use';
  const go = spawnSync('go', ['version'], { cwd: module.directory, env: goEnvironment(), encoding: 'utf8' });
  if (go.error) {
    throw new NoGo(`The test control plane is built with Go, which is not on the PATH: ${advice}`);
  }
  if (go.status !== 0) {
    throw new NoGo(`The Go on the PATH cannot build the test control plane (${go.stderr.trim()}): ${advice}`);
  }
  return go.stdout.trim().split(' ')[2] ?? 'go';
}

/** Builds the tools of one module into `into`, with a line every ten seconds. */
export async function buildModule(module: GoModule, into: string, say: Say): Promise<void> {
  const started = Date.now();
  const go = spawn('go', ['build', '-v', '-ldflags', module.ldflags, '-o', `${into}/`, 'tool'], {
    cwd: module.directory,
    env: goEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });

  // With -v the compiler names each package it compiles, the module loader each module it downloads.
  let compiled = 0;
  let downloaded = 0;
  let last = 'looking at the build cache';
  const tail: string[] = [];
  createInterface({ input: go.stderr }).on('line', (line) => {
    tail.push(line);
    tail.splice(0, tail.length - 15);
    if (line.startsWith('go: downloading ')) {
      downloaded += 1;
      last = line.slice('go: '.length);
    } else {
      compiled += 1;
      last = `at ${line}`;
    }
  });
  const ticker = setInterval(() => {
    const counts = `${downloaded > 0 ? `${downloaded} modules downloaded, ` : ''}${compiled} packages compiled`;
    say(`  ${module.name} ${module.version}: ${counts}, ${last} (${elapsed(started)})`);
  }, everyMs);

  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      go.once('error', reject);
      go.once('close', resolve);
    });
    if (code !== 0) {
      throw new Error(`Cannot build ${module.name} ${module.version}: go ended with ${code}\n${tail.join('\n')}`);
    }
  } finally {
    clearInterval(ticker);
  }
  for (const [built, name] of Object.entries(module.outputs)) {
    await rename(join(into, built), join(into, name));
  }
  say(`  ${module.name} ${module.version}: done (${elapsed(started)})`);
}

/** Static binaries whatever this shell is set to; a go.work above the checkout must not replace the pinned versions. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOOS: '', GOARCH: '' };
}
