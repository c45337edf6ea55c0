import { describe, expect, it } from 'vitest';
import {
  projectContent,
  projectInstallation,
  projectProvider,
  projectSoftware,
} from '../../../src/reconcile/project.ts';
import { ANNOTATION } from '../../../src/api/names.ts';
import { projectDeployment } from '../../../src/reconcile/project-children.ts';
import { config } from '../../support/builders.ts';

const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 1 };

describe('what is stored, however odd, never stops the operator', () => {
  it.each([
    ['no spec', undefined],
    ['an empty spec', {}],
    ['a number for config', { provider: 'acme/web', config: 1 }],
    ['a bad version', { provider: 'acme/web', version: 'latest' }],
    ['a bad provider', { provider: '../etc' }],
  ])('an installation with %s says what is wrong', (_, spec) => {
    expect(projectInstallation({ metadata, spec }).invalid).toMatch(/^[a-zA-Z.]+: /);
  });

  it('null means absent', () => {
    const { spec, invalid } = projectInstallation({
      metadata,
      spec: { provider: 'acme/web', version: null, config: { A: null, B: 'x' } },
    });
    expect(invalid).toBeUndefined();
    expect(spec).toEqual({
      provider: 'acme/web',
      config: { B: 'x' },
      upgradePolicy: 'manual',
      resourceTier: 'standard',
    });
  });

  it.each([
    undefined,
    {},
    { org: 'acme', name: 'web', versions: null },
    { org: 'acme', name: 'web', versions: [{ version: 'v1', image: 'x' }] },
  ])('a Provider with the spec %j publishes nothing that cannot be installed', (spec) => {
    expect(projectProvider({ metadata, spec }, config).catalogue.releases).toEqual([]);
  });

  it.each([undefined, {}, { versions: null }, { versions: [{ version: 'v1' }] }, { versions: [{ provides: {} }] }])(
    'a SystemSoftware with the spec %j publishes nothing that cannot be used',
    (spec) => {
      expect(projectSoftware({ metadata, spec }, config).catalogue.releases).toEqual([]);
    },
  );

  it('a SystemSoftware says what is wrong with it, and its versions count all the same', () => {
    const { invalid, catalogue } = projectSoftware(
      { metadata, spec: { tags: 1, versions: [{ version: '1.0.0' }] } },
      config,
    );
    expect(invalid).toMatch(/^tags: /);
    expect(catalogue.releases).toEqual([{ version: '1.0.0' }]);
  });

  it('a Deployment without a status or a template is one that has just begun', () => {
    expect(projectDeployment({ metadata })).toMatchObject({
      key: 'shop/web',
      version: undefined,
      available: 0,
      observedGeneration: 0,
    });
  });
});

it.each<[what: string, value: string | undefined, restart: string | undefined]>([
  ['no annotation', undefined, undefined],
  ['an empty one, as a chart may have', '', undefined],
  ['one', 'a', 'a'],
  ['a long one', 'a'.repeat(65), 'a'.repeat(64)],
])('an installation with %s', (_, value, restart) => {
  const annotations = value === undefined ? {} : { [ANNOTATION.restart]: value };

  expect(projectInstallation({ metadata: { ...metadata, annotations } }).restart).toBe(restart);
});

it('keeps of a Secret only that it changed', () => {
  const view = projectContent({ metadata, data: { password: 'aHVudGVyMg==' } });
  expect([...view.hashes.keys()]).toEqual(['password']);
  expect(JSON.stringify([...view.hashes])).not.toContain('aHVudGVyMg==');
});
