import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when this process should clean up and go: ^C, SIGTERM, a closed terminal, or the end of the npm it runs under. */
export async function toldToEnd(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) {
    // npm passes ^C on, so that it comes twice: the second must not cut the cleaning up short.
    process.on(signal, () => undefined);
  }
  await Promise.race([...signals.map((signal) => once(process, signal)), npmIsGone()]);
}

/** An npm that is killed passes no signal on: all one sees is another parent. */
async function npmIsGone(): Promise<void> {
  const parent = process.ppid;
  while (process.env['npm_lifecycle_event'] === undefined || process.ppid === parent) {
    await sleep(1000, undefined, { ref: false });
  }
}
