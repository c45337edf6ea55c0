import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { matching, readApiRequest } from '../../faults/api-request.ts';
import { countByKind, dialsPerWatch } from '../../faults/counts.ts';
import { startFaultProxy } from '../../faults/proxy.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) {
    await cleanUp();
  }
});

/** Waits until `holds`. The long timeout only ends a hang; the default of vitest is a second. */
const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 60_000 });

const CONFIG = {
  clusters: [{ name: 'c', cluster: { server: '' } }],
  users: [{ name: 'u', user: { token: 'secret' } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
};

/** Starts an apiserver that lists the requests that reached it. The test writes the events of its watches. */
async function fakeApiServer() {
  const reached: string[] = [];
  const watching: ServerResponse[] = [];
  const server = createServer((request, response) => {
    reached.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(200, { 'content-type': 'application/json' });
    if (request.url?.includes('watch=true')) {
      response.flushHeaders();
      watching.push(response);
    } else {
      response.end('{"kind":"Done"}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'provider-operator-test-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({ ...CONFIG, clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }] }),
  );
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  cleanUps.push(stop);
  return { kubeconfig, reached, watching, stop };
}

/** Connects a client through a proxy to a fake apiserver. A request whose connection breaks returns `broken`. */
async function setUp() {
  const upstream = await fakeApiServer();
  const proxy = await startFaultProxy(upstream.kubeconfig);
  cleanUps.push(() => proxy.close());
  const dispatcher = new Agent();
  cleanUps.push(() => dispatcher.destroy());
  const { clusters } = JSON.parse(readFileSync(proxy.kubeconfig, 'utf8')) as typeof CONFIG;

  async function ask(path: string, method: 'GET' | 'PATCH' = 'GET', signal?: AbortSignal): Promise<Answer | 'broken'> {
    try {
      const url = new URL(path, clusters[0]!.cluster.server);
      const headers = { authorization: 'Bearer secret' };
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(url, {
        method,
        headers,
        dispatcher,
        signal: signal ?? null,
      });
      return { code: statusCode, retryAfter: answered['retry-after'], body };
    } catch {
      return 'broken';
    }
  }
  /** Sends one request, which is answered at once. */
  async function apply(signal?: AbortSignal): Promise<Record<string, unknown> | 'broken'> {
    const answer = await ask('/apis/apps/v1/namespaces/a/deployments/b', 'PATCH', signal);
    return answer === 'broken' ? answer : { ...answer, body: await answer.body.json() };
  }
  return { ...upstream, proxy, ask, apply };
}

interface Answer {
  readonly code: number;
  readonly retryAfter: string | string[] | undefined;
  readonly body: Awaited<ReturnType<typeof request>>['body'];
}

const PODS = '/api/v1/pods?watch=true';
const anything = () => true;
const event = (type: string, resourceVersion: string, annotations = {}) => ({
  type,
  object: { metadata: { name: 'é', resourceVersion, annotations } },
});

/** Opens a watch and returns the events that arrive, how it ended, and the server's side of it. */
async function openWatch({ ask, watching }: Awaited<ReturnType<typeof setUp>>) {
  const answer = await ask(PODS);
  if (answer === 'broken') {
    throw new Error('The watch was not opened');
  }
  let text = '';
  const ended = (async () => {
    try {
      for await (const chunk of answer.body.setEncoding('utf8')) {
        text += chunk;
      }
      return 'ended';
    } catch {
      return 'broken';
    }
  })();
  const server = watching.at(-1)!;
  return {
    /** The events in the whole lines that have arrived, and the unfinished rest. */
    seen: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as ReturnType<typeof event>),
    rest: () => text.split('\n').at(-1)!,
    ended,
    server,
    send: (...events: object[]) => events.forEach((e) => server.write(`${JSON.stringify(e)}\n`)),
  };
}

describe('a request', () => {
  it('passes as it is, with its credentials, and is counted', async () => {
    const { apply, proxy, reached } = await setUp();

    expect(await apply()).toMatchObject({ code: 200, body: { kind: 'Done' } });

    expect(reached).toEqual(['PATCH /apis/apps/v1/namespaces/a/deployments/b Bearer secret']);
    expect(proxy.passages).toMatchObject([
      { verb: 'patch', resource: 'deployments', namespace: 'a', name: 'b', connection: 0, served: 200, told: 200 },
    ]);
    expect(countByKind(proxy.passages)).toEqual({ 'patch deployments': 1 });
  });

  it('is refused before the server has heard of it, as often as was said', async () => {
    const { apply, proxy, reached } = await setUp();
    const fault = proxy.inject({ kind: 'refuse', code: 429, retryAfterSeconds: 3 }, matching({ verb: 'patch' }), 1);

    expect(await apply()).toMatchObject({ code: 429, retryAfter: '3', body: { reason: 'TooManyRequests', code: 429 } });

    expect(reached).toEqual([]);
    expect(await apply()).toMatchObject({ code: 200 });
    expect(fault.hits).toBe(1);
  });

  it('whose answer is lost was done nevertheless', async () => {
    const { apply, proxy, reached } = await setUp();
    proxy.inject({ kind: 'lose-answer' }, anything, 1);

    expect(await apply()).toBe('broken');

    expect(reached).toHaveLength(1);
    expect(proxy.passages).toMatchObject([{ served: 200, told: 'cut' }]);
  });

  it('whose answer is a lie was done nevertheless', async () => {
    const { apply, proxy, reached } = await setUp();
    proxy.inject({ kind: 'replace-answer', code: 504 }, anything, 1);

    expect(await apply()).toMatchObject({ code: 504, body: { reason: 'Timeout' } });

    expect(reached).toHaveLength(1);
    expect(proxy.passages).toMatchObject([{ served: 200, told: 504 }]);
  });

  it('that is cut did not reach the server', async () => {
    const { apply, proxy, reached } = await setUp();
    proxy.inject({ kind: 'reset' }, anything, 1);

    expect(await apply()).toBe('broken');

    expect(reached).toEqual([]);
  });

  it('is delayed', async () => {
    const { apply, proxy } = await setUp();
    proxy.inject({ kind: 'delay', ms: 100 }, anything, 1);
    const before = performance.now();

    await apply();

    expect(performance.now() - before).toBeGreaterThan(95);
  });

  it('that meets silence is never answered', async () => {
    const { apply, proxy, reached } = await setUp();
    const fault = proxy.inject({ kind: 'silence' }, anything, 1);
    const abort = new AbortController();
    const unanswered = apply(abort.signal);
    await until(() => fault.hits === 1);

    await apply();

    expect(reached).toHaveLength(1);
    expect(proxy.passages[0]).not.toHaveProperty('told');
    abort.abort();
    expect(await unanswered).toBe('broken');
  });
});

describe('a watch', () => {
  it('passes each event as it comes, wherever it is cut on the way', async () => {
    const { seen, ended, server } = await openWatch(await setUp());
    const bytes = Buffer.from(`${JSON.stringify(event('ADDED', '1'))}\n`);
    const inTheMidstOfALetter = bytes.indexOf('é') + 1;

    server.write(bytes.subarray(0, inTheMidstOfALetter));
    server.write(bytes.subarray(inTheMidstOfALetter));
    await until(() => seen().length === 1);
    server.end();

    expect(seen()).toEqual([event('ADDED', '1')]);
    expect(await ended).toBe('ended');
  });

  it('is cut in the midst of an event', async () => {
    const setup = await setUp();
    const { seen, rest, ended, send } = await openWatch(setup);
    send(event('ADDED', '1'));
    await until(() => seen().length === 1);
    setup.proxy.inject({ kind: 'cut-mid-event' }, anything, 1);

    send(event('MODIFIED', '2'), event('MODIFIED', '3'));

    expect(await ended).toBe('broken');
    expect(seen()).toEqual([event('ADDED', '1')]);
    expect(JSON.stringify(event('MODIFIED', '2'))).toContain(rest());
    expect(rest()).not.toBe('');
  });

  it('falls silent with all that is open, also where the server ends it; a new one works', async () => {
    const setup = await setUp();
    const first = await openWatch(setup);
    setup.proxy.silence();
    first.send(event('ADDED', '1'));
    first.server.end();

    const second = await openWatch(setup);
    second.send(event('ADDED', '1'));
    await until(() => second.seen().length === 1);

    expect(first.seen()).toEqual([]);
    expect(await Promise.race([first.ended, Promise.resolve('still open')])).toBe('still open');
  });

  it('is closed by the server after a while', async () => {
    const setup = await setUp();
    setup.proxy.inject({ kind: 'close-after', ms: 20 }, anything, 1);

    const { ended } = await openWatch(setup);

    expect(await ended).toBe('ended');
  });

  it('fails in its midst', async () => {
    const setup = await setUp();
    const { seen, ended } = await openWatch(setup);

    setup.proxy.watches.forEach((watch) => watch.fail(410));

    expect(await ended).toBe('ended');
    expect(seen()).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });

  it('that the server fails is noted with the code', async () => {
    const setup = await setUp();
    const { seen, send } = await openWatch(setup);

    send({ type: 'ERROR', object: { kind: 'Status', code: 410 } });
    await until(() => seen().length === 1);

    expect(setup.proxy.passages).toMatchObject([{ served: 200, told: 200, failed: 410 }]);
  });

  it.each`
    kind                      | left
    ${'withhold-initial-end'} | ${['1', '3']}
    ${'withhold-bookmarks'}   | ${['1']}
  `('loses to $kind all but $left', async ({ kind, left }) => {
    const setup = await setUp();
    setup.proxy.inject({ kind: kind as 'withhold-bookmarks' }, anything);
    const { seen, ended, server, send } = await openWatch(setup);

    send(event('ADDED', '1'), event('BOOKMARK', '2', { 'k8s.io/initial-events-end': 'true' }), event('BOOKMARK', '3'));
    server.end();
    await ended;

    expect(seen().map((e) => e.object.metadata.resourceVersion)).toEqual(left);
  });

  it('repeats itself', async () => {
    const setup = await setUp();
    setup.proxy.inject({ kind: 'replay', last: 2 }, anything);
    const { seen, ended, server, send } = await openWatch(setup);

    send(event('ADDED', '1'), event('MODIFIED', '2'), event('DELETED', '3'));
    server.end();
    await ended;

    expect(
      seen()
        .map((e) => e.object.metadata.resourceVersion)
        .join(' '),
    ).toBe('1 1 2 2 1 3 3 1 2');
  });
});

describe('while it is down', () => {
  it('cuts what is open, and counts each dial with what it was for', async () => {
    const setup = await setUp();
    const { ended } = await openWatch(setup);
    setup.proxy.down();
    expect(await ended).toBe('broken');

    for (let i = 0; i < 3; i += 1) {
      expect(await setup.ask(PODS)).toBe('broken');
    }
    expect(await setup.ask('/api/v1/pods')).toBe('broken');
    setup.proxy.up();
    await setup.apply();

    expect(dialsPerWatch(setup.proxy.passages)).toEqual({ pods: 5 });
    expect(setup.proxy.passages.map((p) => p.told)).toEqual([200, 'cut', 'cut', 'cut', 'cut', 200]);
    expect(setup.proxy.accepted).toHaveLength(6);
    expect(setup.reached).toHaveLength(2);
  });

  it('a server that is gone looks as if the line was', async () => {
    const { apply, stop, proxy } = await setUp();
    await stop();

    expect(await apply()).toBe('broken');
    expect(proxy.passages).toMatchObject([{ told: 'cut' }]);
  });
});

it('fails where a fault never struck', async () => {
  const { kubeconfig } = await fakeApiServer();
  const proxy = await startFaultProxy(kubeconfig);
  proxy.inject({ kind: 'reset' }, matching({ verb: 'delete' }));

  await expect(proxy.close()).rejects.toThrow('These faults never struck: [{"kind":"reset"}]');
});

it.each`
  method      | url                                                        | read
  ${'GET'}    | ${'/readyz'}                                               | ${{ verb: 'get', resource: '' }}
  ${'GET'}    | ${'/api/v1/pods?watch=true&sendInitialEvents=true'}        | ${{ verb: 'watch', resource: 'pods', isWatchList: true }}
  ${'GET'}    | ${'/api/v1/pods?watch=true&resourceVersion=7'}             | ${{ verb: 'watch', resourceVersion: '7', isWatchList: false }}
  ${'GET'}    | ${'/api/v1/namespaces'}                                    | ${{ verb: 'list', resource: 'namespaces' }}
  ${'GET'}    | ${'/api/v1/namespaces/a'}                                  | ${{ verb: 'get', resource: 'namespaces', name: 'a', namespace: '' }}
  ${'GET'}    | ${'/api/v1/namespaces/a/pods'}                             | ${{ verb: 'list', resource: 'pods', namespace: 'a', name: '' }}
  ${'PATCH'}  | ${'/apis/a.io/v1/namespaces/a/things/b/status?force=true'} | ${{ verb: 'patch', resource: 'things', name: 'b', subresource: 'status' }}
  ${'DELETE'} | ${'/apis/a.io/v1/things/b'}                                | ${{ verb: 'delete', resource: 'things', name: 'b', namespace: '' }}
  ${'PUT'}    | ${'/apis/coordination.k8s.io/v1/namespaces/a/leases/b'}    | ${{ verb: 'update', resource: 'leases' }}
`('reads $method $url', ({ method, url, read }) => {
  expect(readApiRequest({ method, url })).toMatchObject(read as object);
});
