import { setTimeout as sleep } from 'node:timers/promises';

/** The answers of the probes at one moment, as HTTP codes; 0 where no answer came. */
export interface Probed {
  readonly at: number;
  readonly livez: number;
  readonly readyz: number;
}

export interface ProbeWatch {
  readonly probed: readonly Probed[];
  stop(): Promise<void>;
}

const EVERY_MS = 250;
/** A process that does not answer by then is not alive. Five operators may share two busy cores here. */
const LONGEST_ANSWER_MS = 30_000;

/** Asks both probes again and again, as kubelet does, so that nothing they said in between is missed. */
export function watchProbes(url: string): ProbeWatch {
  const probed: Probed[] = [];
  const abort = new AbortController();

  async function ask(path: string): Promise<number> {
    try {
      const { status } = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(LONGEST_ANSWER_MS) });
      return status;
    } catch {
      return 0;
    }
  }
  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      const [livez, readyz] = await Promise.all([ask('/livez'), ask('/readyz')]);
      probed.push({ at: performance.now(), livez, readyz });
      await sleep(EVERY_MS);
    }
  }
  const watching = watch();
  return {
    probed,
    async stop() {
      abort.abort();
      await watching;
    },
  };
}
