import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/cluster/merge-patch.ts';
import { keeperOf, keeperOfAny, sourceOf, type Owned } from '../../../src/rest/ownership.ts';

/** Who keeps what a request changes. */

type Entry = NonNullable<Owned['managedFields']>[number];

const flux = 'kustomize-controller';
const spec: JsonObject = { provider: 'acme/web', version: '1.0.0', userInputs: [{ name: 'region', value: 'eu' }] };
const next = { ...spec, version: '1.1.0' };
const VERSION = { 'f:spec': { 'f:version': {} } };

function entry(manager: string, operation: string, fieldsV1: Entry['fieldsV1'] = VERSION, more: Entry = {}): Entry {
  return { manager, operation, fieldsV1, ...more };
}

const keeps = (...managedFields: readonly Entry[]) => keeperOf({ managedFields }, spec, next)?.manager;

describe('the keeper of a field', () => {
  it.each<{ reason: string; of: Entry; keeper: string | undefined }>([
    { reason: 'who applies', of: entry(flux, 'Apply'), keeper: flux },
    { reason: 'whoever applies, such as kubectl', of: entry('kubectl', 'Apply'), keeper: 'kubectl' },
    // https://github.com/argoproj/argo-cd/issues/20815: two managers of one tool, and one of them updates.
    {
      reason: 'a tool that updates',
      of: entry('argocd-application-controller', 'Update'),
      keeper: 'argocd-application-controller',
    },
    // https://github.com/argoproj/argo-cd/pull/26289: a chart may be the manager although Argo CD brings it.
    { reason: 'Helm', of: entry('helm', 'Update'), keeper: 'helm' },
    {
      reason: 'kubectl apply, as it was before',
      of: entry('kubectl-client-side-apply', 'Update'),
      keeper: 'kubectl-client-side-apply',
    },
    // https://github.com/fluxcd/kustomize-controller/issues/558
    { reason: 'nobody who edits by hand', of: entry('kubectl-edit', 'Update'), keeper: undefined },
    { reason: 'nobody who patches by hand', of: entry('kubectl-patch', 'Update'), keeper: undefined },
    { reason: 'nobody of before there were managers', of: entry('before-first-apply', 'Update'), keeper: undefined },
    { reason: 'not the API itself', of: entry('provider-operator-api', 'Update'), keeper: undefined },
    { reason: 'not the API, also where it applied', of: entry('provider-operator-api', 'Apply'), keeper: undefined },
    // https://github.com/kubernetes/kubernetes/pull/99210
    {
      reason: 'nobody who keeps the status only',
      of: entry(flux, 'Apply', VERSION, { subresource: 'status' }),
      keeper: undefined,
    },
    {
      reason: 'not who keeps other fields',
      of: entry(flux, 'Apply', { 'f:spec': { 'f:provider': {}, 'f:config': { 'f:A': {} } } }),
      keeper: undefined,
    },
    {
      reason: 'not who keeps labels only',
      of: entry(flux, 'Apply', { 'f:metadata': { 'f:labels': { 'f:version': {} } } }),
      keeper: undefined,
    },
    { reason: 'nobody without a set', of: { manager: flux, operation: 'Apply' }, keeper: undefined },
    // `metadata.managedFields: [{}]` empties the list.
    { reason: 'nobody of an empty entry', of: {}, keeper: undefined },
    { reason: 'not whose name only resembles', of: entry('my-argocd-tool', 'Update'), keeper: undefined },
  ])('is $reason', ({ of, keeper }) => {
    expect(keeps(of)).toBe(keeper);
  });

  const item = (name: string, below: object) => ({
    'f:spec': { 'f:userInputs': { [`k:{"name":"${name}"}`]: below } } as never,
  });
  const whole = { '.': {}, 'f:name': {}, 'f:value': {} };

  it.each<{ reason: string; fields: Entry['fieldsV1']; after: JsonObject; field: string | undefined }>([
    {
      reason: 'an item whose value changes',
      fields: item('region', whole),
      after: { ...spec, userInputs: [{ name: 'region', value: 'us' }] },
      field: 'spec.userInputs[region].value',
    },
    {
      reason: 'an item that goes',
      fields: item('region', whole),
      after: { ...spec, userInputs: [] },
      field: 'spec.userInputs[region].name',
    },
    {
      reason: 'a list that goes',
      fields: item('region', whole),
      after: { provider: 'acme/web', version: '1.0.0' },
      field: 'spec.userInputs[region].name',
    },
    {
      reason: 'no item that comes beside it',
      fields: item('region', whole),
      after: {
        ...spec,
        userInputs: [
          { name: 'region', value: 'eu' },
          { name: 'title', value: 'x' },
        ],
      },
      field: undefined,
    },
    {
      reason: 'no item that only changes its place',
      fields: item('region', whole),
      after: {
        ...spec,
        userInputs: [
          { name: 'title', value: 'x' },
          { name: 'region', value: 'eu' },
        ],
      },
      field: undefined,
    },
    {
      reason: 'what is kept whole, where something in it changes',
      fields: { 'f:spec': { 'f:config': {} } },
      after: { ...spec, config: { A: 'b' } },
      field: 'spec.config.A',
    },
    {
      reason: 'nothing where nothing changes',
      fields: VERSION,
      after: spec,
      field: undefined,
    },
  ])('is found for $reason', ({ fields, after, field }) => {
    expect(keeperOf({ managedFields: [entry(flux, 'Apply', fields)] }, spec, after)?.field).toBe(field);
  });

  it('is found among names that every object inherits', () => {
    const config = (of: object) => ({ ...spec, config: of }) as JsonObject;
    const fields = { 'f:spec': { 'f:config': { 'f:constructor': {} } } };
    const after = config({ constructor: 'b' });
    expect(keeperOf({ managedFields: [entry(flux, 'Apply', fields)] }, config({}), after)?.field).toBe(
      'spec.config.constructor',
    );
  });

  it('is nobody where nothing changes, whatever there is', () => {
    const value = fc.oneof(fc.string(), fc.boolean(), fc.constant(null));
    const any = fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(value, fc.dictionary(fc.string(), value)));
    fc.assert(
      fc.property(any, any, (before, after) => {
        const isChanged = JSON.stringify(sorted(before)) !== JSON.stringify(sorted(after));
        const keeper = keeperOf({ managedFields: [entry(flux, 'Apply', { 'f:spec': {} })] }, before, after);
        // An absent member, one that is null and one that is empty are stored alike or change nothing.
        return keeper === undefined || isChanged;
      }),
    );
  });

  it('is anybody who keeps any of the spec, where it is to be deleted', () => {
    const managedFields = [entry('kubectl-edit', 'Update'), entry(flux, 'Apply', { 'f:spec': { 'f:provider': {} } })];
    expect(keeperOfAny({ managedFields })?.manager).toBe(flux);
    expect(keeperOfAny({ managedFields: managedFields.slice(0, 1) })).toBeUndefined();
    expect(keeperOfAny({ managedFields: [entry(flux, 'Apply', { 'f:metadata': {} })] })).toBeUndefined();
  });
});

describe('the source of a keeper', () => {
  it.each<{ owned: Owned; source: string | undefined }>([
    {
      owned: {
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
      },
      source: 'Kustomization "flux-system/apps"',
    },
    { owned: { labels: { 'helm.toolkit.fluxcd.io/name': 'shop' } }, source: 'HelmRelease "shop"' },
    {
      owned: {
        annotations: { 'argocd.argoproj.io/tracking-id': 'shop:provider-operator.io/ProviderInstallation:shop/web' },
      },
      source: 'Application "shop"',
    },
    { owned: { annotations: { 'meta.helm.sh/release-name': 'shop' } }, source: 'Helm release "shop"' },
    { owned: {}, source: undefined },
  ])('is $source', ({ owned, source }) => {
    expect(sourceOf(owned)).toBe(source);
  });
});

function sorted(value: unknown): unknown {
  return value !== null && typeof value === 'object'
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, member]) => member !== null && member !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, member]) => [name, sorted(member)]),
      )
    : value;
}
