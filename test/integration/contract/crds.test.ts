import { beforeAll, describe, expect, it } from 'vitest';
import { apply, get, kubectl, run } from '../support/kubectl.ts';
import { installation, prepare, provider, release, software, softwareRelease } from '../support/cluster.ts';

interface Crd {
  readonly status: { readonly conditions: readonly { type: string; status: string }[] };
}

const namespace = 'crds';
beforeAll(() => prepare(namespace));

describe.each(['providers', 'providerinstallations', 'systemsoftwares'])('the CRD of %s', (plural) => {
  it('is established, and structural', async () => {
    const { status } = await get<Crd>('crd', `${plural}.provider-operator.io`);
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
    expect(status.conditions.filter((c) => c.type === 'NonStructuralSchema')).toEqual([]);
  });
});

it('explains its fields', async () => {
  expect(await kubectl(['explain', 'pi.spec.config'])).toContain('Environment variables of the process, by name');
  expect(await kubectl(['explain', 'prov.spec.versions.runtime'])).toContain('How the pods of this release run');
  expect(await kubectl(['explain', 'systemsoftware.spec.versions.provides'])).toContain('What it brings into the pods');
});

it('lists Providers as providers, and installations by their category and fields', async () => {
  await apply(
    provider('listed', '1.0.0'),
    installation(namespace, 'one', { provider: 'listed/web', resourceTier: 'free' }),
  );
  expect(await kubectl(['get', 'providers'])).toMatch(
    /^NAME +ORG +PROVIDER +LATEST +VERSIONS +READY +AGE\nlisted\.web +listed +web/,
  );
  expect(await kubectl(['get', 'pi', '-n', namespace])).toMatch(
    /^NAME +PROVIDER +CURRENT +TARGET +POLICY +TIER +READY +STATUS +UPDATE +AGE\none +listed\/web .*manual +free/,
  );
  expect(await kubectl(['get', 'provider-operator', '-n', namespace, '-o', 'name'])).toContain('/one');
  const selected = ['get', 'pi', '-n', namespace, '-o', 'name', '--field-selector'];
  expect(
    await kubectl([...selected, 'spec.provider=listed/web,spec.upgradePolicy=manual,spec.resourceTier=free']),
  ).toContain('/one');
  expect(await kubectl([...selected, 'spec.provider=other/web'])).toBe('');
  const { status } = await get<{ status: object }>('pi', 'one', namespace);
  expect(status, 'a new installation says that nobody has looked at it').toEqual({ observedGeneration: -1 });
  await kubectl(['delete', 'pi', 'one', '-n', namespace]);
  await kubectl(['delete', 'provider', 'listed.web']);
});

it('lists SystemSoftware by what is published', async () => {
  await apply(software('listed', '1.0.0'));

  expect(await kubectl(['get', 'systemsoftwares'])).toMatch(/^NAME +LATEST +VERSIONS +READY +AGE\nlisted /);
  expect(await kubectl(['get', 'systemsoftwares', '-o', 'wide'])).toMatch(/^NAME .* AGE +MESSAGE\n/);
  const { status } = await get<{ status: object }>('systemsoftware', 'listed');
  expect(status, 'a new one says that nobody has looked at it').toEqual({ observedGeneration: -1 });
  await kubectl(['delete', 'systemsoftware', 'listed']);
});

describe('what reaches the pod may be added once, and never changes', () => {
  const node = (range: string) => [{ name: 'node', range }];
  const provides = (value: string) => ({ env: [{ name: 'PHP_VERSION', value }] });
  const bare = { provides: undefined };

  it.each<[string, (more: object) => object, object, object]>([
    [
      'systemSoftwareDependencies',
      (more) => provider('once', release('1.0.0', more)),
      { systemSoftwareDependencies: node('^22.0.0') },
      { systemSoftwareDependencies: node('^24.0.0') },
    ],
    [
      'dependencies',
      (more) => software('once', softwareRelease('once', '1.0.0', { ...bare, ...more })),
      { dependencies: node('^22.0.0') },
      { dependencies: node('^24.0.0') },
    ],
    [
      'provides',
      (more) => software('once', softwareRelease('once', '1.0.0', { ...bare, ...more })),
      { provides: provides('8.3') },
      { provides: provides('8.4') },
    ],
  ])('%s', async (field, published, added, changed) => {
    await apply(published({}));
    await apply(published(added));

    for (const other of [changed, {}]) {
      const { code, stderr } = await run(['apply', '-f', '-'], published(other));
      expect(stderr).toContain(`${field} of a published version cannot change: publish a new version`);
      expect(code).toBe(1);
    }
    await kubectl(['delete', '-f', '-'], published({}));
  });
});

describe('at its maxima', () => {
  const names = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`);
  const runtime = {
    ports: names(16, 'p').map((name, i) => ({ name, containerPort: 8000 + i, servicePort: 80 + i, protocol: 'TCP' })),
    args: names(64, 'arg'),
    env: names(16, 'VARIABLE_').map((name) => ({ name, value: 'x' })),
    volumes: names(16, 'v').map((name) => ({ name, emptyDir: { sizeLimit: '1Gi' } })),
    volumeMounts: names(16, 'v').map((name) => ({ name, mountPath: `/${name}` })),
  };

  const dependencies = names(16, 's').map((name) => ({ name, range: '>=1.0.0 <2.0.0' }));

  it('a Provider of 200 releases is stored, and can be edited', async () => {
    const versions = names(200, '').map((_, i) =>
      release(`1.${i}.0`, { changelog: 'x'.repeat(100), downgradableTo: '>=1.0.0' }),
    );
    await kubectl(['apply', '--server-side', '-f', '-'], provider('maximal', ...versions));
    await kubectl(
      ['apply', '--server-side', '-f', '-'],
      provider('maximal', ...versions.slice(0, 199), release('2.0.0')),
    );
    await kubectl(['delete', 'provider', 'maximal.web']);
  });

  it('a release with everything is stored, and still immutable', async () => {
    const full = release('1.0.0', { runtime, systemSoftwareDependencies: dependencies });
    await kubectl(['apply', '--server-side', '-f', '-'], provider('full', full));
    const changed = release('1.0.0', { runtime: { ...runtime, args: ['other'] } });
    const { code, stderr } = await run(['apply', '--server-side', '-f', '-'], provider('full', changed));
    expect(code).toBe(1);
    expect(stderr).toContain('runtime of a published version cannot change: publish a new version');
    await kubectl(['delete', 'provider', 'full.web']);
  });

  it('a SystemSoftware of 200 versions, one with everything, is stored, and can be edited', async () => {
    const full = softwareRelease('maximal', '0.1.0', {
      dependencies,
      provides: { env: names(64, 'VARIABLE_').map((name) => ({ name, value: 'x'.repeat(500) })) },
    });
    const versions = names(199, '').map((_, i) =>
      softwareRelease('maximal', `1.${i}.0`, { dependencies: dependencies.slice(0, 3) }),
    );
    await kubectl(['apply', '--server-side', '-f', '-'], software('maximal', full, ...versions));
    await kubectl(['apply', '--server-side', '-f', '-'], software('maximal', full, ...versions.slice(0, 198), '2.0.0'));
    await kubectl(['delete', 'systemsoftware', 'maximal']);
  });

  it('201 releases, and what is too large for etcd, are refused with a clear message', async () => {
    const many = await run(
      ['apply', '--server-side', '-f', '-'],
      provider('many', ...names(201, '').map((_, i) => release(`1.${i}.0`))),
    );
    expect(many.stderr).toContain('must have at most 200 items');
    const heavy = names(200, '').map((_, i) =>
      release(`1.${i}.0`, { changelog: 'x'.repeat(4096), runtime: { args: names(4, 'x'.repeat(2000)) } }),
    );
    const large = await run(['apply', '--server-side', '-f', '-'], provider('large', ...heavy));
    expect(large.code).toBe(1);
    expect(large.stderr).toMatch(/too large|limit is|larger than/);
  });

  it('an installation with 128 variables and references is stored', async () => {
    const config = Object.fromEntries(names(128, 'KEY_').map((name) => [name, 'x'.repeat(500)]));
    const configFrom = names(128, 'FROM_').map((name) => ({ name, secretKeyRef: { name: 's', key: 'k' } }));
    await kubectl(
      ['apply', '--server-side', '-f', '-'],
      installation(namespace, 'a'.repeat(52), { provider: 'full/web', config, configFrom }),
    );
    await kubectl(['delete', 'pi', 'a'.repeat(52), '-n', namespace]);
  });
});
