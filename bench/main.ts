import { availableParallelism } from 'node:os';
import { bundle, NODE_FLAGS } from '../tools/bundle.ts';
import { startCluster } from './cluster.ts';
import { coldStart } from './cold-start.ts';
import { fullRun } from './full-run.ts';
import { startOperator } from './operator.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { figure } from './table.ts';
import { CONFIG } from './workload.ts';

const startedAt = performance.now();

/** Progress, with the seconds since the beginning. */
function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${line}\n`);
}

async function main(options: Options): Promise<void> {
  const { workload, workers, nodeFlags = NODE_FLAGS } = options;
  const file = await bundle();
  const cluster = await startCluster(say);
  try {
    const start = () => startOperator({ plane: cluster.plane, bundle: file, workers, nodeFlags, config: CONFIG });
    const lines = await (options.onlyColdStart ? coldStart : fullRun)(cluster, start, options, say);
    const run =
      `${figure(workload.installations)} installations in ${workload.namespaces} namespaces, ` +
      `${workload.replicas} ${workload.replicas === 1 ? 'pod' : 'pods'} each, ${workers} workers; ` +
      `node ${process.versions.node} ${nodeFlags.join(' ')}; ${availableParallelism()} CPUs for everything`;
    process.stdout.write(`${[run, '', ...lines].join('\n')}\n`);
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
