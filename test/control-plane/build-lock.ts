import { lstat, lutimes, readlink, rename, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { elapsed, type Say } from './progress.ts';

/** How long a lock that nobody refreshes still counts. */
const staleAfterMs = 60_000;

/**
 * Runs `work` while it holds the lock at `path`, so that one of several processes builds and the others wait for it.
 *
 * The lock is a symbolic link to the holder's pid, because that is made in one step with its content. A lock is taken
 * over when its holder has died, or no longer refreshes it from another machine or container. Two processes may then
 * both take it over. That wastes a build but breaks nothing, since each builds in a directory of its own.
 */
export async function withBuildLock<T>(path: string, say: Say, work: () => Promise<T>): Promise<T> {
  await acquire(path, say);
  const refresh = setInterval(() => {
    const now = new Date();
    // A lock that another process took over needs no refreshing.
    lutimes(path, now, now).catch(() => {});
  }, staleAfterMs / 6);
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    await rm(path, { force: true });
  }
}

async function acquire(path: string, say: Say): Promise<void> {
  const started = Date.now();
  let announced = 0;
  for (;;) {
    try {
      await symlink(String(process.pid), path);
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) {
        throw error;
      }
    }
    const holder = await readHolder(path);
    if (holder === undefined) {
      continue;
    }
    if (isGone(holder.pid) || Date.now() - holder.refreshedAt > staleAfterMs) {
      await takeOver(path);
      continue;
    }
    if (announced === 0 || Date.now() - announced >= 10_000) {
      announced = Date.now();
      say(`Process ${holder.pid} is building the test control plane; waiting for it (${elapsed(started)})`);
    }
    await sleep(500);
  }
}

async function takeOver(path: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      throw error;
    }
  }
}

async function readHolder(path: string): Promise<{ pid: number; refreshedAt: number } | undefined> {
  try {
    const [pid, stats] = await Promise.all([readlink(path), lstat(path)]);
    return { pid: Number(pid), refreshedAt: stats.mtimeMs };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/** Whether no process with this pid runs. Signal 0 only asks. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
