import { readFileSync } from 'node:fs';
import { runProgram } from './go-program.ts';

/** The parts of an object by which Argo CD and kstatus judge. */
export interface Judged {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: object;
}

export interface Verdict {
  readonly status: string;
  readonly message: string;
}

/** The verdict of Argo CD for each object: its Lua, with the script that we ship. */
export async function argoHealth(objects: readonly Judged[]): Promise<readonly Verdict[]> {
  const script = readFileSync('docs/gitops/argocd/health.lua', 'utf8');
  return JSON.parse(await runProgram('lua', JSON.stringify({ script, objects }))) as readonly Verdict[];
}

/** The verdict of Flux and Helm for each object, by the library that both use. */
export async function kstatus(objects: readonly Judged[]): Promise<readonly Verdict[]> {
  return JSON.parse(await runProgram('kstatus', JSON.stringify(objects))) as readonly Verdict[];
}
