import { readdirSync, readFileSync } from 'node:fs';

/** The clock ticks of /proc per second, the same on every Linux that Node runs on. */
const TICKS = 100;
const MEBIBYTE = 1024 * 1024;

/** Returns the CPU seconds that a process has used so far, in its own code and in the kernel's. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may contain blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

export interface Memory {
  readonly rssMiB: number;
  /** The highest RSS that the process ever had. */
  readonly peakRssMiB: number;
  /**
   * The memory without the pages of files. These are mostly Node's own, come with use, and are shared by all its
   * processes.
   */
  readonly ownMiB: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  const mebibytes = (name: string) => (kibibytes(name) * 1024) / MEBIBYTE;
  return { rssMiB: mebibytes('VmRSS'), peakRssMiB: mebibytes('VmHWM'), ownMiB: mebibytes('RssAnon') };
}

/** Returns the pid of the process whose command line begins with this program and names this directory. */
export function findProcess(program: string, directory: string): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [command = '', ...flags] = commandLine(pid);
    if (command.endsWith(`/${program}`) && flags.some((flag) => flag.includes(directory))) {
      return Number(pid);
    }
  }
  throw new Error(`Cannot find the process of ${program}`);
}

/** Returns the words of a command line; none if the process has ended in the meantime. */
function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
