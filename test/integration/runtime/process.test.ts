import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from '../support/kubectl.ts';
import { startOperator as start, type RunningOperator } from '../support/operator.ts';
import { startTruthChecker } from '../support/truth.ts';

const namespace = 'process';
beforeAll(() => prepare(namespace));
afterAll(() => cleanUp(namespace));

/** Starts an operator that is stopped at the end of the test, even if the test fails. */
async function startOperator(): Promise<RunningOperator> {
  const operator = await start();
  onTestFinished(async () => {
    await operator.stop();
  });
  return operator;
}

/** Runs the operator until it ends. */
function end(env: Readonly<Record<string, string>>): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ['src/main.ts'], { env: { PATH: process.env['PATH'], ...env } });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

describe('what cannot work ends at once with exit code 2 and one sentence', () => {
  it.each([
    ['a wrong setting', { WORKERS: 'many' }, /Correct the environment: WORKERS/],
    [
      'a config that is not there',
      { OPERATOR_CONFIG: '/nowhere.yaml' },
      /Correct OPERATOR_CONFIG: cannot read "\/nowhere.yaml"/,
    ],
    ['no cluster', { KUBECONFIG: '/nowhere', HOME: '/nowhere' }, /KUBECONFIG/],
  ])('%s', async (_, env, message) => {
    const { code, stderr } = await end(env);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});

describe('a running operator', () => {
  it('answers probes, counts what it does, and stops cleanly on SIGTERM', async () => {
    const operator = await startOperator();
    const text = async (path: string) => (await fetch(`${operator.url}${path}`)).text();
    expect(await text('/livez')).toBe('ok\n');
    expect(await text('/readyz')).toBe('ok\n');
    expect((await fetch(`${operator.url}//`)).status, 'an odd path harms nobody').toBe(404);

    await apply(provider('counted', '1.0.0'), installation(namespace, 'counted', { provider: 'counted/web' }));
    await waitFor('Ready', 'pi/counted', namespace);
    const metrics = await text('/metrics');
    expect(metrics).toMatch(
      /controller_runtime_reconcile_total\{controller="providerinstallation",result="success"\} [1-9]/,
    );
    expect(metrics).toMatch(/rest_client_requests_total\{code="200",method="PATCH",host="127\.0\.0\.1:\d+"\} [1-9]/);
    expect(metrics).toMatch(/workqueue_depth\{name="providerinstallation"\} 0/);
    expect(metrics).toMatch(/controller_runtime_max_concurrent_reconciles\{controller="providerinstallation"\} 16/);

    expect(await operator.stop()).toBe(0);
    const lines = operator
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; reconcileID?: string });
    expect(lines.at(-1)?.msg).toBe('Stopped');
    expect(lines.find((l) => l.msg === 'Wrote a child')?.reconcileID).toMatch(/^\w+$/);
  });
});

describe('the truth checker', () => {
  it('finds a planted lie', async () => {
    const truth = await startTruthChecker();
    await apply(installation(namespace, 'liar', { provider: 'nobody/web' }));
    const { metadata } = await get<InstallationObject>('pi', 'liar', namespace);
    const lie = {
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'UpToDate',
            message: 'Trust me',
            observedGeneration: metadata.generation,
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    };
    await kubectl([
      'patch',
      'pi/liar',
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify(lie),
    ]);
    expect(await truth.stop()).toEqual([expect.stringContaining('process/liar generation 1') as string]);
    await kubectl(['delete', 'pi/liar', '-n', namespace]);
  });

  it('finds one about a Deployment that is still rolling out', async () => {
    await apply(provider('slow', '1.0.0', release('1.1.0', { image: 'registry.example.com/acme/never-ready:1' })));
    await apply(
      installation(namespace, 'slow', {
        provider: 'slow/web',
        version: '1.0.0',
        upgradePolicy: 'manual',
        resourceTier: 'standard',
      }),
    );
    const truth = await startTruthChecker();
    const operator = await startOperator();
    await waitFor('Ready', 'pi/slow', namespace);
    await kubectl(['patch', 'pi/slow', '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.1.0"}}']);
    await eventually(async () =>
      (await get<DeploymentObject>('deployment', 'slow', namespace)).spec.template.spec.containers[0]?.image.includes(
        'never-ready',
      ),
    );
    await operator.stop();
    const { metadata, status } = await get<InstallationObject>('pi', 'slow', namespace);
    const conditions = status.conditions?.map((c) =>
      c.type === 'Ready' ? { ...c, status: 'True', observedGeneration: metadata.generation } : c,
    );
    await kubectl([
      'patch',
      'pi/slow',
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status: { conditions } }),
    ]);
    expect(await truth.stop()).toEqual([expect.stringContaining('is Ready before its pods were') as string]);
  });
});
