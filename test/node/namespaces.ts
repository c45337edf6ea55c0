import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isGone } from '../control-plane/build-lock.ts';
import { SERVICE_RANGE } from '../control-plane/flags.ts';
import { startWatchdog } from '../control-plane/watchdog.ts';

/** The address of the node and its apiserver, which exists only in the node's own namespaces. */
export const NODE_ADDRESS = '10.99.0.1';

/** The variable that `inside` finds in its environment. */
export const DIRECTORY_VARIABLE = 'NODE_DIRECTORY';

const CGROUPS = '/sys/fs/cgroup';
const PREFIX = 'provider-operator-node-';

export interface Inside {
  /** The exit code of the command. */
  readonly ended: Promise<number>;
  /** Ends the command and everything that it started, at once. Safe to call twice. */
  kill(): void;
}

const ISOLATED = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Matches a map of all users of the machine. In a user namespace, root is another user in truth. */
const EVERYBODY = /^\s*0\s+0\s+4294967295\s*$/;

/** Returns why there can be no node here, although we are root, as in most containers. Undefined if there can be one. */
export function obstacleToIsolation(): string | undefined {
  if (!EVERYBODY.test(readFileSync('/proc/self/uid_map', 'utf8'))) {
    return 'root is root in a user namespace only';
  }
  const tried = spawnSync('unshare', [...ISOLATED, 'mount', '-t', 'tmpfs', 'tmpfs', '/run'], { encoding: 'utf8' });
  if (tried.error || tried.status !== 0) {
    return tried.error?.message ?? tried.stderr.trim();
  }
  try {
    hierarchies().forEach((hierarchy) => accessSync(hierarchy, constants.W_OK));
    return undefined;
  } catch (error) {
    return `no control group can be made: ${String(error)}`;
  }
}

/**
 * Runs a command in network, mount and process namespaces of its own, so that a node with its bridges, packet filters,
 * mounts and containers can neither meet anything of this machine nor outlive the command.
 *
 * Namespaces do not hold the directory and the control groups. Both are gone, too, when `ended` resolves.
 */
export function runInNamespaces(command: readonly string[]): Inside {
  sweepControlGroups();
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const watchdog = startWatchdog(directory);
  const groups = makeControlGroups(basename(directory));
  const first = ['sh', join(import.meta.dirname, 'namespaces.sh'), directory];
  // The command has a process group of its own: ^C must not end what is needed to clean up.
  const child = spawn('unshare', [...ISOLATED, ...first, ...command], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_ADDRESS, SERVICE_RANGE, TMPDIR: directory, [DIRECTORY_VARIABLE]: directory },
  });
  const { pid } = child;
  if (pid !== undefined) {
    watchdog.guard(pid);
  }
  async function finish(): Promise<number> {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit) => resolve(exit ?? 1));
    });
    if (pid !== undefined) {
      watchdog.release(pid);
    }
    groups.forEach(removeControlGroup);
    await watchdog.dismiss();
    return code;
  }
  return {
    ended: finish(),
    kill() {
      if (pid !== undefined && child.exitCode === null && child.signalCode === null) {
        firstProcessOf(pid).forEach((first) => process.kill(first, 'SIGTERM'));
      }
    },
  };
}

/** Returns the first process in the namespaces of `unshare`. When it ends, all others end, before `unshare` does. */
function firstProcessOf(unshare: number): number[] {
  const children = readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

/** The control group for the pods of a node, in the form that the kubelet expects. */
export function controlGroupOf(directory: string): string {
  return `/${basename(directory)}`;
}

/** Makes a control group in each hierarchy, or in the only one. */
function makeControlGroups(name: string): string[] {
  const groups = hierarchies().map((hierarchy) => join(hierarchy, name));
  for (const group of groups) {
    mkdirSync(group, { recursive: true });
    for (const [file, share] of SHARES) {
      if (existsSync(join(group, file))) {
        writeFileSync(join(group, file), share);
      }
    }
  }
  return groups;
}

/** All pods together get the share of eight processes. Otherwise they would share that of a single one. */
const SHARES = [
  ['cpu.shares', String(8 * 1024)],
  ['cpu.weight', String(8 * 100)],
] as const;

function hierarchies(): string[] {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) {
    return [CGROUPS];
  }
  return readdirSync(CGROUPS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(CGROUPS, entry.name));
}

/** Removes the leftovers of nodes whose starter was killed. */
function sweepControlGroups(): void {
  for (const hierarchy of hierarchies()) {
    for (const name of readdirSync(hierarchy).filter((entry) => entry.startsWith(PREFIX))) {
      if (isGone(Number.parseInt(name.slice(PREFIX.length), 10))) {
        removeControlGroup(join(hierarchy, name));
      }
    }
  }
}

/** Removes a control group after its children. Its files are virtual and cannot be removed. */
function removeControlGroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      removeControlGroup(join(path, entry.name));
    }
  }
  rmdirSync(path);
}
