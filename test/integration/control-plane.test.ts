import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { readAudit } from '../control-plane/audit.ts';
import { startControlPlane } from '../control-plane/boot.ts';
import { PATIENCE_MS, PATIENTLY } from './support/patience.ts';

const cluster = inject('controlPlane');

// With TEST_KUBECONFIG there is no control plane of ours to test. Without /proc its leftover processes cannot be found.
describe.skipIf(!cluster.disposable || !existsSync('/proc'))('the disposable control plane', () => {
  let temporary: string;

  beforeEach(() => {
    // The directory is inside that of the run's control plane, so that even a killed test run leaves nothing.
    temporary = mkdtempSync(join(dirname(cluster.kubeconfig), 'test-'));
    vi.stubEnv('TMPDIR', temporary);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true });
  });

  it('runs beside another one, survives the end of its apiserver, and stops without a trace', async () => {
    const planes = await Promise.all([startControlPlane({ nodes: 1 }), startControlPlane({ nodes: 2 })]);
    const [first, second] = planes;
    let wasDown = false;
    await first.restartApiServer(async () => {
      wasDown = (await namesOf('nodes', first.kubeconfig).catch(() => undefined)) === undefined;
    });

    const nodes = await Promise.all(planes.map((plane) => namesOf('nodes', plane.kubeconfig)));
    const before = planes.map((plane) => processesOf(plane.directory).length);
    await Promise.all([...planes.map((plane) => plane.stop()), second.stop()]);

    expect(wasDown).toBe(true);
    expect(nodes).toEqual([['node-1'], ['node-1', 'node-2']]);
    // Five components and the watchdog.
    expect(before).toEqual([6, 6]);
    expect(planes.flatMap((plane) => processesOf(plane.directory))).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each`
    signal       | ending
    ${'SIGINT'}  | ${{ code: 0, killedBy: null }}
    ${'SIGTERM'} | ${{ code: 0, killedBy: null }}
    ${'SIGKILL'} | ${{ code: null, killedBy: 'SIGKILL' }}
  `('leaves nothing when the process that started it gets $signal', async ({ signal, ending }) => {
    const main = spawn(process.execPath, [join(import.meta.dirname, '../control-plane/main.ts')]);
    const directory = dirname(await kubeconfigSaidBy(main.stdout));
    const running = processesOf(directory).length;

    main.kill(signal as NodeJS.Signals);
    const [code, killedBy] = (await once(main, 'exit')) as [number | null, string | null];

    expect(running).toBe(6);
    expect({ code, killedBy }).toEqual(ending);
    await expect.poll(() => processesOf(directory), { timeout: PATIENCE_MS }).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  it('says which component did not start and why, and leaves nothing', async () => {
    const start = startControlPlane({ apiServerFlags: ['--no-such-flag'] });

    await expect(start).rejects.toThrow(/kube-apiserver has ended unexpectedly:[^]*unknown flag: --no-such-flag/);
    expect(readdirSync(temporary)).toEqual([]);
    expect(processesOf(temporary)).toEqual([]);
  });

  it('knows the operator as a user without rights of its own, and writes down what it asks', async () => {
    const from = (await readAudit(cluster.auditLog!, 0)).nextOffset;

    const refusal = await namesOf('secrets', cluster.operatorKubeconfig).catch(String);

    expect(refusal).toContain('User "provider-operator" cannot list resource "secrets"');
    const { events } = await readAudit(cluster.auditLog!, from);
    expect(events.filter((e) => e.user === 'provider-operator' && e.resource === 'secrets')).toEqual([
      {
        stage: 'ResponseComplete',
        verb: 'list',
        user: 'provider-operator',
        userAgent: expect.stringContaining('kubectl'),
        group: '',
        resource: 'secrets',
        subresource: '',
        namespace: 'default',
        name: '',
        manager: '',
        code: 403,
        receivedAt: expect.any(Number),
        loggedAt: expect.any(Number),
      },
    ]);
  });
});

describe.skipIf(!cluster.disposable).concurrent('the fake nodes', () => {
  it.each`
    image              | phase        | waiting               | restarts | exitCode
    ${'never-ready'}   | ${'Running'} | ${undefined}          | ${0}     | ${undefined}
    ${'crash-loop'}    | ${'Running'} | ${'CrashLoopBackOff'} | ${5}     | ${1}
    ${'no-such-image'} | ${'Pending'} | ${'ImagePullBackOff'} | ${0}     | ${undefined}
  `('never get a release whose image is $image ready, while the old one stays up', async (row) => {
    const name: string = row.image;
    await kubectl(['create', 'deployment', name, '--image=registry.test/acme/db:1.0.0', '--replicas=2']);
    await kubectl(['rollout', 'status', `deployment/${name}`, PATIENTLY]);

    const template = { spec: { containers: [{ name: 'db', image: `registry.test/acme/db:2.0.0-${name}` }] } };
    await kubectl([
      'patch',
      'deployment',
      name,
      '-p',
      JSON.stringify({ spec: { progressDeadlineSeconds: 5, template } }),
    ]);
    const progressing = '--for=jsonpath={.status.conditions[?(@.type=="Progressing")].reason}=ProgressDeadlineExceeded';
    await kubectl(['wait', `deployment/${name}`, progressing, PATIENTLY]);

    const deployment = JSON.parse(await kubectl(['get', 'deployment', name, '-o=json'])) as DeploymentObject;
    expect(deployment.status).toMatchObject({
      replicas: 3,
      updatedReplicas: 1,
      readyReplicas: 2,
      availableReplicas: 2,
    });
    const pods = JSON.parse(await kubectl(['get', 'pods', '-l', `app=${name}`, '-o=json'])) as { items: PodObject[] };
    const bad = pods.items.find((pod) => pod.spec.containers[0]?.image.endsWith(name));
    const container = bad?.status.containerStatuses?.[0];
    expect({
      phase: bad?.status.phase,
      ready: bad?.status.conditions?.find((c) => c.type === 'Ready')?.status,
      scheduled: bad?.status.conditions?.find((c) => c.type === 'PodScheduled')?.status,
      waiting: container?.state?.waiting?.reason,
      restarts: container?.restartCount,
      exitCode: container?.lastState?.terminated?.exitCode,
    }).toEqual({
      phase: row.phase,
      ready: 'False',
      scheduled: 'True',
      waiting: row.waiting,
      restarts: row.restarts,
      exitCode: row.exitCode,
    });

    await kubectl(['delete', 'deployment', name]);
    await kubectl(['wait', '--for=delete', 'pod', '-l', `app=${name}`, PATIENTLY]);
  });
});

interface DeploymentObject {
  readonly status: Readonly<Record<string, unknown>>;
}

interface PodObject {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly restartCount: number;
  readonly state?: { readonly waiting?: { readonly reason: string } };
  readonly lastState?: { readonly terminated?: { readonly exitCode: number } };
}

async function kubectl(words: readonly string[], kubeconfig = cluster.kubeconfig): Promise<string> {
  const { stdout } = await promisify(execFile)(cluster.kubectl, ['--kubeconfig', kubeconfig, ...words]);
  return stdout;
}

async function namesOf(resource: string, kubeconfig: string): Promise<string[]> {
  const list = await kubectl(['get', resource, '-o=name'], kubeconfig);
  return list
    .trim()
    .split('\n')
    .map((line) => line.slice(line.indexOf('/') + 1));
}

async function kubeconfigSaidBy(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const path = /^export KUBECONFIG=(\S+)/.exec(line)?.[1];
    if (path !== undefined) {
      // The rest is read and dropped, or the process would block on a full pipe.
      output.resume();
      return path;
    }
  }
  throw new Error('It ended without saying where its kubeconfig is');
}

/** The command lines that contain `directory`, as those of a control plane do. A zombie has none, and counts as gone. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        // The process ended between the listing and the reading.
        return '';
      }
    })
    .filter((line) => line.includes(directory));
}
