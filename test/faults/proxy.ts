import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { readApiRequest, type Match } from './api-request.ts';
import { cut, exchange } from './exchange.ts';
import { Rules, type Fault, type Injection } from './fault.ts';
import type { Passage } from './passage.ts';
import { upstreamOf } from './upstream.ts';
import type { WatchStream } from './watch-stream.ts';

export interface FaultProxy {
  /** A kubeconfig for the same user, through the proxy. */
  readonly kubeconfig: string;
  /** Every request, in the order of arrival. */
  readonly passages: readonly Readonly<Passage>[];
  /** When each connection was accepted. */
  readonly accepted: readonly number[];
  /** The open watches. */
  readonly watches: ReadonlySet<WatchStream>;
  /** Puts a fault in force for matching requests, until it is removed or has struck `times` times. */
  inject(fault: Fault, match: Match, times?: number): Injection;
  /**
   * Cuts every connection, and every new one as soon as its first request was read.
   *
   * Reading that request makes counting exact: a connection that was refused outright would not tell which watch
   * dialled. So `passages` has one entry for each dial, with its resource, and `accepted` shows whether there were
   * others.
   */
  down(): void;
  up(): void;
  /** Silences the connections that are open now: they stay open, and nothing comes through. New ones work. */
  silence(): void;
  /** Ends the proxy. Fails if a fault never struck, because the test would have shown nothing. Safe to call twice. */
  close(): Promise<void>;
}

/** How long a connection that asks for nothing lives while the server is down. */
const IDLE_WHILE_DOWN_MS = 5000;

/** Listens on a free port of the loopback interface, in plain HTTP, and forwards requests to the kubeconfig's server. */
export async function startFaultProxy(kubeconfig: string): Promise<FaultProxy> {
  const upstream = upstreamOf(kubeconfig);
  const rules = new Rules();
  const passages: Passage[] = [];
  const accepted: number[] = [];
  const connections = new Map<Socket, number>();
  const silenced = new Set<Socket>();
  const watches = new Set<WatchStream>();
  let isDown = false;
  let closed: Promise<void> | undefined;

  // The proxy keeps connections as long as the client likes, as a real apiserver does.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (incoming, response) => {
    const { socket } = incoming;
    const passage: Passage = {
      ...readApiRequest(incoming),
      at: performance.now(),
      connection: connections.get(socket) ?? -1,
    };
    passages.push(passage);
    if (isDown) {
      cut(response, passage);
      return;
    }
    const isSilenced = () => silenced.has(socket);
    void exchange({ incoming, response, passage, rules, upstream, watches, isSilenced });
  });
  server.on('connection', (socket) => {
    connections.set(socket, accepted.length);
    accepted.push(performance.now());
    socket.on('close', () => connections.delete(socket));
    // Clients break off by design of these tests.
    socket.on('error', () => undefined);
    if (isDown) {
      socket.setTimeout(IDLE_WHILE_DOWN_MS, () => socket.resetAndDestroy());
    }
  });

  async function close(): Promise<void> {
    const ended = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await ended;
    upstream.close();
    if (rules.idle.length > 0) {
      throw new Error(`These faults never struck: ${JSON.stringify(rules.idle)}`);
    }
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    kubeconfig: upstream.kubeconfigFor(`http://127.0.0.1:${port}`),
    passages,
    accepted,
    watches,
    inject: (fault, match, times = Infinity) => rules.add(match, fault, times),
    down() {
      isDown = true;
      for (const socket of connections.keys()) {
        socket.resetAndDestroy();
      }
    },
    up() {
      isDown = false;
    },
    silence() {
      for (const socket of connections.keys()) {
        silenced.add(socket);
      }
      for (const watch of watches) {
        watch.silence();
      }
    },
    close: () => (closed ??= close()),
  };
}
