import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';

/**
 * What `createServer` must be told, for it cannot be set later: https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener.
 * Node looks for connections that are late only so often (each 30 s by default), and lets a TLS handshake take 120 s.
 */
export const LIMITS_AT_CREATION = {
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  /** Only TLS has one: https://nodejs.org/api/tls.html#tlscreateserveroptions-secureconnectionlistener. */
  handshakeTimeout: 10_000,
};

/**
 * Bounds how long a client may keep a connection with next to no effort, which is all that a slowloris does. It must be
 * called after a framework is done with the server: fastify sets three of these anew, two of them to "for ever".
 * https://nodejs.org/api/http.html#serverheaderstimeout and the sections beside it say what each one measures.
 */
export function limitWaiting(server: HttpServer | HttpsServer): void {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  // Longer than the 60 s of most load balancers: who closes first makes the other one's next request fail.
  server.keepAliveTimeout = 75_000;
  // Silence in both directions. Nothing else ends a connection whose client does not read its response.
  server.timeout = 60_000;
  server.maxHeadersCount = 100;
}

/** One TCP connection, whatever is spoken on it. */
interface Connection {
  readonly socket: Socket;
  /** The addresses of both its ends; undefined where the client has left already. */
  readonly ends: string | undefined;
  /** Requests whose head is complete and whose response is not finished. A client may send several at once. */
  unanswered: number;
}

/** What was made of the connections of one server, for its metrics. */
export interface ConnectionGuard {
  readonly open: number;
  /** Open, and without a request that waits for its response. */
  readonly idle: number;
  /** Idle ones that were closed to make room, so far. */
  readonly dropped: number;
  /** New ones that were closed because every other was busy, so far. */
  readonly refused: number;
}

/**
 * Keeps at most `most` connections, and lets no crowd of idle ones keep others out. A connection is busy from the end of a
 * request's head to the end of its response, and idle all the other time: half-open, in its TLS handshake, or kept alive.
 * Where there is no room for a new one, that which has been idle longest is closed; where none is idle, the new one.
 *
 * It must be called before the server listens. A connection that a listener of `upgrade`, `connect` or `checkContinue` takes
 * over is idle here: a listener for these would change what Node answers where there is none.
 */
export function guardConnections(
  server: HttpServer | HttpsServer,
  { most }: { readonly most: number },
): ConnectionGuard {
  const connections = new Connections(most);
  // After the server's own listener, which does not expect a socket that is destroyed already.
  server.on('connection', (socket: Socket) => connections.add(socket));
  if (server instanceof TlsServer) {
    server.prependListener('secureConnection', (socket: TLSSocket) => connections.encrypt(socket));
  }
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    connections.begin(socket);
    response.once('close', () => connections.end(socket));
  });
  return connections;
}

class Connections implements ConnectionGuard {
  readonly #most: number;
  readonly #open = new Set<Connection>();
  /** In the order in which they became idle. */
  readonly #idle = new Set<Connection>();
  /** Goes on where it stopped: all before it has left the set, and is not walked over for each newcomer again. */
  #longestIdle = this.#idle.values();
  /** By both their ends, as long as a TLS handshake may come. */
  readonly #unencrypted = new Map<string, Connection>();
  /** By the socket of their requests, which for TLS is another than their own. */
  readonly #bySocket = new WeakMap<Socket, Connection>();
  #dropped = 0;
  #refused = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return this.#open.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get refused(): number {
    return this.#refused;
  }

  add(socket: Socket): void {
    if (this.#open.size >= this.#most && !this.#dropLongestIdle()) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    const connection = { socket, ends: endsOf(socket), unanswered: 0 };
    this.#open.add(connection);
    this.#idle.add(connection);
    this.#bySocket.set(socket, connection);
    if (connection.ends !== undefined) {
      this.#unencrypted.set(connection.ends, connection);
    }
    socket.once('close', () => this.#forget(connection));
  }

  /** Node does not tell which connection a TLS socket is made of; both have the same ends. */
  encrypt(socket: TLSSocket): void {
    const connection = this.#unencrypted.get(endsOf(socket) ?? '');
    if (connection) {
      this.#leaveUnencrypted(connection);
      this.#bySocket.set(socket, connection);
    }
  }

  begin(socket: Socket): void {
    const connection = this.#bySocket.get(socket);
    if (connection) {
      connection.unanswered += 1;
      this.#idle.delete(connection);
    }
  }

  end(socket: Socket): void {
    const connection = this.#bySocket.get(socket);
    if (connection) {
      connection.unanswered -= 1;
      if (connection.unanswered === 0 && this.#open.has(connection)) {
        this.#idle.add(connection);
      }
    }
  }

  #dropLongestIdle(): boolean {
    let { value } = this.#longestIdle.next();
    if (!value) {
      // An iterator that came to its end stays there.
      this.#longestIdle = this.#idle.values();
      ({ value } = this.#longestIdle.next());
    }
    if (!value) {
      return false;
    }
    this.#dropped += 1;
    // At once: that it is closed is only heard later.
    this.#forget(value);
    value.socket.destroy();
    return true;
  }

  #forget(connection: Connection): void {
    this.#open.delete(connection);
    this.#idle.delete(connection);
    this.#leaveUnencrypted(connection);
  }

  #leaveUnencrypted(connection: Connection): void {
    // The same ends may be those of a newer connection by now.
    if (connection.ends !== undefined && this.#unencrypted.get(connection.ends) === connection) {
      this.#unencrypted.delete(connection.ends);
    }
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  return remoteAddress && `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
