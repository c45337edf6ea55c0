import { once } from 'node:events';
import { Agent, createServer, get, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import {
  guardConnections,
  LIMITS_AT_CREATION,
  limitWaiting,
  type ConnectionGuard,
} from '../../../src/rest/connections.ts';
import { selfSigned } from './self-signed.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';
const HALF_A_HEAD = 'GET / HTTP/1.1\r\nX-Slow: ';

/** Nothing is closed for being late, however slow the machine is. */
const UNHURRIED = {
  ...LIMITS_AT_CREATION,
  headersTimeout: 0,
  requestTimeout: 0,
  keepAliveTimeout: 0,
  handshakeTimeout: 900_000,
};

type Server = HttpServer | HttpsServer;

const servers: Server[] = [];
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.destroy();
  }
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

/** A guarded server that answers nothing before the test does. */
async function guarded(most: number, server: Server = createServer(UNHURRIED)) {
  const guard = guardConnections(server, { most });
  const responses: ServerResponse[] = [];
  server.on('request', (_request, response) => {
    responses.push(response);
    server.emit('asked');
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  /** Connects, and returns once the server knows of it. */
  async function join(): Promise<Client> {
    const accepted = once(server, 'connection');
    const client = new Client(connect(port, '127.0.0.1'));
    await accepted;
    return client;
  }

  /** Sends a request on a connection, and returns its response, to which nothing is written yet. */
  async function ask(client: Client): Promise<ServerResponse> {
    const asked = once(server, 'asked');
    client.socket.write(REQUEST);
    await asked;
    return responses.at(-1)!;
  }

  return { server, guard, port, join, ask };
}

/** The other side of a connection, which remembers what became of it. */
class Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #heard = '';

  constructor(socket: Socket) {
    this.socket = socket;
    clients.push(socket);
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#heard += text;
    });
    // That it was cut off is what is looked for.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  /** Waits for text of the server. */
  async hears(text: string): Promise<void> {
    while (!this.#heard.includes(text)) {
      await once(this.socket, 'data');
    }
    this.#heard = '';
  }
}

/** Finishes a response; its connection is idle as soon as this is done. */
async function answer(response: ServerResponse, text = 'done'): Promise<void> {
  const closed = once(response, 'close');
  response.end(text);
  await closed;
}

/** Waits until the server has closed the next connection that it accepts. */
function nextToClose(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.once('connection', (socket: Socket) => socket.once('close', () => resolve()));
  });
}

function counts({ open, idle, dropped, refused }: ConnectionGuard) {
  return { open, idle, dropped, refused };
}

describe('a crowd of connections that do nothing', () => {
  // https://github.com/ninenines/cowboy/issues/213, https://github.com/gkbrk/slowloris/issues/64: a limit alone helps the
  // slow ones to keep all others out. https://github.com/nodejs/node/issues/8972: maxConnections of Node drops the new one.
  it.each([
    ['half-open', ''],
    ['in the middle of a head', HALF_A_HEAD],
  ])('that are %s keeps nobody out', async (_name, text) => {
    const { guard, join, ask } = await guarded(20);
    for (let count = 0; count < 200; count += 1) {
      const client = await join();
      client.socket.write(text);
    }
    const user = await join();
    const response = await ask(user);

    expect(counts(guard)).toEqual({ open: 20, idle: 19, dropped: 181, refused: 0 });
    for (let count = 0; count < 200; count += 1) {
      await join();
    }
    await answer(response, 'hello');
    await user.hears('hello');
  });

  // https://github.com/fhessel/esp32_https_server/issues/79, https://github.com/mafintosh/turbo-http/issues/24
  it('gives way in the order in which they became idle, not in which they came', async () => {
    const { guard, join, ask } = await guarded(3);
    const [first, second, third] = [await join(), await join(), await join()];
    await answer(await ask(second));
    await answer(await ask(first));
    await join();
    await third.closed;
    await join();
    await second.closed;

    expect(counts(guard)).toEqual({ open: 3, idle: 3, dropped: 2, refused: 0 });
    await answer(await ask(first), 'still there');
    await first.hears('still there');
  });
});

describe('a busy connection', () => {
  it('is never closed for a new one', async () => {
    const { guard, join, ask } = await guarded(2);
    const [one, other] = [await join(), await join()];
    const responses = [await ask(one), await ask(other)];
    for (let count = 0; count < 50; count += 1) {
      await (
        await join()
      ).closed;
    }

    expect(counts(guard)).toEqual({ open: 2, idle: 0, dropped: 0, refused: 50 });
    for (const response of responses) {
      await answer(response, 'hello');
    }
    await one.hears('hello');
    await other.hears('hello');
    expect(counts(guard)).toEqual({ open: 2, idle: 2, dropped: 0, refused: 50 });
  });

  // https://github.com/fastify/fastify/issues/3870: connections that are kept alive were closed under a request.
  it('is busy again with each request that comes over it', async () => {
    const { guard, join, ask } = await guarded(1);
    const client = await join();
    await answer(await ask(client));
    const response = await ask(client);
    await (
      await join()
    ).closed;

    expect(counts(guard)).toEqual({ open: 1, idle: 0, dropped: 0, refused: 1 });
    await answer(response, 'the second');
    await client.hears('the second');
  });

  it('is busy until the last of several requests that it was sent at once', async () => {
    const { guard, join, ask } = await guarded(1);
    const client = await join();
    const first = await ask(client);
    const second = await ask(client);

    await answer(first);
    expect(guard.idle).toBe(0);
    await answer(second);
    expect(guard.idle).toBe(1);
  });

  it('is busy while its body comes, and where the client waits to be told to send it', async () => {
    const { server, guard, join } = await guarded(1);
    const client = await join();
    const asked = once(server, 'request');
    client.socket.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n');
    await asked;
    await client.hears('100 Continue');

    expect(counts(guard)).toEqual({ open: 1, idle: 0, dropped: 0, refused: 0 });
  });

  it('is nothing any more once its client has left', async () => {
    const { guard, join, ask } = await guarded(2);
    const [client, other] = [await join(), await join()];
    const response = await ask(client);
    const ended = once(response, 'close');
    client.socket.resetAndDestroy();
    await ended;
    await answer(await ask(other));

    expect(counts(guard)).toEqual({ open: 1, idle: 1, dropped: 0, refused: 0 });
  });

  it('is one also for an agent that keeps it alive', async () => {
    const { server, guard, port } = await guarded(5);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 10; count += 1) {
      const asked = once(server, 'request');
      const request = get({ port, host: '127.0.0.1', agent });
      const [, response] = (await asked) as [unknown, ServerResponse];
      const answered = once(request, 'response');
      await answer(response);
      const [message] = await answered;
      message.resume();
      await once(message, 'end');
    }
    agent.destroy();

    expect(guard).toMatchObject({ dropped: 0, refused: 0 });
  });
});

describe('what is no plain request', () => {
  it('is answered as one where nobody listens for an upgrade', async () => {
    const { server, guard, join } = await guarded(1);
    const client = await join();
    const asked = once(server, 'request');
    client.socket.write('GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [, response] = (await asked) as [unknown, ServerResponse];

    expect(guard.idle).toBe(0);
    await answer(response);
    expect(guard.idle).toBe(1);
  });

  it.each([
    ['a tunnel', 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['an expectation that nobody has', 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nExpect: wonders\r\n\r\n'],
  ])('leaves nothing behind: %s', async (_name, text) => {
    const { server, guard, join } = await guarded(1);
    const gone = nextToClose(server);
    const client = await join();
    client.socket.write(text);
    await gone;

    expect(counts(guard)).toEqual({ open: 0, idle: 0, dropped: 0, refused: 0 });
  });
});

describe('with TLS', () => {
  const pair = selfSigned();

  async function guardedTls(most: number) {
    const server = createTlsServer({ ...UNHURRIED, ...pair });
    const plain = await guarded(most, server);

    /** Connects, and returns once the handshake is done on both sides. */
    async function joinTls(): Promise<Client> {
      const secured = once(server, 'secureConnection');
      const socket = connectTls({ port: plain.port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert });
      const client = new Client(socket);
      await Promise.all([secured, once(socket, 'secureConnect')]);
      return client;
    }

    return { ...plain, joinTls };
  }

  // https://github.com/nodejs/node-v0.x-archive/pull/4383 (60,000 connections whose handshake never came),
  // https://github.com/iotaledger/iota/pull/12569, https://github.com/mtrudel/thousand_island/pull/211
  it('counts those whose handshake never ends, and lets them give way', async () => {
    const { guard, join, joinTls, ask } = await guardedTls(20);
    for (let count = 0; count < 100; count += 1) {
      await join();
    }
    const user = await joinTls();
    const response = await ask(user);
    for (let count = 0; count < 100; count += 1) {
      await join();
    }

    expect(counts(guard)).toEqual({ open: 20, idle: 19, dropped: 181, refused: 0 });
    await answer(response, 'hello');
    await user.hears('hello');
  });

  it('knows which connection a request came over', async () => {
    const { guard, join, joinTls, ask } = await guardedTls(3);
    const [one, two, three] = await Promise.all([joinTls(), joinTls(), joinTls()]);
    const response = await ask(two);
    await join();
    await join();
    await Promise.all([one.closed, three.closed]);

    expect(counts(guard)).toEqual({ open: 3, idle: 2, dropped: 2, refused: 0 });
    await answer(response, 'hello');
    await two.hears('hello');
    expect(guard.idle).toBe(3);
  });

  it('refuses where all are busy, and lets one give way that is kept alive', async () => {
    const { guard, join, joinTls, ask } = await guardedTls(1);
    const user = await joinTls();
    const response = await ask(user);
    await (
      await join()
    ).closed;
    expect(counts(guard)).toEqual({ open: 1, idle: 0, dropped: 0, refused: 1 });

    await answer(response);
    await join();
    await user.closed;
    expect(counts(guard)).toEqual({ open: 1, idle: 1, dropped: 1, refused: 1 });
  });

  it('forgets one that speaks no TLS', async () => {
    const { server, guard, join } = await guardedTls(1);
    const gone = nextToClose(server);
    const client = await join();
    client.socket.write(REQUEST);
    await gone;

    expect(counts(guard)).toEqual({ open: 0, idle: 0, dropped: 0, refused: 0 });
  });
});

describe('the limits of waiting', () => {
  it('bound the head, the body, silence, and the time between requests', () => {
    const server = createServer(LIMITS_AT_CREATION);
    limitWaiting(server);

    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxHeadersCount } = server;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxHeadersCount }).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 75_000,
      timeout: 60_000,
      maxHeadersCount: 100,
    });
  });

  // https://github.com/nodejs/node/issues/33440, https://github.com/nodejs/node/issues/26165,
  // https://github.com/nodejs/node/issues/23981: it was only looked at when more came.
  it.each([
    ['has sent nothing', ''],
    ['has sent half a head', HALF_A_HEAD],
  ])('end a connection that %s, without anything more that comes', async (_name, text) => {
    const server = createServer({ ...LIMITS_AT_CREATION, connectionsCheckingInterval: 1 });
    limitWaiting(server);
    server.headersTimeout = 1;
    const { join } = await guarded(1, server);
    const client = await join();
    client.socket.write(text);

    await expect(client.closed).resolves.toBeUndefined();
  });

  // https://github.com/nodejs/node/issues/27363: the limit of the head counted while nothing was asked.
  it('leave one alone that is kept alive', async () => {
    const server = createServer({ ...LIMITS_AT_CREATION, connectionsCheckingInterval: 1 });
    limitWaiting(server);
    const { join, ask, guard } = await guarded(3, server);
    const client = await join();
    await answer(await ask(client));
    server.headersTimeout = 1;
    for (let count = 0; count < 3; count += 1) {
      const late = await join();
      await late.closed;
    }
    server.headersTimeout = 10_000;

    await answer(await ask(client), 'still there');
    await client.hears('still there');
    expect(guard.dropped).toBe(0);
  });

  // A client that asks and does not read is busy for ever, and 1,000 of them keep all others out.
  it('end a connection whose client does not read its responses', async () => {
    const server = createServer(LIMITS_AT_CREATION, (_request, response) => response.end('x'.repeat(1_000)));
    limitWaiting(server);
    server.timeout = 50;
    const guard = guardConnections(server, { most: 1 });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gone = nextToClose(server);
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    clients.push(client);
    client.pause();
    client.write(REQUEST.repeat(50_000));
    await gone;

    expect(guard.open).toBe(0);
  });

  // https://github.com/oven-sh/bun/pull/33541
  it('end a TLS handshake that does not come', async () => {
    const server = createTlsServer({ ...LIMITS_AT_CREATION, ...selfSigned(), handshakeTimeout: 1 });
    const { join } = await guarded(1, server);
    const client = await join();

    await expect(client.closed).resolves.toBeUndefined();
  });

  it('refuse a head of more than 16 KiB', async () => {
    const { join, guard } = await guarded(1);
    const client = await join();
    client.socket.write(`GET / HTTP/1.1\r\nHost: test\r\nX-Long: ${'x'.repeat(16 * 1024)}\r\n\r\n`);
    await client.hears('431 ');
    await client.closed;

    expect(guard.open - guard.idle).toBe(0);
  });
});
