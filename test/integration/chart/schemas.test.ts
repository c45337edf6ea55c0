import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, CHART, objectsIn, RELEASE, useHelm } from '../../chart/helm.ts';
import { foreignCrds, SCHEMA_FILE, writeApiSchemas, writeCustomSchemas } from '../../chart/json-schemas.ts';
import { run } from '../../chart/run.ts';
import { ensureGoTool } from '../../control-plane/go-tool.ts';
import { kubectl } from '../support/kubectl.ts';

const helm = useHelm();
const schemas = mkdtempSync(join(tmpdir(), 'provider-operator-schemas-'));
let kubeconform = '';

beforeAll(async () => {
  kubeconform = await ensureGoTool('kubeconform');
  writeApiSchemas(schemas, await kubectl(['get', '--raw', '/openapi/v2']));
  writeCustomSchemas(schemas, [...globSync('crds/*s.yaml'), ...foreignCrds()]);
}, BUILD_MS);
afterAll(() => rmSync(schemas, { recursive: true }));

interface Report {
  readonly resources?: readonly { readonly kind: string; readonly status: string; readonly msg: string }[];
  readonly summary: { readonly valid: number };
}

/** The complaints of kubeconform about manifests, and how many it finds valid. */
async function judge(manifests: string): Promise<{ complaints: string[]; valid: number }> {
  const location = `-schema-location=${join(schemas, SCHEMA_FILE)}`;
  const child = spawn(kubeconform, ['-strict', '-summary', '-output=json', location, '-']);
  child.stdin.end(manifests);
  const { stdout, stderr } = await run(child);
  expect(stderr).toBe('');
  const { resources = [], summary } = JSON.parse(stdout) as Report;
  return { complaints: resources.map(({ kind, msg }) => `${kind}: ${msg}`), valid: summary.valid };
}

describe('what the API server would not understand', () => {
  it.for(globSync(`${CHART}/ci/*.yaml`).toSorted())('is not in the chart with %s', async (file) => {
    const manifests = await helm.ok(['template', RELEASE, CHART, '--namespace=operators', `--values=${file}`]);
    const { complaints, valid } = await judge(manifests);

    expect(complaints).toEqual([]);
    expect(valid).toBe(objectsIn(manifests).length);
  });

  it.for(['deploy/install.yaml', 'deploy/rbac.yaml', ...globSync('examples/**/*.yaml').toSorted()])(
    'is not in %s',
    async (file) => {
      const { complaints, valid } = await judge(readFileSync(file, 'utf8'));

      expect(complaints).toEqual([]);
      expect(valid).toBeGreaterThan(0);
    },
  );

  it.each([
    ['a field of a Deployment', 'apps/v1', 'Deployment', { replica: 2 }],
    ['a field of a monitor', 'monitoring.coreos.com/v1', 'ServiceMonitor', { selektor: {} }],
    [
      'a field of a Certificate',
      'cert-manager.io/v1',
      'Certificate',
      { secret: 'a', secretName: 'a', issuerRef: { name: 'a' } },
    ],
    ['a field of a route', 'gateway.networking.k8s.io/v1', 'HTTPRoute', { hostname: 'a' }],
    ['a field of ours', 'provider-operator.io/v1alpha1', 'ProviderInstallation', { provider: 'a/b', versoin: '1.0.0' }],
  ])('is found: %s', async (_, apiVersion, kind, spec) => {
    const { complaints } = await judge(JSON.stringify({ apiVersion, kind, metadata: { name: 'x' }, spec }));

    expect(complaints).toEqual([expect.stringMatching(/additional properties '\w+' not allowed/)]);
  });
});
