import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/**
 * JSON schemas for kubeconform, one file for each kind. Those of Kubernetes come from an API server's description of
 * its API, those of custom resources from their CRDs. They are strict: a field that the API server would drop is an
 * error.
 */

/** The name by which kubeconform finds the schema of a kind. */
export const SCHEMA_FILE = '{{.ResourceKind}}{{.KindSuffix}}.json';

interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
  [key: string]: unknown;
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Writes the schemas of everything that an API server serves, from its answer to `/openapi/v2`. */
export function writeApiSchemas(folder: string, openApi: string): void {
  const { definitions } = JSON.parse(openApi) as { definitions: Record<string, Schema> };
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strictly(schema)]));
  for (const [name, schema] of Object.entries(strict)) {
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      const reached = Object.fromEntries([...reachedFrom(name, strict)].map((other) => [other, strict[other]]));
      write(folder, { group, version, kind }, { $ref: `#/definitions/${name}`, definitions: reached });
    }
  }
}

/** Writes the schemas of the kinds that CRDs define. */
export function writeCustomSchemas(folder: string, crdFiles: readonly string[]): void {
  for (const file of crdFiles) {
    const { group, names, versions } = (parse(readFileSync(file, 'utf8'), { version: '1.1' }) as Crd).spec;
    for (const { name, schema } of versions) {
      const { metadata: _, ...properties } = schema.openAPIV3Schema.properties ?? {};
      const strict = strictly({ ...schema.openAPIV3Schema, properties });
      const whole = { ...strict, properties: { ...strict.properties, metadata: { type: 'object' } } };
      write(folder, { group, version: name, kind: names.kind }, whole);
    }
  }
}

/** The CRDs of others of whose kinds the chart makes objects, from their Go modules. */
export function foreignCrds(): string[] {
  return [
    ...filesOf(
      'prometheus-operator',
      'github.com/prometheus-operator/prometheus-operator',
      'example/prometheus-operator-crd/*_{servicemonitors,podmonitors,prometheusrules}.yaml',
    ),
    ...filesOf('cert-manager', 'github.com/cert-manager/cert-manager', 'deploy/crds/*_certificates.yaml'),
    ...filesOf('gateway-api', 'sigs.k8s.io/gateway-api', 'config/crd/standard/*_httproutes.yaml'),
  ];
}

function filesOf(tool: string, module: string, pattern: string): string[] {
  const cwd = join(import.meta.dirname, '..', 'control-plane', 'tools', tool);
  const env = { ...process.env, GOWORK: 'off' };
  const answer = execFileSync('go', ['mod', 'download', '-json', module], { cwd, env, encoding: 'utf8' });
  const { Dir } = JSON.parse(answer) as { Dir: string };
  return globSync(join(Dir, pattern));
}

function write(folder: string, of: { group: string; version: string; kind: string }, schema: object): void {
  // kubeconform uses only the part of a group before its first dot.
  const [group = ''] = of.group.split('.');
  const name = [of.kind, group, of.version].filter(Boolean).join('-').toLowerCase();
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(schema));
}

/** Returns the schema in the words of JSON Schema, without undeclared fields. */
function strictly(schema: Schema): Schema {
  const result: Schema = { ...schema };
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') {
    return { description: schema['description'], oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }
  if (schema.properties) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, strictly(property)]),
    );
    if (schema['x-kubernetes-preserve-unknown-fields'] !== true) {
      result.additionalProperties = false;
    }
  } else if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = strictly(schema.additionalProperties);
  }
  if (schema.items) {
    result.items = strictly(schema.items);
  }
  if (schema['nullable'] === true && typeof schema.type === 'string') {
    result.type = [schema.type, 'null'];
  }
  return result;
}

/** Returns the name of a definition and of all to which it refers, directly or not. */
function reachedFrom(name: string, definitions: Readonly<Record<string, Schema>>): Set<string> {
  const reached = new Set<string>();
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!reached.has(next)) {
      reached.add(next);
      const refs = JSON.stringify(definitions[next]).matchAll(/"#\/definitions\/([^"]+)"/g);
      waiting.push(...[...refs].map(([, ref = '']) => ref));
    }
  }
  return reached;
}
