import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { installationCrd, providerCrd, softwareCrd, type SchemaNode } from '../../../src/api/crd.ts';

const crds = [installationCrd(), providerCrd(), softwareCrd()];

/** Every node of a schema below `spec` and `status`, by its path. */
function* nodes(node: SchemaNode, path: string): Generator<[string, SchemaNode]> {
  yield [path, node];
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    yield* nodes(child, `${path}.${name}`);
  }
  if (node.items) {
    yield* nodes(node.items, `${path}[]`);
  }
  if (typeof node.additionalProperties === 'object') {
    yield* nodes(node.additionalProperties, `${path}{}`);
  }
}

function isBounded(node: SchemaNode): boolean {
  switch (node.type) {
    case 'string':
      return 'maxLength' in node || 'enum' in node;
    case 'integer':
      return 'minimum' in node && 'maximum' in node;
    case 'array':
      return 'maxItems' in node;
    case 'object':
      return 'properties' in node || 'maxProperties' in node;
    case 'boolean':
      return true;
    case undefined:
    default:
      return node['x-kubernetes-int-or-string'] === true && 'pattern' in node;
  }
}

describe.each(crds.map((crd) => [crd.spec.names.kind, crd] as const))('%s', (_, crd) => {
  const [version] = crd.spec.versions;
  const { spec, status } = version!.schema.openAPIV3Schema.properties;
  const all = [...nodes(spec, 'spec'), ...nodes(status, 'status')];

  it('has a description and a bound at every node', () => {
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(([, node]) => !node.description).map(([path]) => path)).toEqual([]);
    expect(all.filter(([, node]) => !isBounded(node)).map(([path]) => path)).toEqual([]);
  });

  it('says of every list how it is merged', () => {
    expect(
      all.filter(([, node]) => node.type === 'array' && !('x-kubernetes-list-type' in node)).map(([path]) => path),
    ).toEqual([]);
  });

  it('has no defaults but those of the contract: others would show as drift in Git', () => {
    const defaults = all.filter(([, node]) => 'default' in node).map(([path]) => path);
    expect(defaults).toEqual(
      crd.spec.scope === 'Cluster' ? ['status'] : ['spec.upgradePolicy', 'spec.resourceTier', 'status'],
    );
  });

  it('is what crds/ holds: npm run generate', () => {
    const file = readFileSync(new URL(`../../../crds/${crd.spec.names.plural}.yaml`, import.meta.url), 'utf8');
    expect(parse(file, { version: '1.1' })).toEqual(JSON.parse(JSON.stringify(crd)));
  });
});
