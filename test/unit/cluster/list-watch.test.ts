import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/cluster/errors.ts';
import { createListWatch } from '../../../src/cluster/list-watch.ts';
import { FakeTransport } from './fake-transport.ts';

const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const { signal } = new AbortController();

describe('a list', () => {
  it('follows its pages to the end', async () => {
    const transport = new FakeTransport();
    transport.answers.push(
      { metadata: { resourceVersion: '7', continue: 'next' }, items: ['a', 'b'] },
      { metadata: { resourceVersion: '7', continue: '' }, items: ['c'] },
    );

    const pages = await Array.fromAsync(createListWatch(transport, pods).list(signal));

    expect(pages).toEqual([
      { items: ['a', 'b'], resourceVersion: '7' },
      { items: ['c'], resourceVersion: '7' },
    ]);
    expect(transport.calls).toMatchObject([
      { method: 'GET', path: '/api/v1/pods', query: { limit: '500', continue: undefined }, resource: 'pods' },
      { method: 'GET', path: '/api/v1/pods', query: { limit: '500', continue: 'next' }, resource: 'pods' },
    ]);
  });

  it('fails, and does not go on with another version, when its next page was compacted away', async () => {
    const transport = new FakeTransport();
    const expired = ApiError.refused('List pods', { status: 410, body: '' });
    transport.answers.push({ metadata: { resourceVersion: '7', continue: 'next' }, items: [] }, expired);

    await expect(Array.fromAsync(createListWatch(transport, pods).list(signal))).rejects.toBe(expired);
    expect(transport.calls).toHaveLength(2);
  });

  it('asks for what was selected, and says so in its errors', async () => {
    const transport = new FakeTransport();
    transport.answers.push({ metadata: { resourceVersion: '7' }, items: [] });
    const selection = { namespace: 'shop', labelSelector: 'app=web', fieldSelector: 'spec.nodeName=n1' };

    await Array.fromAsync(createListWatch(transport, pods, selection).list(signal));

    expect(transport.calls).toMatchObject([
      {
        path: '/api/v1/namespaces/shop/pods',
        query: { labelSelector: 'app=web', fieldSelector: 'spec.nodeName=n1' },
        doing: 'List pods in "shop"',
        signal,
      },
    ]);
  });
});

describe('a watch', () => {
  it.each`
    luck        | timeoutSeconds
    ${0}        | ${'300'}
    ${0.999999} | ${'599'}
  `('asks for bookmarks and an end after $timeoutSeconds s', async ({ luck, timeoutSeconds }) => {
    const transport = new FakeTransport();
    const source = createListWatch(transport, pods, { labelSelector: 'app=web' }, () => luck);
    transport.answers.push({ type: 'ADDED', object: {} });

    expect(await Array.fromAsync(await source.watch('42', signal))).toEqual([{ type: 'ADDED', object: {} }]);
    expect(transport.calls).toEqual([
      {
        method: 'GET',
        path: '/api/v1/pods',
        query: {
          labelSelector: 'app=web',
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion: '42',
          timeoutSeconds,
        },
        resource: 'pods',
        doing: 'Watch pods',
        signal,
      },
    ]);
  });
});
