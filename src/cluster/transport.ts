import { callbackify } from 'node:util';
import { buildConnector, Client, Pool, type Dispatcher } from 'undici';
import { encodeBody } from './body.ts';
import type { Connection } from './connection.ts';
import { ApiError } from './errors.ts';
import { jsonLines } from './json-lines.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Purpose of the call, put in front of an error: `Apply deployments.apps "shop/web"`. */
  readonly doing: string;
  /** Type of the objects, for metrics: `deployments.apps`. */
  readonly resource: string;
  /** The value of the Authorization header, where it is somebody else who asks. */
  readonly authorization?: string;
}

export interface Answered {
  readonly method: Call['method'];
  readonly resource: string;
  /** The HTTP status; 0 if no answer came. */
  readonly code: number;
  /** Until the head of the answer of a watch, else until its end. */
  readonly seconds: number;
}

export interface TransportOptions {
  readonly connection: Connection;
  readonly userAgent: string;
  /** Told of each request when it was answered, or was not; must not throw. */
  readonly onRequest?: (answered: Answered) => void;
  /** Connections that requests share; each stream has one of its own besides. */
  readonly connections?: number;
  /** May refuse, by what it throws, a request that changes something at the very moment at which it would be sent. */
  readonly fence?: () => void;
}

/** Speaks JSON with one API server. Failures are `ApiError`s. */
export interface Transport {
  /** The parsed answer. The caller says what it is: the API server was asked for nothing else. */
  request<Answer = unknown>(call: Call): Promise<Answer>;
  /**
   * The parsed lines of an answer that does not end, on a connection of its own, as soon as the server has begun to
   * answer. Who asks must read them or abort the call's signal.
   */
  stream(call: Call): Promise<AsyncIterable<unknown>>;
  /** Cuts off the streams and waits for the requests under way. */
  close(): Promise<void>;
}

export function createTransport(options: TransportOptions): Transport {
  const { connection, userAgent, onRequest, connections = 16, fence } = options;
  const { origin } = connection.server;
  const prefix = connection.server.pathname.replace(/\/$/, '');
  const common = {
    allowH2: false,
    headersTimeout: 30_000,
    connect: connectorTo(connection),
  };
  const pool = new Pool(origin, { ...common, connections, keepAliveTimeout: 60_000, bodyTimeout: 30_000 });
  const requests = fence ? pool.compose(fenced(fence)) : pool;
  const streams = new Set<Client>();
  let closing: Promise<void> | undefined;

  async function send(dispatcher: Dispatcher, call: Call): Promise<Dispatcher.ResponseData> {
    const authorization = call.authorization ?? (await connection.authorization());
    return dispatcher.request({
      method: call.method,
      path: prefix + call.path + queryString(call.query),
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : encodeBody(call.body),
      signal: call.signal ?? null,
    });
  }

  /** Sends a call and reads of its answer what is wanted, names it in what goes wrong, and reports how it was answered. */
  async function ask<Result>(
    dispatcher: Dispatcher,
    call: Call,
    read: (body: Dispatcher.ResponseData['body']) => Result | Promise<Result>,
  ): Promise<Result> {
    const startedAt = performance.now();
    let code = 0;
    try {
      const response = await send(dispatcher, call);
      code = response.statusCode;
      if (code < 200 || code > 299) {
        throw refusal(call, response, await response.body.text());
      }
      return await read(response.body);
    } catch (error) {
      throw error instanceof ApiError ? error : ApiError.unanswered(call.doing, error);
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      onRequest?.({ method: call.method, resource: call.resource, code, seconds });
    }
  }

  async function* linesOf(body: AsyncIterable<Buffer>, call: Call, client: Client): AsyncIterable<unknown> {
    try {
      yield* jsonLines(body);
    } catch (error) {
      throw ApiError.unanswered(call.doing, error);
    } finally {
      await end(client);
    }
  }

  async function end(stream: Client): Promise<void> {
    streams.delete(stream);
    await stream.destroy();
  }

  async function closeAll(): Promise<void> {
    await Promise.all([pool.close(), ...Array.from(streams, (client) => client.destroy())]);
  }

  return {
    request<Answer>(call: Call) {
      return ask(requests, call, async (body) => {
        const text = await body.text();
        return (text === '' ? undefined : JSON.parse(text)) as Answer;
      });
    },

    async stream(call) {
      const client = new Client(origin, { ...common, bodyTimeout: 0 });
      streams.add(client);
      try {
        const lines = await ask(client, call, (body) => body);
        // A caller that gives up before the first line never begins to read, and so never comes to the end.
        call.signal?.addEventListener('abort', () => void end(client), { once: true });
        return linesOf(lines, call, client);
      } catch (error) {
        await end(client);
        throw error;
      }
    },

    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

/** A new connection is made with what the files say by then. */
function connectorTo(connection: Connection): buildConnector.connector {
  const tls = callbackify(connection.tls);
  return (options, callback) => {
    tls((error, current) => {
      if (error) {
        callback(error, null);
      } else {
        buildConnector({ ...current, timeout: 5_000, keepAliveInitialDelay: 30_000 })(options, callback);
      }
    });
  };
}

/**
 * Asks the fence when a request is about to be written to its socket, and not sooner: it may have waited for a connection
 * for so long, the process stopped meanwhile, that what was right when it was made is no longer.
 */
function fenced(fence: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    if (options.method === 'GET') {
      return dispatch(options, handler);
    }
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      fence();
      start?.(controller, context);
    };
    return dispatch(options, handler);
  };
}

function queryString(query: Call['query'] = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function refusal(call: Call, response: Dispatcher.ResponseData, text: string): ApiError {
  const retryAfter = response.headers['retry-after'];
  return ApiError.refused(call.doing, {
    status: response.statusCode,
    body: parsedIfJson(text),
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
  });
}

function parsedIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
