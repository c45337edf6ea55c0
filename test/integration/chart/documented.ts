import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { run, type Ran } from '../../chart/run.ts';

/** The commands that a document tells people to type, run as they are written. */
export interface Documented {
  /** Runs the only command that begins with these words, with more flags behind it. Fails if none or several do. */
  run(words: string, ...flags: readonly string[]): Promise<Ran>;
  /** The commands that have not been run. */
  readonly left: readonly string[];
}

export function commandsOf(
  document: string,
  environment: () => { kubeconfig: string; binaries: readonly string[] },
): Documented {
  const blocks = [...readFileSync(document, 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text);
  const commands = new Set(blocks.flatMap((text) => text.trim().split('\n')));
  const done = new Set<string>();
  return {
    run(words, ...flags) {
      const [command, ...others] = [...commands].filter((line) => line === words || line.startsWith(`${words} `));
      if (command === undefined || others.length > 0) {
        throw new Error(
          `"${words}" begins ${command === undefined ? 'no command' : 'several commands'} of ${document}`,
        );
      }
      done.add(command);
      const { kubeconfig, binaries } = environment();
      const path = [...binaries.map((binary) => dirname(binary)), process.env['PATH']].join(':');
      const env = { PATH: path, KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig) };
      const child = spawn('sh', ['-c', [command, ...flags].join(' ')], { env });
      child.stdin.end();
      return run(child);
    },
    get left() {
      return [...commands].filter((command) => !done.has(command));
    },
  };
}
