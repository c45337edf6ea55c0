import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Say } from '../control-plane/progress.ts';

/** The files that the node needs, each with the Debian package that has it. */
const NEEDED: readonly (readonly [file: string, debianPackage: string])[] = [
  ['containerd', 'containerd'],
  ['runc', 'runc'],
  ['/usr/lib/cni/ptp', 'containernetworking-plugins'],
  ['nft', 'nftables'],
  ['iptables', 'iptables'],
  ['conntrack', 'conntrack'],
  ['socat', 'socat'],
  ['ip', 'iproute2'],
  ['dockerd', 'docker.io'],
  ['docker', 'docker.io'],
  ['busybox', 'busybox-static'],
];

/** The PATH with the directories of administrators' programs, which not everybody's has. */
const PATH = [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);

/** Installs the missing packages. Returns a sentence that says why they cannot be installed, if so. */
export function installMissingPackages(say: Say): string | undefined {
  process.env['PATH'] = PATH;
  const missing = [...new Set(NEEDED.filter(([file]) => !isThere(file)).map(([, name]) => name))];
  if (missing.length === 0) {
    return undefined;
  }
  say(`Installing Debian's packages ${missing.join(' ')} by apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const apt = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (apt.error || apt.status !== 0) {
      const why = apt.error?.message ?? apt.stderr.trim().split('\n').at(-1);
      return `apt-get cannot install ${missing.join(' ')} (${why})`;
    }
  }
  return undefined;
}

function isThere(file: string): boolean {
  return PATH.split(delimiter).some((folder) => existsSync(file.startsWith('/') ? file : join(folder, file)));
}
