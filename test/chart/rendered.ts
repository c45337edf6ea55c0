import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { CHART, objectsIn, RELEASE, type GivenValues, type Helm, type Rendered } from './helm.ts';

/** What to find in what the chart renders. */

export function ofKind(objects: readonly Rendered[], ...kinds: readonly string[]): Rendered[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

/** The only object of a kind. */
export function only(objects: readonly Rendered[], kind: string): Rendered {
  const found = ofKind(objects, kind);
  expect(
    found.map(({ metadata }) => metadata.name),
    kind,
  ).toHaveLength(1);
  return found[0]!;
}

/** The only object of a kind with this name. */
export function named(objects: readonly Rendered[], kind: string, name: string): Rendered {
  return only(
    objects.filter(({ metadata }) => metadata.name === name),
    kind,
  );
}

/** The pod of a Deployment. */
export function podOf(objects: readonly Rendered[], deployment = RELEASE): Rendered {
  return named(objects, 'Deployment', deployment)['spec'].template.spec as Rendered;
}

export function containerOf(objects: readonly Rendered[], deployment = RELEASE): Rendered {
  return podOf(objects, deployment)['containers'][0] as Rendered;
}

/** What a container is told of the REST API, without the prefix of the names. */
export function told(objects: readonly Rendered[], deployment = RELEASE): Record<string, string> {
  const { env } = containerOf(objects, deployment) as unknown as { env: { name: string; value: string }[] };
  return Object.fromEntries(
    env.filter(({ name }) => name.startsWith('API_')).map(({ name, value }) => [name.replace('API_', ''), value]),
  );
}

/** What the chart renders as a part of another one that gives it these values. */
export async function templateInParent(helm: Helm, values: GivenValues): Promise<Rendered[]> {
  const parent = mkdtempSync(join(tmpdir(), 'provider-operator-parent-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  cpSync(CHART, join(parent, 'charts', RELEASE), { recursive: true });
  writeFileSync(join(parent, 'Chart.yaml'), stringify({ apiVersion: 'v2', name: 'platform', version: '1.0.0' }));
  writeFileSync(join(parent, 'values.yaml'), stringify({ [RELEASE]: values }));
  return objectsIn(await helm.ok(['template', RELEASE, parent, '--namespace=operators']));
}
