import { spawn } from 'node:child_process';

/** Runs a program to its end and returns what it printed; an error carries what it complained about. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = process.env, input }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<string> {
  const child = spawn(program, args, { env });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) {
        resolve(Buffer.concat(out).toString());
      } else {
        reject(new Error(`${program} ${args.join(' ')}: ${Buffer.concat(err).toString()}`));
      }
    });
  });
}
