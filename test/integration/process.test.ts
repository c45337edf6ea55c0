import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { readAudit } from '../control-plane/audit.ts';
import { auditLog, cleanUp, installation, prepare, provider, release } from './support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from './support/kubectl.ts';
import { startOperator as start, type RunningOperator } from './support/operator.ts';
import { startTruthChecker } from './support/truth.ts';

const namespace = 'process';
beforeAll(() => prepare(namespace));
afterAll(() => cleanUp(namespace));

/** Starts an operator that ends with the test, whatever came out. */
async function startOperator(): Promise<RunningOperator> {
  const operator = await start();
  onTestFinished(async () => {
    await operator.stop();
  });
  return operator;
}

/** Runs the operator to its end. */
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

describe.skipIf(!inject('controlPlane').disposable)('counted in the audit log', () => {
  const runtime = {
    ports: [
      { name: 'http', containerPort: 8080, servicePort: 80 },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
    ],
    command: ['serve'],
    args: ['--name=$(NAME)'],
    env: [{ name: 'NAME', value: 'web' }, { name: 'EMPTY', value: '' }, { name: 'UNSET' }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' }, initialDelaySeconds: 0, periodSeconds: 3 },
    livenessProbe: { exec: { command: ['true'] }, failureThreshold: 5 },
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      readOnlyRootFilesystem: false,
      addCapabilities: ['NET_BIND_SERVICE'],
    },
    volumes: [
      { name: 'scratch', emptyDir: {} },
      { name: 'none', configMap: { name: 'none', items: [], optional: true } },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1024Mi' } },
      {
        name: 'files',
        configMap: { name: 'files', items: [{ key: 'a', path: 'b' }], defaultMode: 256, optional: true },
      },
      { name: 'secret', secret: { secretName: 'secret', optional: false } },
      { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldPath: 'metadata.labels' }] } },
    ],
    volumeMounts: [
      { name: 'scratch', mountPath: '/scratch', readOnly: false },
      { name: 'memory', mountPath: '/memory' },
      { name: 'files', mountPath: '/files', readOnly: true },
      { name: 'secret', mountPath: '/secret', subPath: '' },
      { name: 'self', mountPath: '/self' },
    ],
  };
  const tiers = {
    performance: {
      replicas: 3,
      resources: { requests: { cpu: '1000m', memory: '0.5Gi' }, limits: { cpu: '1.5', memory: '1024Mi' } },
    },
  };

  /** What the operator asked for since `offset`, but for watches. */
  async function requests(offset: number) {
    const { events, nextOffset } = await readAudit(auditLog(), offset);
    // A Provider is of no namespace, and its events are in `default`.
    const own = events.filter(
      (e) =>
        e.userAgent.startsWith('provider-operator/') &&
        e.namespace === namespace &&
        !['watch', 'list'].includes(e.verb),
    );
    return { own: own.map((e) => `${e.verb} ${[e.resource, e.subresource].filter(Boolean).join('/')}`), nextOffset };
  }

  it('an install costs its budget, a release with everything comes to rest, and a restart writes nothing', async () => {
    const whole = provider('whole', release('1.0.0', { runtime })) as { spec: object };
    await apply({ ...whole, spec: { ...whole.spec, tiers } });
    let operator = await startOperator();
    await eventually(
      async () =>
        (await kubectl(['get', 'provider', 'whole.web', '-o', 'jsonpath={.status.publishedVersions}'])) === '1',
    );
    let offset = (await readAudit(auditLog(), 0)).nextOffset;

    await apply(
      installation(namespace, 'whole', {
        provider: 'whole/web',
        resourceTier: 'performance',
        config: { A: '', B: '$(X)' },
      }),
    );
    await waitFor('Ready', 'pi/whole', namespace);
    await operator.stop();
    const install = await requests(offset);
    expect(install.own.filter((r) => !r.endsWith('events')).sort()).toEqual([
      'patch deployments',
      'patch poddisruptionbudgets',
      'patch providerinstallations/status',
      'patch providerinstallations/status',
      'patch services',
    ]);
    expect(install.own.filter((r) => r.endsWith('events')).length).toBeLessThanOrEqual(2);

    operator = await startOperator();
    await eventually(async () => /"msg":"Watching"/.test(operator.output()));
    await eventually(async () =>
      /reconcile_total\{controller="providerinstallation",result="success"\} [1-9]/.test(
        await (await fetch(`${operator.url}/metrics`)).text(),
      ),
    );
    await operator.stop();
    offset = install.nextOffset;
    expect((await requests(offset)).own).toEqual([]);
  });

  it('an upgrade costs its budget', async () => {
    await apply(
      provider('cheap', '1.0.0', '1.1.0'),
      installation(namespace, 'cheap', { provider: 'cheap/web', version: '1.0.0' }),
    );
    const operator = await startOperator();
    await waitFor('Ready', 'pi/cheap', namespace);
    const offset = (await readAudit(auditLog(), 0)).nextOffset;
    await kubectl(['patch', 'pi/cheap', '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.1.0"}}']);
    await waitFor('Ready', 'pi/cheap', namespace);
    await operator.stop();
    const { own } = await requests(offset);
    expect(own.filter((r) => r === 'patch deployments')).toHaveLength(1);
    expect(own.filter((r) => r === 'patch providerinstallations/status').length).toBeLessThanOrEqual(3);
    expect(own.filter((r) => r.endsWith('events')).length).toBeLessThanOrEqual(3);
    expect(own.filter((r) => /services|budgets|get/.test(r))).toEqual([]);
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
