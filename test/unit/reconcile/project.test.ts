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

  // What runs is known by the provider, and kept as the rest of the spec says.
  it.each<[string, object, RegExp, object]>([
    ['a range that is none', { upgrade: { range: '>=1.0, <2.0' } }, /^upgrade\.range: /, { upgrade: undefined }],
    ['a config of numbers', { config: { A: 1 } }, /^config\.A: /, { config: undefined }],
    ['another policy', { upgradePolicy: 'sometimes' }, /^upgradePolicy: /, { upgradePolicy: 'manual' }],
    ['two mistakes', { documentRoot: 1, upgrade: 1 }, /^(upgrade|documentRoot): /, { documentRoot: undefined }],
    ['no provider', { provider: '../etc' }, /^provider: /, { provider: '' }],
    [
      'a name that every object inherits',
      JSON.parse('{"config": {"__proto__": "x", "A": "b"}}') as object,
      /^config: .*not __proto__/,
      { config: { A: 'b' } },
    ],
  ])('an installation with %s keeps the rest of its spec', (_, more, invalid, rest) => {
    const seen = projectInstallation({ metadata, spec: { provider: 'acme/web', resourceTier: 'free', ...more } });
    expect(seen.invalid).toMatch(invalid);
    const absent = { upgrade: undefined, config: undefined, documentRoot: undefined };
    expect({ ...absent, ...seen.spec }).toMatchObject({ provider: 'acme/web', ...rest });
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

// kubernetes/kubectl and others take any text: a retry with another value is always another try
it('no value of an annotation counts as another', () => {
  const retries = ['x', 'y'].map((end) => {
    const annotations = { [ANNOTATION.retry]: `${'a'.repeat(80)}${end}` };
    return projectInstallation({ metadata: { ...metadata, annotations }, spec: { provider: 'acme/web' } }).retry;
  });
  expect(new Set(retries).size).toBe(2);
  expect(retries.map((retry) => retry?.length)).toEqual([64, 64]);
});

it('what is in `binaryData` of a ConfigMap is no variable', () => {
  const raw = { metadata, data: { A: 'b' }, binaryData: { C: 'ZA==' } };
  expect([...projectContent(raw).hashes.keys()]).toEqual(['A']);
});

it.each<[what: string, value: string | undefined, restart: string | undefined]>([
  ['no annotation', undefined, undefined],
  ['an empty one, as a chart may have', '', undefined],
  ['one', 'a', 'a'],
  ['a long one', 'a'.repeat(65), `${'a'.repeat(47)}-7db9df3798ef2e32`],
  ['the longest that is kept', 'a'.repeat(64), 'a'.repeat(64)],
])('an installation with %s', (_, value, restart) => {
  const annotations = value === undefined ? {} : { [ANNOTATION.restart]: value };

  expect(projectInstallation({ metadata: { ...metadata, annotations } }).restart).toBe(restart);
});

it('keeps of a Secret only that it changed', () => {
  const view = projectContent({ metadata, data: { password: 'aHVudGVyMg==' } });
  expect([...view.hashes.keys()]).toEqual(['password']);
  expect(JSON.stringify([...view.hashes])).not.toContain('aHVudGVyMg==');
});
