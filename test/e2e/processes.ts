import { readdirSync, readFileSync } from 'node:fs';

/** A process in a container, as the kernel of the node sees it. */
export interface ContainerProcess {
  readonly pid: number;
  readonly commandLine: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the processes whose command line contains `file`. */
export function processesOf(file: string): ContainerProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const commandLine = listIn(pid, 'cmdline');
      const env = Object.fromEntries(listIn(pid, 'environ').map(pairFrom));
      return commandLine.includes(file) ? [{ pid: Number(pid), commandLine, env }] : [];
    } catch {
      // The process ended in the meantime.
      return [];
    }
  });
}

/** Returns the value of a line of its status, such as `VmRSS`. */
export function statusOf({ pid }: ContainerProcess, line: string): string {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${line}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
}

function listIn(pid: string, file: string): string[] {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').filter(Boolean);
}

function pairFrom(variable: string): [string, string] {
  const end = variable.indexOf('=');
  return [variable.slice(0, end), variable.slice(end + 1)];
}
