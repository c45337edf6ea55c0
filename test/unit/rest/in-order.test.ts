import { expect, it } from 'vitest';
import { Store } from '../../../src/controller/store.ts';
import type { InstallationView } from '../../../src/reconcile/project.ts';
import { createInOrder } from '../../../src/rest/in-order.ts';
import { installation } from '../../support/builders.ts';

let version = 0;

function view(namespace: string, name: string, description = ''): InstallationView {
  version += 1;
  const key = `${namespace}/${name}`;
  const more = { namespace, name, uid: `uid of ${key}`, resourceVersion: String(version) };
  return { ...installation({ description }, more), key, createdAt: '2026-01-01T00:00:00Z' };
}

it('lists installations by name as they are now, whatever comes, changes and goes', () => {
  const installations = new Store({
    namespace: (i: InstallationView) => [i.namespace],
    uid: (i) => [i.uid],
    provider: () => [],
    configMap: () => [],
    secret: () => [],
  });
  const inOrder = createInOrder({ installations });
  const feed = installations.feed();
  const told = (namespace?: string) =>
    inOrder(namespace)
      .slice()
      .map(({ key, spec }) => `${key} ${spec.description}`.trim());

  expect([told('a'), told()]).toEqual([[], []]);
  feed.upsert(view('a', 'two'));
  feed.upsert(view('b', 'one'));
  feed.upsert(view('a', 'one'));
  expect([told('a'), told()]).toEqual([
    ['a/one', 'a/two'],
    ['a/one', 'a/two', 'b/one'],
  ]);
  feed.upsert(view('a', 'two', 'changed'));
  expect(told('a')).toEqual(['a/one', 'a/two changed']);
  expect([
    inOrder('a').total,
    inOrder('a')
      .slice(1, 2)
      .map(({ key }) => key),
  ]).toEqual([2, ['a/two']]);
  version += 1;
  feed.remove('a/one', String(version));
  feed.upsert(view('a', 'three'));
  expect([told('a'), told('b'), told()]).toEqual([
    ['a/three', 'a/two changed'],
    ['b/one'],
    ['a/three', 'a/two changed', 'b/one'],
  ]);
});
