import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../test/control-plane/boot.ts';
import { PATIENCE_MS } from '../test/integration/support/patience.ts';
import type { Narrator } from './narrator.ts';

/** The directory in which the command lines run: the top of the checkout, so that `examples/` is found. */
const checkout = dirname(import.meta.dirname);

/** Runs command lines and shows them with their output. */
export interface Shell {
  /** Prints the line, runs it, and prints its output. Throws if it fails. */
  run(line: string): Promise<void>;
  /** Runs the line again and again, unseen, until its output matches. Then prints both. */
  runUntil(line: string, expected: RegExp): Promise<void>;
}

export interface ShellOptions {
  readonly plane: Pick<ControlPlane, 'directory' | 'kubeconfig' | 'kubectl'>;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

/** Returns a shell with the administrator's kubeconfig, and with the control plane's kubectl first on the PATH. */
export function createShell({ plane, narrator, signal }: ShellOptions): Shell {
  const env = {
    ...process.env,
    PATH: `${dirname(plane.kubectl)}:${process.env['PATH']}`,
    KUBECONFIG: plane.kubeconfig,
    // kubectl caches for hours what an address serves, and this address will soon belong to another server.
    KUBECACHEDIR: join(plane.directory, 'kubectl-cache'),
  };

  function execute(line: string): Promise<{ code: number; printed: string }> {
    // The child has a session of its own, so that ^C only reaches the demo, which ends the child in good order. `exec`
    // lets the signal reach kubectl.
    const child = spawn('/bin/sh', ['-c', `exec ${line}`], { cwd: checkout, env, detached: true, signal });
    child.stdin.end();
    let printed = '';
    const take = (chunk: Buffer) => (printed += chunk.toString());
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, printed: printed.trimEnd() }));
    });
  }

  function show(printed: string): void {
    if (printed !== '') {
      printed.split('\n').forEach(narrator.line);
    }
  }

  /** Runs it; while that takes long, its first line is what is waited for. */
  function runs(line: string): Promise<{ code: number; printed: string }> {
    return narrator.during(line.replace(/ \\\n.*/s, ' ...'), execute(line));
  }

  return {
    async run(line) {
      narrator.command(line);
      const { code, printed } = await runs(line);
      show(printed);
      if (code !== 0) {
        throw new Error(`"${line}" has ended with ${code}`);
      }
    },
    async runUntil(line, expected) {
      const deadline = performance.now() + PATIENCE_MS;
      let { printed } = await runs(line);
      while (!expected.test(printed)) {
        if (performance.now() > deadline) {
          throw new Error(
            `"${line}" has not printed ${expected.source} within ${PATIENCE_MS / 1000} s, but:\n${printed}`,
          );
        }
        await sleep(100, undefined, { signal });
        ({ printed } = await runs(line));
      }
      narrator.command(line);
      show(printed);
    },
  };
}
