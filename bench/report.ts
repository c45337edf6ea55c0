import { total } from '../test/integration/support/requests.ts';
import type { Cost } from './meter.ts';
import { figure, table } from './table.ts';

/** The figures that are printed for a phase. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** The seconds that the floor took for the same work. */
  readonly floorSeconds?: number;
  readonly apiServerCpuSeconds?: number;
  readonly cost?: Cost;
  /** The bytes on the heap after a full garbage collection. */
  readonly heapBytes?: number;
  /** The changes in the phase, to say what one of them costs: 1,000 `installation`. */
  readonly changes?: { readonly count: number; readonly of: string };
}

const MEGABYTE = 1e6;
const TITLES = [
  'phase',
  'wall s',
  'x floor',
  'CPU s',
  'API server CPU s',
  'RSS MiB',
  'peak',
  'heap MB',
  'loop p99 ms',
  'max',
];

/** One line for each phase: time, memory and the event loop of the operator. */
export function costLines(phases: readonly Phase[]): string[] {
  return table(
    TITLES,
    phases.map(({ name, seconds, floorSeconds, apiServerCpuSeconds, cost, heapBytes }) => [
      name,
      figure(seconds, 1),
      figure(floorSeconds && seconds / floorSeconds, 2),
      figure(cost?.cpuSeconds, 1),
      figure(cost?.apiServerCpuSeconds ?? apiServerCpuSeconds, 1),
      figure(cost?.memory.rssMiB),
      figure(cost?.memory.peakRssMiB),
      figure(heapBytes && heapBytes / MEGABYTE, 1),
      figure(cost?.eventLoopP99, 1),
      figure(cost?.eventLoopMax),
    ]),
  );
}

/** The requests of the operator in each phase, without its watches and its Lease. */
export function requestLines(phases: readonly Phase[]): string[] {
  const rows = phases.flatMap(({ name, cost, changes }) => {
    if (!cost) {
      return [];
    }
    const line = (title: string, count: number) => [
      title,
      figure(count),
      figure(changes && count / changes.count, 2),
      changes?.of ?? '',
    ];
    return [
      line(name, total(cost.requests)),
      ...Object.entries(cost.requests).map(([what, count]) => line(`  ${what}`, count)),
    ];
  });
  return table(['requests', 'all', 'each', 'of'], rows);
}
