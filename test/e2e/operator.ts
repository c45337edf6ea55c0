import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { NODE_ENV, NODE_FLAGS } from '../../tools/bundle.ts';
import { eventually, get, kubectl, type KubernetesObject } from '../integration/support/kubectl.ts';
import { engineHost } from '../node/engine.ts';
import { NAMESPACE, testRelease } from './operator-install.ts';
import { processesOf, statusOf, type ContainerProcess } from './processes.ts';

interface ImageConfig {
  readonly User: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Prints a figure for the reader of the log. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Tests the image that was built, as the chart runs it. Call it after everything that makes work for the operator. */
export function describeOperator(): void {
  const { directory, image } = inject('node');
  const { kubeconfig } = inject('controlPlane');

  it('the image adds at most 10 MB to its base', () => {
    const added = (image.bytes - (image.baseBytes ?? 0)) / 1e6;
    print(`Image: ${(image.bytes / 1e6).toFixed(1)} MB, ${added.toFixed(1)} MB over its base`);
    expect(added).toBeLessThan(10);
  });

  it('the image says what it is, and has what it is made of', () => {
    const env = { ...process.env, DOCKER_HOST: engineHost(directory) };
    const docker = (...args: string[]) => execFileSync('docker', args, { env, encoding: 'utf8' });
    const { Labels, User } = JSON.parse(
      docker('image', 'inspect', '--format', '{{json .Config}}', image.tag),
    ) as ImageConfig;
    expect(User).toBe('65532:65532');
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': manifest.name,
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': manifest.license,
      'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}$/) as string,
    });

    const [{ pid } = { pid: 0 }] = replicasNow();
    const inImage = (file: string) => readFileSync(`/proc/${pid}/root/${file}`, 'utf8');
    const { components } = JSON.parse(inImage('sbom.cdx.json')) as { components: { name: string; version: string }[] };
    const bundled = components.map(({ name, version }) => `${name}@${version}`);
    expect(bundled).toEqual(expect.arrayContaining(Object.entries(manifest.dependencies).map((d) => d.join('@'))));
    expect(
      inImage('THIRD_PARTY_LICENSES')
        .match(/^\S+@\d\S*(?=: )/gm)
        ?.sort(),
    ).toEqual(bundled.sort());
  });

  it('each replica runs as nobody, may change nothing, and is started as it was measured', () => {
    const replicas = replicasNow();
    expect(replicas).toHaveLength(2);
    for (const replica of replicas) {
      expect(replica.commandLine).toEqual(['/nodejs/bin/node', ...NODE_FLAGS, '/provider-operator.mjs']);
      expect(replica.env).toMatchObject(NODE_ENV);
      expect(['Uid', 'Gid'].map((line) => statusOf(replica, line).split('\t'))).toEqual([
        Array(4).fill('65532'),
        Array(4).fill('65532'),
      ]);
      expect(['CapBnd', 'NoNewPrivs', 'Seccomp'].map((line) => Number(`0x${statusOf(replica, line)}`))).toEqual([
        0, 1, 2,
      ]);
      expect(rootMountOf(replica)).toMatch(/^ro,/);
    }
  });

  it('takes at most 120 MB of memory after all that', () => {
    const megabytes = replicasNow().map((replica) => Math.round(Number.parseInt(statusOf(replica, 'VmRSS')) / 1000));
    print(`Memory (RSS): ${megabytes.join(' and ')} MB`);
    expect(Math.max(...megabytes)).toBeLessThan(120);
  });

  it('stops before it is killed, hands the Lease over, and another one takes its place', async () => {
    const before = replicasNow();
    const holder = await holderOfLease();
    const leader = await leaderNow();
    const grace = Number(await fieldOf(holder, '{.spec.terminationGracePeriodSeconds}'));

    const asked = performance.now();
    await kubectl(['delete', 'pod', holder, '-n', NAMESPACE, '--wait=false']);
    await eventually(async () => !replicasNow().some(({ pid }) => pid === leader.pid));
    const stopped = performance.now() - asked;
    await eventually(async () => !['', holder].includes(await holderOfLease()));
    const handedOver = performance.now() - asked;

    const started = await eventually(async () => replicasNow().find(({ pid }) => before.every((b) => b.pid !== pid)));
    await eventually(async () => (await fetch(`http://${await addressOf(started)}:8081/readyz`)).ok);
    const ready = ageOf(started);
    const seconds = [stopped / 1000, handedOver / 1000, ready].map((s) => s.toFixed(1));
    print(`Stopped ${seconds[0]} s after it was asked, another one led after ${seconds[1]} s`);
    print(`Ready ${seconds[2]} s after its start`);
    expect(stopped / 1000, 'seconds').toBeLessThan(grace);
  });

  it('helm test finds it well', async () => {
    expect(await testRelease(directory, kubeconfig)).toMatch(/Phase:\s+Succeeded/);
  });
}

function replicasNow(): ContainerProcess[] {
  return processesOf('/provider-operator.mjs');
}

/** Returns the process of the replica that leads. */
export function leaderNow(): Promise<ContainerProcess> {
  return eventually(async () => {
    const holder = await holderOfLease();
    return replicasNow().find(({ env }) => env['HOSTNAME'] === holder);
  });
}

/** Returns the name of the pod whose replica leads. */
async function holderOfLease(): Promise<string> {
  const { spec } = await get<KubernetesObject & { spec: { holderIdentity?: string } }>(
    'lease',
    'provider-operator',
    NAMESPACE,
  );
  return spec.holderIdentity?.split('_')[0] ?? '';
}

function fieldOf(pod: string, path: string): Promise<string> {
  return kubectl(['get', 'pod', pod, '-n', NAMESPACE, '-o', `jsonpath=${path}`]);
}

async function addressOf({ env }: ContainerProcess): Promise<string> {
  const address = await fieldOf(env['HOSTNAME']!, '{.status.podIP}');
  if (address === '') {
    throw new Error('The kubelet has not told its address yet');
  }
  return address;
}

/** Returns the options with which the root of a process is mounted. */
function rootMountOf({ pid }: ContainerProcess): string {
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
  return mounts.map((line) => line.split(' ')).find((fields) => fields[4] === '/')?.[5] ?? '';
}

const TICKS_PER_SECOND = 100;

/** Seconds since the kernel started it. */
function ageOf({ pid }: ContainerProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses, which may contain anything.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const [uptime = 0] = readFileSync('/proc/uptime', 'utf8').split(' ').map(Number);
  return uptime - ticks / TICKS_PER_SECOND;
}
