import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Kills what it guards and removes the directory once this process is gone; see watchdog.sh for how. */
export interface Watchdog {
  guard(processGroup: number): void;
  release(processGroup: number): void;
  /** Lets it do its work now, and waits for its end. */
  dismiss(): Promise<void>;
}

/** Starts it before anything else, so that there is no moment in which a crash could leave something behind. */
export function startWatchdog(directory: string): Watchdog {
  // A session of its own: neither ^C nor a closed terminal reaches it.
  const child = spawn('/bin/sh', [join(import.meta.dirname, 'watchdog.sh'), directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // If someone killed it, stop() still cleans up by itself.
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit');
  ended.catch(() => {});
  return {
    guard: (processGroup) => void child.stdin.write(`+${processGroup}\n`),
    release: (processGroup) => void child.stdin.write(`-${processGroup}\n`),
    async dismiss() {
      child.stdin.end();
      await ended;
    },
  };
}
