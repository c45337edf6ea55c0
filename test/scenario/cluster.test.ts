import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/cluster/errors.ts';
import type { Transport } from '../../src/cluster/transport.ts';
import { converse, CONVERSATION } from './cluster/conversation.ts';
import { handle } from './cluster/handler.ts';
import { KINDS } from './cluster/kinds.ts';
import { RECORDED } from './cluster/recorded.ts';
import { Refused } from './cluster/refusal.ts';
import { ApiServer } from './cluster/server.ts';
import { WatchCursor } from './cluster/watch.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function answersAtOnce(server: ApiServer): Transport {
  return {
    async request<Answer>(call: Parameters<Transport['request']>[0]) {
      try {
        return handle(server, call) as Answer;
      } catch (error) {
        throw error instanceof Refused ? ApiError.refused(call.doing, error) : error;
      }
    },
    stream: () => Promise.reject(new Error('Not here')),
    close: () => Promise.resolve(),
  };
}

it('answers a conversation about fields as a real API server did', async () => {
  const answers = await converse(answersAtOnce(new ApiServer(() => NOW)));

  expect(answers.map((answer, i) => ({ shows: CONVERSATION[i]?.shows, answer }))).toEqual(
    RECORDED.map((answer, i) => ({ shows: CONVERSATION[i]?.shows, answer })),
  );
});

describe('the fake API server', () => {
  const path = '/api/v1/configmaps';
  const call = { method: 'GET', path, doing: 'Look', resource: 'configmaps' } as const;
  const configMap = (name: string, labels = {}) => ({ metadata: { namespace: 'shop', name, labels } });

  it('shows one moment in all pages of a list', () => {
    const server = new ApiServer(() => NOW);
    ['a', 'b', 'c'].forEach((name) => server.create(KINDS.ConfigMap, configMap(name), 'test'));
    type Page = { metadata: { continue?: string; resourceVersion: string }; items: { metadata: { name: string } }[] };

    const first = handle(server, { ...call, query: { limit: '2' } }) as Page;
    server.remove(KINDS.ConfigMap, 'shop/c', 'test');
    server.create(KINDS.ConfigMap, configMap('d'), 'test');
    const second = handle(server, { ...call, query: { limit: '2', continue: first.metadata.continue! } }) as Page;

    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(second.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  });

  it('tells a watch that an object left its selection', () => {
    const server = new ApiServer(() => NOW);
    server.create(KINDS.ConfigMap, configMap('a', { ours: 'yes' }), 'test');
    const cursor = new WatchCursor(server, {
      ...call,
      query: { labelSelector: 'ours=yes', resourceVersion: String(server.version) },
    });

    server.edit(KINDS.ConfigMap, 'shop/a', { manager: 'test' }, (o) => ({
      ...o,
      metadata: { ...o.metadata, labels: {} },
    }));

    expect(cursor.next()).toMatchObject([{ type: 'DELETED', object: { metadata: { name: 'a' } } }]);
    expect(cursor.hasNews).toBe(false);
  });

  it('refuses to go on from what was compacted away', () => {
    const server = new ApiServer(() => NOW);
    const before = String(server.version);
    server.create(KINDS.ConfigMap, configMap('a'), 'test');
    server.compact();

    expect(() => new WatchCursor(server, { ...call, query: { resourceVersion: before } })).toThrow(
      expect.objectContaining({ status: 410 }),
    );
  });
});
