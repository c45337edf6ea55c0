import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Release } from '../../../../src/api/provider.ts';
import type { OperatorConfig } from '../../../../src/api/operator-config.ts';
import type { SoftwareRelease } from '../../../../src/api/software.ts';
import type { Runtime } from '../../../../src/api/runtime.ts';
import { readConfiguration } from '../../../../src/plan/pods/environment.ts';
import { softwareFinder } from '../../../../src/plan/software/finder.ts';
import { podTemplate } from '../../../../src/plan/pods/template.ts';
import { tierShape } from '../../../../src/plan/pods/tiers.ts';
import {
  config,
  installation,
  noReferences,
  release,
  shelf,
  software,
  softwareRelease,
} from '../../../support/builders.ts';

const NODE = softwareRelease('node', '22.4.0', {
  provides: {
    image: 'registry.example.com/software/node:22.4.0',
    path: '/usr/local',
    mountPath: '/opt/node',
    env: [{ name: 'NODE_HOME', value: '/opt/node' }],
  },
});
const PHP = softwareRelease('php', '8.3.12', {
  dependencies: [{ name: 'node', range: '^22' }],
  provides: {
    image: 'registry.example.com/software/php:8.3.12',
    path: '/opt/php',
    mountPath: '/opt/php',
    env: [{ name: 'PHP_CONFIGURATION', value: '/opt/php/conf.d' }, { name: 'EMPTY' }],
  },
});

interface Example {
  readonly delivery?: OperatorConfig['softwareDelivery'];
  readonly runtime?: Runtime;
  readonly tenant?: Record<string, string>;
  readonly php?: Partial<SoftwareRelease>;
  readonly needs?: Release['systemSoftwareDependencies'];
  readonly restart?: string;
}

function template({
  delivery = 'copy',
  runtime,
  tenant = {},
  php = {},
  needs = [{ name: 'php', range: '^8' }],
  restart,
}: Example = {}) {
  const { spec } = installation({ config: tenant, resourceTier: 'free' });
  const of = release('1.4.2', { ...(runtime && { runtime }), systemSoftwareDependencies: needs });
  const configuration = readConfiguration(spec, noReferences, config);
  const resolution = softwareFinder({
    spec,
    shelf: shelf(software('node', NODE), software('php', { ...PHP, ...php })),
    stable: new Map(),
    avoided: new Set(),
    config,
    now: 0,
  }).resolve(of);
  if (configuration.kind === 'problem' || resolution.kind === 'problem') {
    throw new Error(JSON.stringify([configuration, resolution]));
  }
  return podTemplate({
    release: of,
    documentRoot: undefined,
    config: configuration.env,
    inputs: [],
    software: resolution,
    softwareDelivery: delivery,
    shape: tierShape('free', undefined),
    labels: { app: 'web' },
    selector: { app: 'web' },
    configHash: 'config-hash',
    inputsHash: 'inputs-hash',
    restart,
    number: '7',
  });
}

function variables(example: Example) {
  return Object.fromEntries((template(example).spec.containers[0]?.env ?? []).map((e) => [e.name, e.value]));
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
function loosened({ spec }: ReturnType<typeof template>): string[] {
  const containers = [...('initContainers' in spec ? spec.initContainers : []), ...spec.containers];
  return containers.flatMap(({ name, securityContext }) => [
    ...(securityContext.allowPrivilegeEscalation ? [`${name} may gain privileges`] : []),
    ...(securityContext.capabilities.drop.join(',') === 'ALL' ? [] : [`${name} keeps capabilities`]),
    ...('add' in securityContext.capabilities ? [`${name} gets capabilities`] : []),
    ...('runAsUser' in securityContext && securityContext.runAsUser === 0 ? [`${name} is root`] : []),
  ]);
}

describe('a pod with two pieces of system software', () => {
  it.each(['copy', 'imageVolume'] as const)('is written as ever by %s', async (delivery) => {
    await expect(
      stringify(template({ delivery, tenant: { GREETING: 'hi' } }), { aliasDuplicateObjects: false }),
    ).toMatchFileSnapshot(`template-software.${delivery}.txt`);
  });

  it.each(['copy', 'imageVolume'] as const)('is for the restricted Pod Security Standard by %s', (delivery) => {
    const pod = template({ delivery });

    expect(pod.spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(loosened(pod)).toEqual([]);
    expect(pod.spec.automountServiceAccountToken).toBe(false);
    expect(pod.spec.volumes?.flatMap(({ name: _, ...source }) => Object.keys(source))).toEqual(
      delivery === 'copy' ? ['emptyDir', 'emptyDir'] : ['image', 'image'],
    );
  });

  it.each(['copy', 'imageVolume'] as const)('cannot write to their files by %s', (delivery) => {
    expect(template({ delivery }).spec.containers[0]).toMatchObject({
      volumeMounts: [
        { name: 'software-node', mountPath: '/opt/node', readOnly: true },
        { name: 'software-php', mountPath: '/opt/php', readOnly: true },
      ],
    });
  });

  it('copies as the user of the release, and as nobody where it has none', () => {
    const users = (runtime?: Runtime) =>
      template(runtime && { runtime }).spec.initContainers?.map((c) => c.securityContext.runAsUser);

    expect(users()).toEqual([65_532, 65_532]);
    expect(users({ securityContext: { runAsUser: 1000 } })).toEqual([1000, 1000]);
  });

  it('keeps the volumes of the release', () => {
    const runtime: Runtime = {
      volumes: [{ name: 'cache', emptyDir: {} }],
      volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    };
    const { volumes, containers } = template({ runtime }).spec;

    expect(volumes?.map((v) => v.name)).toEqual(['cache', 'software-node', 'software-php']);
    expect(containers[0]).toMatchObject({
      volumeMounts: [{ name: 'cache', mountPath: '/cache' }, { name: 'software-node' }, { name: 'software-php' }],
    });
  });
});

describe('a variable', () => {
  const runtime: Runtime = { env: [{ name: 'PHP_CONFIGURATION', value: '/release' }] };
  const tenant = { PHP_CONFIGURATION: '/tenant' };

  it.each`
    who                                  | example                | value
    ${'the software'}                    | ${{}}                  | ${'/opt/php/conf.d'}
    ${'the software before the release'} | ${{ runtime }}         | ${'/opt/php/conf.d'}
    ${'the tenant before the software'}  | ${{ tenant }}          | ${'/tenant'}
    ${'the tenant before the release'}   | ${{ runtime, tenant }} | ${'/tenant'}
  `('is said by $who', ({ example, value }) => {
    expect(variables(example)).toMatchObject({ PHP_CONFIGURATION: value });
  });

  it('that is empty is set', () => {
    expect(variables({})).toMatchObject({ EMPTY: '' });
  });

  it('comes once, and after what it may refer to', () => {
    const own: Runtime = { env: [{ name: 'PATH', value: '$(NODE_HOME)/bin' }, ...(runtime.env ?? [])] };
    const names = template({ runtime: own, tenant: { Z: '1', A: '2' } }).spec.containers[0]?.env?.map((e) => e.name);

    expect(names).toEqual(['A', 'Z', 'NODE_HOME', 'PHP_CONFIGURATION', 'EMPTY', 'PATH']);
  });
});

describe('software without files', () => {
  it.each(['copy', 'imageVolume'] as const)('brings its variables and nothing else by %s', (delivery) => {
    const { spec, metadata } = template({
      delivery,
      php: { dependencies: [], provides: { env: [{ name: 'PHP_VERSION', value: '8.3' }] } },
    });

    expect(metadata.annotations).toMatchObject({ 'provider-operator.io/software': 'php=8.3.12' });
    expect(spec.containers[0]).toMatchObject({ env: [{ name: 'PHP_VERSION', value: '8.3' }] });
    expect([...Object.keys(spec), ...Object.keys(spec.containers[0] ?? {})]).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(initContainers|volumes|volumeMounts)$/)]),
    );
  });

  it('may bring nothing at all', () => {
    const { provides: _, ...bare } = PHP;

    expect(template({ php: { ...bare, dependencies: [], provides: undefined } }).spec).not.toHaveProperty('volumes');
  });
});

it('says for which restart its pods were made, where somebody asked for one', () => {
  expect(template({ needs: [], restart: 'a' }).metadata.annotations).toHaveProperty(
    ['provider-operator.io/restart'],
    'a',
  );
});

it('says nothing of software where there is none, so that no pod is made anew', () => {
  const { metadata, spec } = template({ needs: [] });

  expect(Object.keys(metadata.annotations)).toEqual([
    'provider-operator.io/version',
    'provider-operator.io/config-hash',
    'provider-operator.io/inputs-hash',
    'provider-operator.io/rollout',
  ]);
  expect(Object.keys(spec)).toEqual([
    'automountServiceAccountToken',
    'enableServiceLinks',
    'securityContext',
    'containers',
  ]);
});
