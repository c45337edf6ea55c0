import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSet } from '../control-plane/binaries.ts';

const TOOLS = join(import.meta.dirname, '..', 'control-plane', 'tools');

/** The modules of the programs that ask a library for its verdict, with the CPU minutes of a build from nothing. */
const MODULES = {
  kstatus: { programs: ['kstatus', 'helmrelease'], cpuMinutes: 1.5 },
  lua: { programs: ['lua'], cpuMinutes: 0.2 },
} as const;
type ModuleName = keyof typeof MODULES;
export type GoProgram = (typeof MODULES)[ModuleName]['programs'][number];

/** Builds a program unless it is there, gives it `input`, and returns what it printed. Throws its complaints. */
export async function runProgram(name: GoProgram, input: string): Promise<string> {
  const child = spawn(join(await ensureModule(moduleOf(name)), name), { stdio: 'pipe' });
  const printed: Buffer[] = [];
  const complained: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complained.push(chunk));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) {
    throw new Error(`${name}: ${Buffer.concat(complained).toString()}`);
  }
  return Buffer.concat(printed).toString();
}

function moduleOf(program: GoProgram): ModuleName {
  return program === 'lua' ? 'lua' : 'kstatus';
}

function ensureModule(name: ModuleName): Promise<string> {
  const directory = join(TOOLS, name);
  const { programs, cpuMinutes } = MODULES[name];
  const hash = createHash('sha256');
  for (const file of globSync('**/*.go', { cwd: directory }).sort()) {
    hash.update(readFileSync(join(directory, file)));
  }
  const version = hash.digest('hex').slice(0, 8);
  const module = {
    name,
    version,
    directory,
    // The stamp makes a new build of changed source.
    ldflags: `-s -w -X main.source=${version}`,
    outputs: Object.fromEntries(programs.map((program) => [program, program])),
  };
  return ensureSet({ what: `the programs of ${name}`, modules: [module], cpuMinutes }, (line) => {
    process.stdout.write(`${line}\n`);
  });
}
