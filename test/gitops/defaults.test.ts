import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

interface Schema {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

/** Returns every path at which the API server fills in a default. */
function defaultsIn(schema: Schema, path: string): readonly string[] {
  const { properties = {}, items, additionalProperties } = schema;
  const below: readonly (readonly [string, Schema])[] = [
    ...Object.entries(properties).map(([name, of]) => [`${path}.${name}`, of] as const),
    ...(items ? [[`${path}[]`, items] as const] : []),
    ...(typeof additionalProperties === 'object' ? [[`${path}.*`, additionalProperties] as const] : []),
  ];
  return [...(schema.default === undefined ? [] : [path]), ...below.flatMap(([name, of]) => defaultsIn(of, name))];
}

/** Argo CD does not know defaults within lists and objects, and shows them as a difference forever. */
it('fills in nothing that a GitOps tool takes for a difference: two scalars of a spec, and the status of a new object', () => {
  const defaults = globSync('crds/*.yaml')
    .filter((file) => !file.endsWith('kustomization.yaml'))
    .sort()
    .flatMap((file) => {
      const crd = parse(readFileSync(file, 'utf8')) as {
        spec: { names: { kind: string }; versions: readonly { schema: { openAPIV3Schema: Schema } }[] };
      };
      return crd.spec.versions.flatMap((version) => defaultsIn(version.schema.openAPIV3Schema, crd.spec.names.kind));
    });

  expect(defaults).toEqual([
    'ProviderInstallation.spec.upgradePolicy',
    'ProviderInstallation.spec.resourceTier',
    'ProviderInstallation.status',
    'Provider.status',
    'SystemSoftware.status',
  ]);
});
