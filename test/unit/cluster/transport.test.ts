import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/cluster/errors.ts';
import { createTransport, type Answered, type Call } from '../../../src/cluster/transport.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) {
    await cleanUp();
  }
});

/** Starts a server of its own and a transport to it. The transport is the thing under test. */
async function setUp(
  handler: Handler,
  { basePath = '', ...options }: { basePath?: string; connections?: number; fence?: () => void } = {},
) {
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    handler(request, response, Buffer.concat(chunks).toString());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  cleanUps.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const answered: Answered[] = [];
  const transport = createTransport({
    connection: {
      server: new URL(`http://127.0.0.1:${port}${basePath}`),
      tls: async () => ({}),
      authorization: async () => 'Bearer secret',
    },
    userAgent: 'test/1',
    onRequest: (answer) => answered.push(answer),
    ...options,
  });
  cleanUps.push(() => transport.close());
  return { transport, answered, sockets, server };
}

const get: Call = { method: 'GET', path: '/api/v1/pods', doing: 'List pods', resource: 'pods' };

function answer(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

describe('a request', () => {
  it('says who we are and what we want, and returns the parsed answer', async () => {
    const { transport, answered } = await setUp(({ method, url, headers }, response, body) => {
      const { accept, authorization, 'user-agent': userAgent, 'content-type': contentType } = headers;
      answer(response, 201, { method, url, body, accept, authorization, userAgent, contentType });
    });

    const echo = await transport.request({
      ...get,
      method: 'PATCH',
      query: { labelSelector: 'a=b,c in (d)', fieldSelector: undefined },
      body: { spec: { replicas: 1 } },
      contentType: 'application/merge-patch+json',
    });

    expect(echo).toEqual({
      method: 'PATCH',
      url: '/api/v1/pods?labelSelector=a%3Db%2Cc+in+%28d%29',
      body: '{"spec":{"replicas":1}}',
      accept: 'application/json',
      authorization: 'Bearer secret',
      userAgent: 'test/1',
      contentType: 'application/merge-patch+json',
    });
    expect(answered).toEqual([{ method: 'PATCH', resource: 'pods', code: 201, seconds: expect.any(Number) }]);
  });

  it('has no body and no query if none are given', async () => {
    const { transport } = await setUp(({ url, headers }, response) => {
      answer(response, 200, { url, contentType: headers['content-type'] ?? null });
    });

    expect(await transport.request(get)).toEqual({ url: '/api/v1/pods', contentType: null });
  });

  it('goes below the path of a server that is behind a proxy', async () => {
    const { transport } = await setUp(({ url }, response) => answer(response, 200, { url }), { basePath: '/k8s/c-1/' });

    expect(await transport.request(get)).toEqual({ url: '/k8s/c-1/api/v1/pods' });
  });

  it('returns nothing for an empty answer', async () => {
    const { transport } = await setUp((_, response) => answer(response, 200, ''));

    expect(await transport.request(get)).toBeUndefined();
  });

  it('reuses connections', async () => {
    const ports = new Set<number | undefined>();
    const { transport } = await setUp((request, response) => {
      ports.add(request.socket.remotePort);
      answer(response, 200, {});
    });

    for (let i = 0; i < 50; i += 1) {
      await transport.request(get);
    }

    // The connection that has just answered may not be free yet when the next request is sent.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('never opens more than 16 connections', async () => {
    const held: ServerResponse[] = [];
    const reached = Promise.withResolvers<void>();
    const { transport, sockets } = await setUp((_, response) => {
      held.push(response);
      if (held.length >= 16) {
        reached.resolve();
        held.splice(0).forEach((response) => answer(response, 200, {}));
      }
    });
    const requests = Array.from({ length: 48 }, () => transport.request(get));

    await reached.promise;
    expect(sockets.size).toBe(16);

    await Promise.all(requests);
  });

  it('that is refused is an error that knows all about it', async () => {
    const status = { kind: 'Status', reason: 'TooManyRequests', message: 'slow down', details: { kind: 'pods' } };
    const { transport, answered } = await setUp((_, response) => answer(response, 429, status, { 'retry-after': '2' }));

    const error: unknown = await transport.request(get).catch((error: unknown) => error);

    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      message: 'List pods: slow down',
      status: 429,
      reason: 'TooManyRequests',
      details: { kind: 'pods' },
      retry: 'backoff',
      retryAfterMs: 2000,
    });
    expect(answered).toMatchObject([{ code: 429 }]);
  });

  it.each`
    what                         | handler
    ${'a connection that drops'} | ${(request: IncomingMessage) => request.socket.destroy()}
    ${'an answer that is cut'}   | ${(_: unknown, response: ServerResponse) => response.writeHead(200, { 'content-length': 99 }).write('{', () => response.destroy())}
    ${'an answer in HTML'}       | ${(_: unknown, response: ServerResponse) => answer(response, 200, '<html>')}
  `('answered by $what is an error that is worth a retry', async ({ handler }) => {
    const { transport } = await setUp(handler);

    await expect(transport.request(get)).rejects.toMatchObject({ name: 'ApiError', status: 0, retry: 'backoff' });
  });

  it('that nobody answers is counted under code 0', async () => {
    const { transport, answered } = await setUp((request) => request.socket.destroy());

    await transport.request(get).catch(() => {});

    expect(answered).toMatchObject([{ code: 0 }]);
  });

  it('can be given up', async () => {
    const abort = new AbortController();
    const { transport } = await setUp(() => abort.abort());

    await expect(transport.request({ ...get, signal: abort.signal })).rejects.toBeInstanceOf(ApiError);
  });
});

describe('a fence', () => {
  it('is asked when a change is about to be sent, however long that waited for a connection', async () => {
    const seen: string[] = [];
    const slow = Promise.withResolvers<ServerResponse>();
    let isClosed = false;
    const { transport } = await setUp(
      ({ method, url }, response) => {
        seen.push(`${method} ${url}`);
        if (url === '/slow') {
          slow.resolve(response);
        } else {
          answer(response, 200, {});
        }
      },
      {
        connections: 1,
        fence() {
          if (isClosed) {
            throw new Error('Another may lead');
          }
        },
      },
    );
    await transport.request({ ...get, method: 'PATCH', path: '/open' });
    const first = transport.request({ ...get, path: '/slow' });
    const refused = transport.request({ ...get, method: 'PATCH', path: '/late' });
    const read = transport.request({ ...get, path: '/read' });
    isClosed = true;
    answer(await slow.promise, 200, {});

    await expect(refused).rejects.toMatchObject({ message: 'List pods: Another may lead', retry: 'backoff' });
    await Promise.all([first, read]);
    expect(seen).toEqual(['PATCH /open', 'GET /slow', 'GET /read']);
  });
});

describe('a stream', () => {
  it('brings line after line as they come', async () => {
    let more: ServerResponse | undefined;
    const { transport, answered } = await setUp((_, response) => {
      more = response;
      response.write('{"n":1}\n{"n":');
    });
    const lines = (await transport.stream(get))[Symbol.asyncIterator]();

    expect(await lines.next()).toEqual({ done: false, value: { n: 1 } });
    expect(answered).toMatchObject([{ code: 200 }]);
    more?.end('2}\n');

    expect(await lines.next()).toEqual({ done: false, value: { n: 2 } });
    expect(await lines.next()).toMatchObject({ done: true });
  });

  it('has a connection of its own, which goes with it', async () => {
    const { transport, sockets } = await setUp((request, response) => {
      if (request.url === '/watch') {
        response.write('{"n":1}\n');
      } else {
        answer(response, 200, {});
      }
    });

    for await (const _ of await transport.stream({ ...get, path: '/watch' })) {
      await transport.request(get);
      expect(sockets.size).toBe(2);
      break;
    }
    await transport.request(get);

    expect(sockets.size).toBe(1);
  });

  it('that is refused is an error with its status', async () => {
    const status = { kind: 'Status', reason: 'Expired', message: 'too old' };
    const { transport, answered } = await setUp((_, response) => answer(response, 410, status));

    await expect(transport.stream(get)).rejects.toMatchObject({
      message: 'List pods: too old',
      status: 410,
    });
    expect(answered).toMatchObject([{ code: 410 }]);
  });

  it('that is cut off in the midst of a line is an error after what came before', async () => {
    const { transport } = await setUp((_, response) => {
      response.write('{"n":1}\n{"n"', () => response.destroy());
    });
    const lines = (await transport.stream(get))[Symbol.asyncIterator]();

    expect(await lines.next()).toMatchObject({ value: { n: 1 } });
    await expect(lines.next()).rejects.toMatchObject({ name: 'ApiError', status: 0 });
  });

  it.each`
    by             | end
    ${'its user'}  | ${(abort: AbortController) => abort.abort()}
    ${'the close'} | ${(_: unknown, transport: { close(): Promise<void> }) => void transport.close()}
  `('is ended by $by, though the server says nothing', async ({ end }) => {
    const abort = new AbortController();
    const { transport } = await setUp((_, response) => response.write('{"n":1}\n'));
    const lines = (await transport.stream({ ...get, signal: abort.signal }))[Symbol.asyncIterator]();
    await lines.next();

    end(abort, transport);

    await expect(lines.next()).rejects.toBeInstanceOf(ApiError);
  });
});

it('lets a request under way finish before it closes', async () => {
  const arrived = Promise.withResolvers<ServerResponse>();
  const { transport } = await setUp((_, response) => arrived.resolve(response));
  const request = transport.request(get);
  const response = await arrived.promise;

  const closing = transport.close();
  answer(response, 200, { done: true });

  expect(await request).toEqual({ done: true });
  await closing;
});
