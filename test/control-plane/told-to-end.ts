import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when this process should clean up and end: on ^C, SIGTERM, a closed terminal or the end of its npm. */
export async function toldToEnd(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) {
    // npm passes ^C on, so it comes twice. The second one must not interrupt the clean-up.
    process.on(signal, () => undefined);
  }
  await Promise.race([...signals.map((signal) => once(process, signal)), npmIsGone()]);
}

/** Resolves when the parent npm has ended. A killed npm passes no signal on: the only trace is another parent. */
async function npmIsGone(): Promise<void> {
  const parent = process.ppid;
  while (process.env['npm_lifecycle_event'] === undefined || process.ppid === parent) {
    await sleep(1000, undefined, { ref: false });
  }
}
