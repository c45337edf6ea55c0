import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { CHART, RELEASE } from '../../chart/helm.ts';
import { eventually } from '../support/kubectl.ts';
import { launchOperator, type OperatorProcess } from '../support/operator.ts';
import { commandsOf } from './documented.ts';
import { useOwnPlane } from './own-plane.ts';
import { PATIENTLY } from '../support/patience.ts';

const { disposable } = inject('controlPlane');
const NAMESPACE = 'provider-operator-system';
const IN = `--namespace=${NAMESPACE}`;
const CRDS = ['providers', 'providerinstallations', 'systemsoftwares'].map(
  (plural) => `crd/${plural}.provider-operator.io`,
);

/** The life of one release: each test goes on where the one before it has ended. */
describe.skipIf(!disposable)('a release of the chart', () => {
  const plane = useOwnPlane({ nodes: 2 });
  const { helm, kubectl } = plane;
  const document = commandsOf('docs/install.md', () => ({
    kubeconfig: plane.kubeconfig(),
    binaries: [helm.binary(), plane.kubectlBinary()],
  }));
  const folder = mkdtempSync(join(tmpdir(), 'provider-operator-chart-'));
  const older = join(folder, 'older');
  let operator: OperatorProcess | undefined;

  beforeAll(async () => {
    olderChart(older);
    await plane.addNamespace(NAMESPACE);
  });
  afterAll(async () => {
    operator?.signal('SIGTERM');
    await operator?.ended;
    rmSync(folder, { recursive: true });
  });

  /** Runs the command of docs/install.md that begins with these words. */
  async function run(words: string, ...flags: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await document.run(words, ...flags);
    expect({ code, stderr }, words).toMatchObject({ code: 0 });
    return stdout;
  }

  async function field(object: string, path: string, namespace = NAMESPACE): Promise<string> {
    return kubectl(['get', ...object.split(' '), '-n', namespace, '-o', `jsonpath=${path}`]);
  }

  /** The UIDs of the tenant's objects, which change when an object is made again. */
  async function tenant(): Promise<string[]> {
    return Promise.all(
      ['pi', 'deployments', 'services', 'pods'].map((kind) =>
        kubectl(['get', kind, '-n', 'default', '-o', 'jsonpath={.items[*].metadata.uid}']),
      ),
    );
  }

  it('is there when helm install --wait says so, with pods that are restricted', async () => {
    const notes = await helm.ok(['install', RELEASE, older, IN, '--wait', PATIENTLY]);

    expect(notes).toContain('STATUS: deployed');
    expect(await field(`deployment ${RELEASE}`, '{.status.availableReplicas}')).toBe('2');
    expect(await field('crd providers.provider-operator.io', '{.spec.names.shortNames}')).toBe('');
  });

  it('says as its next step what works as it is written', async () => {
    const notes = await helm.ok(['get', 'notes', RELEASE, IN]);
    const [, manifest = ''] = /^kubectl apply -f - <<'EOF'\n([^]*?)\nEOF$/m.exec(notes) ?? [];
    expect(manifest).toContain('ProviderInstallation');
    await kubectl(['apply', '-f', '-'], manifest);

    operator = await launchOperator({ KUBECONFIG: await plane.actAs(NAMESPACE, RELEASE), POD_NAMESPACE: NAMESPACE });
    await kubectl(['wait', '--for=condition=Ready', 'pi/shop', '-n', 'default', PATIENTLY]);
  });

  it('is upgraded with its CRDs when helm upgrade --wait says so, and touches no tenant', async () => {
    const before = await tenant();
    await run('helm upgrade', PATIENTLY, '--set=logLevel=debug');

    expect(await field('crd providers.provider-operator.io', '{.spec.names.shortNames}')).toBe('["prov"]');
    const env = await field(
      `deployment ${RELEASE}`,
      '{.spec.template.spec.containers[0].env[?(@.name=="LOG_LEVEL")].value}',
    );
    expect(env).toBe('debug');
    expect(await field(`deployment ${RELEASE}`, '{.status.updatedReplicas}')).toBe('2');
    expect(await tenant()).toEqual(before);
  });

  it('comes to its end with nothing to do where nothing has changed', async () => {
    const before = await field(`deployment ${RELEASE}`, '{.metadata.generation}');
    await run('helm upgrade', '--reuse-values');

    expect(await field(`deployment ${RELEASE}`, '{.metadata.generation}')).toBe(before);
  });

  it('is not upgraded where pods cannot become ready, and those that stand by stay', async () => {
    const broken = ['--set=image.repository=registry.example.com/never-ready', '--timeout=5s'];
    const { code, stderr } = await document.run('helm upgrade', ...broken);

    expect(stderr).toMatch(/context deadline exceeded|not ready|timed out/i);
    expect(code).toBe(1);
    expect(await field(`deployment ${RELEASE}`, '{.status.availableReplicas}')).toBe('2');
  });

  it('goes back with helm rollback --wait', async () => {
    const before = await tenant();
    await run('helm rollback', PATIENTLY);

    const [container] = JSON.parse(await field(`deployment ${RELEASE}`, '{.spec.template.spec.containers}')) as {
      image: string;
    }[];
    expect(container!.image).toMatch(/^provider-operator:/);
    expect(await field(`deployment ${RELEASE}`, '{.status.updatedReplicas}')).toBe('2');
    expect(await tenant()).toEqual(before);
  });

  it('leaves what tenants have when it is uninstalled, and finds it again', async () => {
    const before = await tenant();
    await run('helm uninstall', PATIENTLY);

    const left = await kubectl([
      'get',
      'all,sa,cm,pdb,netpol,role,rolebinding',
      '-n',
      NAMESPACE,
      '-l',
      `app.kubernetes.io/instance=${RELEASE}`,
    ]);
    expect(left).toBe('');
    expect(
      await kubectl(['get', 'clusterrole,clusterrolebinding', '-l', `app.kubernetes.io/instance=${RELEASE}`]),
    ).toBe('');
    await kubectl(['get', ...CRDS]);
    expect(await tenant()).toEqual(before);

    await run(`helm install ${RELEASE} ${CHART} --namespace`, PATIENTLY);
    expect(await tenant()).toEqual(before);
  });

  it('takes what tenants have with it only where crds.keep is false', async () => {
    await run('helm upgrade', '--set=crds.keep=false');
    await run('helm uninstall', PATIENTLY);

    await eventually(async () => (await kubectl(['get', ...CRDS, '--ignore-not-found'])) === '');
  });

  it('takes over CRDs that kubectl has installed when it is told to', async () => {
    await kubectl(['apply', '--server-side', '-k', 'crds/']);
    const { code, stderr } = await document.run(`helm install ${RELEASE} ${CHART} --namespace`);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exists and cannot be imported'),
    });

    await run(`helm install ${RELEASE} ${CHART} --take-ownership`, PATIENTLY);
    await run('helm uninstall');
    await kubectl(['get', ...CRDS]);
  });

  it('is the same by kubectl, without Helm', async () => {
    await kubectl(['delete', 'namespace', NAMESPACE]);
    await kubectl(['delete', ...CRDS]);
    await run('kubectl apply');
    await run('kubectl rollout status');

    const label = '{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}';
    expect(await field(`namespace ${NAMESPACE}`, label)).toBe('restricted');
    await run('kubectl delete');
    expect(await kubectl(['get', ...CRDS, '--ignore-not-found'])).toBe('');
  });

  it('is all that docs/install.md says, but for what takes a real node', () => {
    expect(document.left).toEqual([expect.stringMatching(/^helm test /)]);
  });
});

/** Writes a chart like an earlier release: with another version, and a CRD that lacks a field. */
function olderChart(folder: string): void {
  cpSync(CHART, folder, { recursive: true });
  const file = join(folder, 'Chart.yaml');
  const chart = parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, stringify({ ...chart, version: '0.0.1' }));
  const crd = join(folder, 'templates', 'crds', 'providers.yaml');
  const text = readFileSync(crd, 'utf8');
  const without = text.replace(/ {4}shortNames:\n {6}- prov\n/, '');
  expect(without).not.toBe(text);
  writeFileSync(crd, without);
}
