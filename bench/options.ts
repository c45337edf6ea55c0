import { parseArgs } from 'node:util';
import type { Workload } from './workload.ts';

export interface Options {
  readonly workload: Workload;
  /** The workers of the operator, and the writes that the floor has under way at once. */
  readonly workers: number;
  /** The number of installations that are being created at once. */
  readonly creators: number;
  readonly idleSeconds: number;
  /** Flags of Node in place of those of the bundle. */
  readonly nodeFlags?: readonly string[];
  /** The only part to run. If undefined, everything but the cold start runs. */
  readonly only: Part | undefined;
}

const PARTS = ['cold-start', 'waits', 'rest-api'] as const;
export type Part = (typeof PARTS)[number];

export const USAGE = `npm run bench -- [options]
  --installations 1000   how many are installed
  --namespaces 20        over how many namespaces they are spread
  --replicas 1           pods of each; 0 where pods are of no interest
  --workers 16           reconciles of the operator, and writes of the floor, at once
  --creators 16          installations that are being created at once
  --idle-seconds 60      how long nothing is done
  --node-flags "..."     flags of Node in place of those of the bundle
  --only cold-start      only the start of an operator that finds everything there
  --only waits           only what people wait for: edits, drift, hand-overs, the demo
  --only rest-api        only the load on the REST API`;

/** Reads the command line, and throws what is wrong with it. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      installations: { type: 'string', default: '1000' },
      namespaces: { type: 'string', default: '20' },
      replicas: { type: 'string', default: '1' },
      workers: { type: 'string', default: '16' },
      creators: { type: 'string', default: '16' },
      'idle-seconds': { type: 'string', default: '60' },
      'node-flags': { type: 'string' },
      only: { type: 'string' },
    },
  });
  const count = (name: 'installations' | 'namespaces' | 'replicas' | 'workers' | 'creators' | 'idle-seconds') => {
    if (!/^\d+$/.test(values[name])) {
      throw new Error(`--${name} must be a number`);
    }
    return Number(values[name]);
  };
  const only = PARTS.find((part) => part === values.only);
  if (values.only !== only) {
    throw new Error(`--only must be one of ${PARTS.join(', ')}`);
  }
  return {
    workload: { installations: count('installations'), namespaces: count('namespaces'), replicas: count('replicas') },
    workers: count('workers'),
    creators: count('creators'),
    idleSeconds: count('idle-seconds'),
    ...(values['node-flags'] !== undefined && { nodeFlags: values['node-flags'].split(' ').filter(Boolean) }),
    only,
  };
}
