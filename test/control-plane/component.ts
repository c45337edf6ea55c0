import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Watchdog } from './watchdog.ts';

/** One process of the control plane. */
export interface Component {
  readonly name: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** The end of its log, for an error message. */
  lastLines(): string;
  /**
   * Kills the process with SIGKILL: it has nothing to save, and an apiserver with open watches survives SIGTERM for
   * half a minute.
   */
  kill(): Promise<void>;
}

export interface ComponentOptions {
  readonly binary: string;
  readonly flags: readonly string[];
  readonly logDirectory: string;
  readonly watchdog: Watchdog;
}

/** Starts a binary in a process group of its own, where ^C at the terminal does not reach it. */
export function startComponent({ binary, flags, logDirectory, watchdog }: ComponentOptions): Component {
  const name = basename(binary);
  const logFile = join(logDirectory, `${name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(binary, flags, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const { pid } = child;
  if (pid !== undefined) {
    watchdog.guard(pid);
  }
  async function watch(): Promise<void> {
    try {
      await once(child, 'exit');
    } catch (error) {
      // The binary could not even be started, so its log does not say why.
      appendFileSync(logFile, `${String(error)}\n`);
    }
    if (pid !== undefined) {
      watchdog.release(pid);
    }
  }
  const ended = watch();
  return {
    name,
    ended,
    lastLines: () => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n'),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
