import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InstallationSpec, type InstallationStatus } from '../../../src/api/installation.ts';
import { nameFor } from '../../../src/rest/install.ts';
import { namespaceFor } from '../../../src/rest/tenant.ts';
import { RestProblem } from '../../../src/rest/problem.ts';
import { acceptedVersion } from '../../../src/rest/v1/installation.ts';
import { appId, appVersionId, softwareId, softwareVersionId } from '../../../src/rest/v2/ids.ts';

describe('the name of an installation', () => {
  it.each([
    ['acme/web', 'acme--web'],
    ['4ever/web', 'p-4ever--web'],
    [`${'a'.repeat(31)}/${'b'.repeat(31)}`, expect.stringMatching(/^a{31}--bb-[0-9a-f]{16}$/) as string],
    [`${'a'.repeat(30)}/${'b'.repeat(20)}`, `${'a'.repeat(30)}--${'b'.repeat(20)}`],
  ])('of %s is %s', (provider, name) => {
    expect(nameFor(provider)).toEqual(name);
  });

  it('is one that a Service can have, and tells providers apart', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,15}(-[a-z0-9]{1,15})?$/).filter((text) => text.length <= 31);
    const provider = fc.tuple(label, label).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(provider, provider, (a, b) => {
        const isFit = /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(nameFor(a)) && nameFor(a).length <= 52;
        return isFit && (a === b) === (nameFor(a) === nameFor(b));
      }),
    );
  });
});

describe('the namespace of a request', () => {
  it.each<{ of: string | undefined; header?: string; query?: string; is: string }>([
    { of: 'shop', is: 'shop' },
    { of: 'shop', header: 'other', is: 'other' },
    { of: 'shop', query: 'other', is: 'other' },
    { of: undefined, header: 'other', query: 'other', is: 'other' },
    { of: 'shop', header: 'a', query: 'b', is: 'NamespaceUnclear' },
    { of: undefined, is: 'NamespaceMissing' },
    // https://github.com/kubernetes/kubernetes/issues/119269: the API server itself took `..` for a namespace.
    ...['..', '.', '', 'a/b', '%2e%2e', 'a?watch=1', 'a#x', 'A', 'ä', 'a\0', 'x'.repeat(64)].map((query) => ({
      of: 'shop',
      query,
      is: 'NamespaceInvalid',
    })),
    // Two headers are joined by Node.
    { of: 'shop', header: 'a, b', is: 'NamespaceInvalid' },
  ])('is $is of $of, "$header" and "$query"', ({ of, header, query, is }) => {
    const found = () => namespaceFor({ namespace: of }, { header, query });
    expect(outcome(found)).toBe(is);
  });
});

function outcome(find: () => string): string {
  try {
    return find();
  } catch (error) {
    return error instanceof RestProblem ? error.type : String(error);
  }
}

describe('ids of what is published', () => {
  // They are in the databases of portals: none of these may ever change.
  it.each([
    [appId('acme/web'), '7406a13f-22a1-553a-8d74-c52204ce3c07'],
    [appVersionId('acme/web', '1.1.0'), 'de01bb27-f187-53e3-879c-d27048483d81'],
    [softwareId('php'), 'd3b1b149-b7ea-5d3e-96da-d0168a2842cd'],
    [softwareVersionId('php', '8.4.1'), '79daba18-4216-53ab-8043-8a1487d74f87'],
  ])('are the same for ever: %s', (id, known) => {
    expect(id).toBe(known);
  });
});

describe('the accepted version', () => {
  type Row = { spec?: Partial<InstallationSpec>; status?: Partial<InstallationStatus>; is: string };
  const seen = { observedGeneration: 2 };
  it.each<Row>([
    { spec: { version: '1.0.0' }, is: '1.0.0' },
    { is: '' },
    { spec: { version: '1.1.0' }, status: { installedVersion: '1.0.0' }, is: '1.1.0' },
    { spec: { version: '1.1.0' }, status: { installedVersion: '1.0.0', ...seen }, is: '1.0.0' },
    {
      spec: { version: '1.0.0' },
      status: { installedVersion: '1.1.0', currentVersion: '1.1.0' },
      is: '1.1.0',
    },
    // 1.2.0 is under way, and what was rolled out last is no higher: who asked for less takes it back
    ...['1.0.0', '1.1.0'].map((version) => ({
      spec: { version },
      status: { installedVersion: '1.2.0', currentVersion: '1.0.0' },
      is: version,
    })),
    // for automation it is only a floor
    {
      spec: { version: '1.1.0', upgradePolicy: 'auto' },
      status: { installedVersion: '1.2.0', currentVersion: '1.0.0' },
      is: '1.2.0',
    },
    {
      spec: { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } },
      status: { installedVersion: '1.1.0' },
      is: '1.0.0',
    },
    {
      status: {
        installedVersion: '1.1.0',
        ...seen,
        pendingUpgrade: { version: '2.0.0', reason: 'UnderWay', path: ['1.2.0', '2.0.0'] },
      },
      is: '2.0.0',
    },
    {
      status: {
        installedVersion: '1.1.0',
        ...seen,
        pendingUpgrade: { version: '1.2.0', reason: 'Soaking', path: ['1.2.0'] },
      },
      is: '1.1.0',
    },
  ])('is "$is" with spec $spec and status $status', ({ spec = {}, status = {}, is }) => {
    const parsed = InstallationSpec.parse({ provider: 'acme/web', ...spec });
    expect(acceptedVersion({ spec: parsed, status: { observedGeneration: 1, ...status }, generation: 2 })).toBe(is);
  });
});
