import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { isGone, withBuildLock } from './build-lock.ts';
import { buildModule, requireGo } from './go-build.ts';
import { cacheKey, readGoModules, type GoModule } from './go-modules.ts';
import { elapsed, type Say } from './progress.ts';

/** The modules that a directory of binaries is built from, and its name for people. */
export interface BinarySet {
  readonly what: string;
  readonly modules: readonly GoModule[];
  /** The measured CPU minutes of a build from nothing, to predict how long it will take. */
  readonly cpuMinutes: number;
}

/** Makes sure that the control plane's binaries are there, and returns the directory they are in. */
export function ensureBinaries(say: Say): Promise<string> {
  return ensureSet({ what: 'the test control plane', modules: readGoModules(), cpuMinutes: 14 }, say);
}

/**
 * Makes sure that binaries are there, and returns the directory they are in.
 *
 * They live in the user's cache directory under a name that says what they were built from: built once for all clones,
 * and built again when a version or a build flag changes. A directory of that name is always complete, for it appears
 * by a rename.
 */
export async function ensureSet(set: BinarySet, say: Say): Promise<string> {
  const { modules } = set;
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'provider-operator');
  const key = cacheKey(modules);
  const directory = join(cache, key);
  if (existsSync(directory)) {
    return directory;
  }
  const compiler = requireGo(modules[0]!);
  await mkdir(cache, { recursive: true });
  await withBuildLock(join(cache, `${key}.lock`), say, async () => {
    if (existsSync(directory)) {
      return;
    }
    await removeAbandoned(cache, key);
    await build(set, { cache, key, compiler, say });
  });
  return directory;
}

async function build(
  { what, modules, cpuMinutes }: BinarySet,
  { cache, key, compiler, say }: { cache: string; key: string; compiler: string; say: Say },
): Promise<void> {
  const started = Date.now();
  const minutes = Math.max(1, Math.round(cpuMinutes / availableParallelism()));
  say(`Building ${what} with ${compiler} into ${join(cache, key)}`);
  say(
    `This happens once and takes about ${minutes} min here, plus the download of the Go modules; less if Go knows them`,
  );
  const partial = await mkdtemp(join(cache, `${key}.partial-${process.pid}-`));
  try {
    for (const module of modules) {
      await buildModule(module, partial, say);
    }
    await rename(partial, join(cache, key));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another process that took over the lock was quicker. Its binaries are as good as ours.
    if (existsSync(join(cache, key))) {
      return;
    }
    throw error;
  }
  say(`Built ${what} in ${elapsed(started)}`);
}

/** Removes the leftovers of builds that were killed. */
async function removeAbandoned(cache: string, key: string): Promise<void> {
  const prefix = `${key}.partial-`;
  for (const name of await readdir(cache)) {
    if (name.startsWith(prefix) && isGone(Number.parseInt(name.slice(prefix.length), 10))) {
      await rm(join(cache, name), { recursive: true, force: true });
    }
  }
}
