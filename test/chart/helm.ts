import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ChartValues } from '../../src/generate/chart-values.ts';
import { ensureGoTool } from '../control-plane/go-tool.ts';
import { run, type Ran } from './run.ts';

export const CHART = 'charts/provider-operator';
export const RELEASE = 'provider-operator';

/** The time limit for building Helm on a machine that has never built it. Later builds come from the cache. */
export const BUILD_MS = 20 * 60_000;

/** Helm without anybody's settings, for the cluster of a kubeconfig if one is given. */
export interface Helm {
  readonly binary: () => string;
  /** Returns the result, also when Helm fails. */
  run(args: readonly string[], input?: object): Promise<Ran>;
  /** Returns the output, and fails with the complaint of Helm. */
  ok(args: readonly string[], input?: object): Promise<string>;
}

/** The values of a chart as people write them: a null takes a default away. */
export type GivenValues = { readonly [Key in keyof ChartValues]?: unknown };

/** Returns a Helm for the tests of a file, and builds it if necessary. */
export function useHelm(kubeconfig?: () => string): Helm {
  let binary = '';
  const home = mkdtempSync(join(tmpdir(), 'provider-operator-helm-'));
  beforeAll(async () => {
    binary = await ensureGoTool('helm');
  }, BUILD_MS);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  function runHelm(args: readonly string[], input?: object): Promise<Ran> {
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      // Without a kubeconfig, Helm must not find somebody's cluster.
      KUBECONFIG: kubeconfig?.() ?? join(home, 'none'),
    };
    const child = spawn(binary, args, { env });
    child.stdin.end(input === undefined ? '' : JSON.stringify(input));
    return run(child);
  }
  return {
    binary: () => binary,
    run: runHelm,
    async ok(args, input) {
      const { code, stdout, stderr } = await runHelm(args, input);
      if (code !== 0) {
        throw new Error(`helm ${args.join(' ')}: ${stderr}`);
      }
      return stdout;
    },
  };
}

/** An object as the chart renders it. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // oxlint-disable-next-line typescript/no-explicit-any -- of some forty kinds
  readonly [field: string]: any;
}

/** The objects that `helm template` renders from values, with the pod of `helm test`. */
export async function template(helm: Helm, values: GivenValues = {}): Promise<Rendered[]> {
  return objectsIn(await helm.ok(['template', RELEASE, CHART, '--namespace=operators', '--values=-'], values));
}

export function objectsIn(text: string): Rendered[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}
