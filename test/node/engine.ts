import { join } from 'node:path';
import { containerdSocket } from './containerd.ts';

/** The address of the engine that images are built with, as DOCKER_HOST has it. */
export function engineHost(directory: string): string {
  return `unix://${join(directory, 'docker.sock')}`;
}

/** The flags of an engine that only builds images: it has no network, and leaves no traces outside of `directory`. */
export function engineFlags(directory: string): string[] {
  return [
    `--host=${engineHost(directory)}`,
    `--containerd=${containerdSocket(directory)}`,
    `--data-root=${join(directory, 'docker')}`,
    `--exec-root=${join(directory, 'docker-run')}`,
    `--pidfile=${join(directory, 'docker.pid')}`,
    '--bridge=none',
    '--iptables=false',
    '--ip6tables=false',
  ];
}
