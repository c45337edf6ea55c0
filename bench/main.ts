import { availableParallelism, loadavg } from 'node:os';
import type { Say } from '../test/control-plane/progress.ts';
import { bundle, NODE_FLAGS } from '../tools/bundle.ts';
import { boundLines, isAbove, type Outcome } from './bounds.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { coldStart } from './cold-start.ts';
import { fullRun } from './full-run.ts';
import { startOperator, type OperatorProcess } from './operator.ts';
import { readOptions, USAGE, type Options, type Part } from './options.ts';
import { figure } from './table.ts';
import { restLoad } from './rest-load.ts';
import { waits } from './waits.ts';
import { CONFIG } from './workload.ts';

const startedAt = performance.now();

/** Prints progress, with the seconds since the beginning. */
function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${line}\n`);
}

function counted(count: number, what: string): string {
  return `${count} ${count === 1 ? what : `${what}s`}`;
}

type Measure = (cluster: Cluster, start: () => OperatorProcess, options: Options, say: Say) => Promise<Outcome>;
const MEASURES: Readonly<Record<Part, Measure>> = { 'cold-start': coldStart, waits, 'rest-api': restLoad };

/** Prints the measured figures, and fails if one is above its limit. */
function tell(run: string, { lines, bounds }: Outcome, load: number): void {
  const parts = [[run], lines, boundLines(bounds)].filter((part) => part.length > 0);
  process.stdout.write(parts.map((part) => `${part.join('\n')}\n`).join('\n'));
  const above = bounds.filter(isAbove).map(({ what }) => what);
  if (above.length > 0) {
    process.stderr.write(
      `Above its limit: ${above.join(', ')}. The limits are for a machine that does nothing else; ` +
        `the load of this one was ${figure(load, 1)} when it began\n`,
    );
    process.exitCode = 1;
  }
}

async function main(options: Options): Promise<void> {
  const [load = 0] = loadavg();
  const { only, workers, nodeFlags = NODE_FLAGS } = options;
  const measure = only === undefined ? fullRun : MEASURES[only];
  const file = await bundle();
  const cluster = await startCluster(say);
  try {
    const start = () => startOperator({ plane: cluster.plane, bundle: file, workers, nodeFlags, config: CONFIG });
    const outcome = await measure(cluster, start, options, say);
    const { workload } = outcome;
    const run =
      `${figure(workload.installations)} installations in ${counted(workload.namespaces, 'namespace')}, ` +
      `${counted(workload.replicas, 'pod')} each, ${workers} workers; ` +
      `node ${process.versions.node} ${nodeFlags.join(' ')}; ${availableParallelism()} CPUs for everything`;
    tell(run, outcome, load);
  } finally {
    await cluster.stop();
  }
}

const args = process.argv.slice(2);
let options: Options | undefined;
try {
  options = args.includes('--help') ? undefined : readOptions(args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
await (options ? main(options) : process.stdout.write(`${USAGE}\n`));
