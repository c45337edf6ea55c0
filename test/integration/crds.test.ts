import { beforeAll, describe, expect, it } from 'vitest';
import { apply, get, kubectl, run } from './support/kubectl.ts';
import { installation, prepare, provider, release } from './support/cluster.ts';

interface Crd {
  readonly status: { readonly conditions: readonly { type: string; status: string }[] };
}

const namespace = 'crds';
beforeAll(() => prepare(namespace));

describe.each(['providers', 'providerinstallations'])('the CRD of %s', (plural) => {
  it('is established, and structural', async () => {
    const { status } = await get<Crd>('crd', `${plural}.provider-operator.io`);
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
    expect(status.conditions.filter((c) => c.type === 'NonStructuralSchema')).toEqual([]);
  });
});

it('explains its fields', async () => {
  expect(await kubectl(['explain', 'pi.spec.config'])).toContain('Environment variables of the process, by name');
  expect(await kubectl(['explain', 'prov.spec.versions.runtime'])).toContain('How the pods of this release run');
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

describe('at its maxima', () => {
  const names = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`);
  const runtime = {
    ports: names(16, 'p').map((name, i) => ({ name, containerPort: 8000 + i, servicePort: 80 + i, protocol: 'TCP' })),
    args: names(64, 'arg'),
    env: names(64, 'VARIABLE_').map((name) => ({ name, value: 'x' })),
    volumes: names(16, 'v').map((name) => ({ name, emptyDir: { sizeLimit: '1Gi' } })),
    volumeMounts: names(16, 'v').map((name) => ({ name, mountPath: `/${name}` })),
  };

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
    const full = release('1.0.0', { runtime });
    await kubectl(['apply', '--server-side', '-f', '-'], provider('full', full));
    const changed = release('1.0.0', { runtime: { ...runtime, args: ['other'] } });
    const { code, stderr } = await run(['apply', '--server-side', '-f', '-'], provider('full', changed));
    expect(code).toBe(1);
    expect(stderr).toContain('runtime of a published release cannot change: publish a new version');
    await kubectl(['delete', 'provider', 'full.web']);
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
