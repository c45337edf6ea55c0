import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ChartValues } from '../../src/generate/chart-values.ts';
import { CHART, RELEASE, useHelm, type GivenValues } from './helm.ts';

const helm = useHelm();

/** The refusal of Helm for values. Undefined where it accepts them. */
async function refusalOf(values: GivenValues & Record<string, unknown>): Promise<string | undefined> {
  const { code, stderr } = await helm.run(['template', RELEASE, CHART, '--values=-'], values);
  return code === 0 ? undefined : stderr;
}

describe('the values', () => {
  it('are by default what the schema says that they are', () => {
    const values: unknown = parse(readFileSync(`${CHART}/values.yaml`, 'utf8'), { version: '1.1' });

    expect(ChartValues.parse(values)).toMatchObject(values as object);
  });

  it('are all in the README of the chart', () => {
    const readme = readFileSync(`${CHART}/README.md`, 'utf8');
    const paths = pathsIn(parse(readFileSync(`${CHART}/values.yaml`, 'utf8')) as object);

    expect(paths.length).toBeGreaterThan(40);
    expect(
      paths.filter((path) => !readme.includes(`| \`${path}\` |`) && !readme.includes(`| \`${parentOf(path)}\` |`)),
    ).toEqual([]);
  });

  it.each([
    ['a misspelt one', { replicas: 3 }, /additional properties 'replicas' not allowed/],
    ['a misspelt one inside', { image: { name: 'x' } }, /'\/image': additional properties 'name' not allowed/],
    ['a wrong type', { watchSecrets: 'yes' }, /'\/watchSecrets': got string, want boolean/],
    ['a name that is none', { watchNamespaces: ['Team A'] }, /'\/watchNamespaces\/0': 'Team A' does not match pattern/],
    ['a half digest', { image: { digest: 'sha256:12' } }, /'\/image\/digest'/],
    ['a setting that the operator refuses', { workers: 0 }, /'\/workers': minimum: got 0, want 1/],
    ['a misspelt limit', { config: { maxUpgrades: 5 } }, /'\/config': additional properties 'maxUpgrades' not allowed/],
    ['a limit out of bounds', { config: { defaults: { stableSeconds: 9999 } } }, /maximum: got 9,999, want 3,600/],
    ['a misspelt tier', { config: { tiers: { gold: {} } } }, /additional properties 'gold' not allowed/],
    ['a rule for nothing', { admissionPolicy: { rules: [{ namespaces: ['a'] }] } }, /missing property 'providers'/],
    ['a user without a name', { fieldManagerPolicy: { users: [''] } }, /'\/fieldManagerPolicy\/users\/0': minLength/],
    [
      'a rule for what is no provider',
      { admissionPolicy: { rules: [{ providers: ['web'] }] } },
      /'\/admissionPolicy\/rules\/0\/providers\/0'/,
    ],
  ])('are refused with %s', async (_, values, message) => {
    expect(await refusalOf(values)).toMatch(message);
  });

  it.each([
    ['a default that is taken away', { resources: null, podSecurityContext: { runAsUser: null } }],
    ['lists and maps that are null', { commonLabels: null, podLabels: null, watchNamespaces: null, config: null }],
    ['those that a parent chart adds', { global: { imageRegistry: 'registry.example.com' }, enabled: true }],
  ])('are taken with %s', async (_, values) => {
    expect(await refusalOf(values)).toBeUndefined();
  });
});

function pathsIn(values: object, prefix = ''): string[] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) =>
    isFilled(value) ? pathsIn(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** Returns the value that is documented in place of its parts. */
function parentOf(path: string): string {
  return (
    ['resources', 'api.resources', 'podSecurityContext', 'securityContext', 'metrics.dashboard.labels'].find((whole) =>
      path.startsWith(`${whole}.`),
    ) ?? path
  );
}
