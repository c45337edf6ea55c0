import { describe, expect, it } from 'vitest';
import { OperatorConfig } from '../../../../src/api/operator-config.ts';
import { isImageAllowed, latestRelease, tierDefinition } from '../../../../src/plan/catalogue/catalogue.ts';
import { tierShape } from '../../../../src/plan/pods/tiers.ts';
import { catalogue, catalogueOf, config, release } from '../../../support/builders.ts';

it.each([
  ['registry.example.com/acme/web:1', ['registry.example.com/acme'], true],
  ['registry.example.com/acme/web:1', ['registry.example.com/acme/'], true],
  ['registry.example.com/acme-evil/web:1', ['registry.example.com/acme'], false],
  ['registry.example.com/acme/web:1', ['registry.example.com/acme/web'], true],
  ['registry.example.com/acme/web@sha256:0', ['registry.example.com/acme/web'], true],
  ['registry.example.com/acme/website:1', ['registry.example.com/acme/web'], false],
  ['registry.example.com.evil.org/web:1', ['registry.example.com'], false],
  ['registry.example.com:5000/evil/web:1', ['registry.example.com'], false],
  ['registry.example.com/web', ['registry.example.com'], true],
  ['web', [], false],
  ['web', undefined, true],
])('%s under %j is allowed: %s', (image, prefixes, allowed) => {
  expect(isImageAllowed(image, prefixes)).toBe(allowed);
});

describe('a release that cannot be installed', () => {
  it.each([
    ['runs as root', { securityContext: { runAsUser: 0 } }, 'runAsUser'],
    ['may escalate', { securityContext: { allowPrivilegeEscalation: true } }, 'allowPrivilegeEscalation'],
    ['wants capabilities', { securityContext: { addCapabilities: ['SYS_ADMIN'] } }, 'addCapabilities'],
    ['mounts a volume that is not there', { volumeMounts: [{ name: 'x', mountPath: '/x' }] }, 'no volume "x"'],
    ['probes a port that is not there', { readinessProbe: { tcpSocket: { port: 'web' } } }, 'no port "web"'],
    ['has a port without a letter', { ports: [{ name: '8080', containerPort: 8080 }] }, 'Must be a port name such as'],
    ['has a port with --', { ports: [{ name: 'a--b', containerPort: 8080 }] }, 'without --'],
    [
      'asks for a field that no volume can have',
      { volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'p', fieldPath: 'spec.nope' }] } }] },
      'Must be metadata.name, namespace',
    ],
  ])('%s: is set aside with its reason and disturbs no other', (_, runtime, reason) => {
    const { releases, invalid } = catalogue('1.0.0', release('1.1.0', { runtime }));
    expect(releases.map((r) => r.version)).toEqual(['1.0.0']);
    expect(invalid).toEqual([{ version: '1.1.0', reason: expect.stringContaining(reason) as string }]);
  });

  it('may loosen pod security where the platform lists the provider', () => {
    const trusting = OperatorConfig.parse({ privilegedProviders: ['acme/web'] });
    const versions = [release('1.0.0', { runtime: { securityContext: { runAsUser: 0, runAsNonRoot: false } } })];
    expect(catalogueOf({ versions }, trusting).invalid).toEqual([]);
  });

  it('has an image that no node can ask for', () => {
    expect(catalogue(release('1.0.0', { image: 'a b' })).invalid).toEqual([
      { version: '1.0.0', reason: expect.stringContaining('image: Must be an image such as') as string },
    ]);
  });

  it('has a range that is none', () => {
    expect(catalogue(release('1.0.0', { downgradableTo: 'soon' })).invalid).toHaveLength(1);
  });
});

it('the latest release is for everybody', () => {
  const all = catalogue(
    '1.0.0',
    release('1.1.0', { lifecycle: { stage: 'preview' } }),
    release('1.2.0', { lifecycle: { stage: 'yanked' } }),
    '2.0.0-rc.1',
  );
  expect(latestRelease(all.releases)?.version).toBe('1.0.0');
});

describe('a tier', () => {
  const strict = OperatorConfig.parse({ tiers: { free: { replicas: 2, resources: { requests: { cpu: '100m' } } } } });

  it('is the built-in one where nobody says otherwise', () => {
    expect(tierShape('free', tierDefinition(catalogue(), config, 'free'))).toMatchObject({
      replicas: 1,
      requests: { cpu: '50m', memory: '64Mi' },
    });
  });

  it('is the platform’s before the built-in one, the provider’s before the platform’s', () => {
    expect(tierShape('free', tierDefinition(catalogue(), strict, 'free'))).toMatchObject({
      replicas: 2,
      requests: { cpu: '100m' },
    });
    const own = catalogueOf({ tiers: { free: { replicas: 5 } } });
    expect(tierShape('free', tierDefinition(own, strict, 'free'))).toMatchObject({
      replicas: 5,
      requests: { cpu: '100m' },
    });
  });

  it('that contradicts itself still is what its Provider says: what was stored once moves nobody to another one', () => {
    const own = catalogueOf({ tiers: { free: { resources: { requests: { cpu: '2' }, limits: { cpu: 1 } } } } });
    expect(tierShape('free', tierDefinition(own, config, 'free'))).toMatchObject({ requests: { cpu: '2' } });
  });

  it('without replicas leaves them to an autoscaler', () => {
    const own = catalogueOf({ tiers: { free: { resources: { limits: { cpu: 1 } } } } });
    expect(tierShape('free', tierDefinition(own, config, 'free'))).toMatchObject({
      replicas: undefined,
      limits: { cpu: '1' },
    });
  });
});
