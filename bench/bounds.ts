import { figure, table } from './table.ts';
import type { Workload } from './workload.ts';

/** A measured figure with its limit, which holds on a machine that does nothing else. */
export interface Bound {
  readonly what: string;
  readonly unit: 's' | 'x floor' | 'MiB' | 'ms';
  readonly measured: readonly number[];
  /** The limit for the worst of the measured values. */
  readonly most: number;
}

/** The result of a run: its workload, the lines that it prints, and the figures with a limit. */
export interface Outcome {
  readonly workload: Workload;
  readonly lines: readonly string[];
  readonly bounds: readonly Bound[];
}

const worst = ({ measured }: Bound): number => Math.max(...measured);

/** The value that half of the values do not exceed; undefined without any. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

/** One line for each figure. A figure above its limit is marked. */
export function boundLines(bounds: readonly Bound[]): string[] {
  if (bounds.length === 0) {
    return [];
  }
  return table(
    ['limits', 'times', 'median', 'worst', 'limit', ''],
    bounds.map((bound) => [
      `${bound.what}, ${bound.unit}`,
      figure(bound.measured.length),
      figure(median(bound.measured), 2),
      figure(worst(bound), 2),
      figure(bound.most, 2),
      isAbove(bound) ? 'ABOVE' : '',
    ]),
  );
}

export function isAbove(bound: Bound): boolean {
  return worst(bound) > bound.most;
}
