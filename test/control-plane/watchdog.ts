import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Kills the process groups that it guards and removes the directory once this process is gone. watchdog.sh says how. */
export interface Watchdog {
  guard(processGroup: number): void;
  release(processGroup: number): void;
  /** Makes the watchdog do its work now, and waits for its end. */
  dismiss(): Promise<void>;
}

/** Starts a watchdog. To be called before anything else starts, so that a crash leaves nothing behind at any moment. */
export function startWatchdog(directory: string): Watchdog {
  // The watchdog has a session of its own, so neither ^C nor a closed terminal reaches it.
  const child = spawn('/bin/sh', [join(import.meta.dirname, 'watchdog.sh'), directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // If somebody killed the watchdog, stop() still cleans up.
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
