import { readFileSync } from 'node:fs';
import { runProgram } from './go-program.ts';

/** What Argo CD and kstatus judge by. */
export interface Judged {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: object;
}

export interface Verdict {
  readonly status: string;
  readonly message: string;
}

/** What Argo CD shows for objects, one verdict for each: its Lua, with the script that we ship. */
export async function argoHealth(objects: readonly Judged[]): Promise<readonly Verdict[]> {
  const script = readFileSync('docs/gitops/argocd/health.lua', 'utf8');
  return JSON.parse(await runProgram('lua', JSON.stringify({ script, objects }))) as readonly Verdict[];
}

/** What Flux and Helm wait by, one verdict for each: the library that both use. */
export async function kstatus(objects: readonly Judged[]): Promise<readonly Verdict[]> {
  return JSON.parse(await runProgram('kstatus', JSON.stringify(objects))) as readonly Verdict[];
}
