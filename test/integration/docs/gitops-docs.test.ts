import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { moduleDirectory, type PinnedModule } from '../../gitops/go-module.ts';
import { runProgram } from '../../gitops/go-program.ts';
import { eventually, get, kubectl } from '../support/kubectl.ts';
import { asTyped } from '../support/typed.ts';

/** Where the released CRDs of the tools are. The CRD of HelmRelease is not available, but its Go type is. */
const CRDS: readonly (PinnedModule & { readonly file: string; readonly name: string })[] = [
  {
    path: 'github.com/fluxcd/kustomize-controller',
    version: 'v1.9.6',
    sum: 'h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=',
    file: 'config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml',
    name: 'kustomizations.kustomize.toolkit.fluxcd.io',
  },
  {
    path: 'github.com/fluxcd/source-controller',
    version: 'v1.9.6',
    sum: 'h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=',
    file: 'config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml',
    name: 'ocirepositories.source.toolkit.fluxcd.io',
  },
  {
    path: 'github.com/argoproj/argo-cd/v3',
    version: 'v3.5.7',
    sum: 'h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=',
    file: 'manifests/crds/application-crd.yaml',
    name: 'applications.argoproj.io',
  },
];
const NAMESPACES = ['flux-system', 'argocd'];

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly dependsOn?: readonly { readonly name: string }[] };
}

function manifestsIn(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest);
}

describe.skipIf(!inject('controlPlane').disposable)('the examples in docs/gitops', () => {
  beforeAll(async () => {
    for (const namespace of NAMESPACES) {
      await kubectl(['create', 'namespace', namespace]);
    }
    for (const crd of CRDS) {
      await kubectl(['apply', '--server-side', '-f', join(await moduleDirectory(crd), crd.file)]);
      await eventually(() => kubectl(['wait', '--for=condition=Established', 'crd', crd.name, '--timeout=10s']));
    }
    await kubectl(['api-resources']);
  });
  afterAll(async () => {
    await kubectl(['delete', 'crd', ...CRDS.map((crd) => crd.name)]);
    await kubectl(['delete', 'namespace', ...NAMESPACES, '--wait=false']);
  });

  it.each([
    ['docs/gitops/flux/operator.yaml', 'OCIRepository'],
    ['docs/gitops/flux/kustomizations.yaml', 'Kustomization'],
    ['docs/gitops/argocd/application.yaml', 'Application'],
  ])('%s has what the tool takes, and no field that it does not know', async (file, kind) => {
    const items = manifestsIn(file).filter((manifest) => manifest.kind === kind);
    const list = { apiVersion: 'v1', kind: 'List', items };

    expect(items.length).toBeGreaterThan(0);
    expect(await kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], list)).toContain(
      'serverside-applied',
    );
  });

  it('a HelmRelease is what helm-controller reads, which knows every field of it', async () => {
    const release = manifestsIn('docs/gitops/flux/operator.yaml').find((manifest) => manifest.kind === 'HelmRelease');

    await expect(runProgram('helmrelease', JSON.stringify(release))).resolves.toBe('');
    await expect(runProgram('helmrelease', JSON.stringify({ ...release, specs: {} }))).rejects.toThrow('specs');
  });

  it('what one Kustomization depends on is another one', () => {
    const all = manifestsIn('docs/gitops/flux/kustomizations.yaml');
    const names = all.map((manifest) => manifest.metadata.name);
    const needed = all.flatMap((manifest) => manifest.spec.dependsOn ?? []).map((dependency) => dependency.name);

    expect(needed).toEqual(['operator', 'catalogue']);
    expect(names).toEqual(expect.arrayContaining(needed));
  });

  it('the command for Argo CD gives each kind the script that was tested', async () => {
    const [, command = ''] = /```sh\n(.*)\n```/.exec(readFileSync('docs/gitops/argocd/README.md', 'utf8')) ?? [];
    await kubectl([
      'create',
      'configmap',
      'argocd-cm',
      '-n',
      'argocd',
      '--from-literal=url=https://argocd.example.com',
    ]);
    await asTyped(command);

    const { data } = (await get('configmap', 'argocd-cm', 'argocd')) as unknown as { data: Record<string, string> };
    const script = readFileSync('docs/gitops/argocd/health.lua', 'utf8');
    expect(data).toEqual({
      url: 'https://argocd.example.com',
      ...Object.fromEntries(
        ['ProviderInstallation', 'Provider', 'SystemSoftware'].map((kind) => [
          `resource.customizations.health.provider-operator.io_${kind}`,
          script,
        ]),
      ),
    });
  });
});
