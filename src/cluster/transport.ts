import { Client, Pool, type Dispatcher } from 'undici';
import type { Connection } from './connection.ts';
import { ApiError } from './errors.ts';
import { jsonLines } from './json-lines.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** What this is for, put in front of an error: `Apply deployments.apps "shop/web"`. */
  readonly doing: string;
  /** What is called, without names, for metrics: `deployments.apps`. */
  readonly resource: string;
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
}

/** Speaks JSON with one API server. Failures are `ApiError`s. */
export interface Transport {
  /** The parsed answer. The caller says what it is: the API server was asked for nothing else. */
  request<Answer = unknown>(call: Call): Promise<Answer>;
  /** The parsed lines of an answer that does not end, on a connection of its own. */
  stream(call: Call): AsyncIterable<unknown>;
  /** Cuts off the streams and waits for the requests under way. */
  close(): Promise<void>;
}

export function createTransport({ connection, userAgent, onRequest }: TransportOptions): Transport {
  const { origin } = connection.server;
  const prefix = connection.server.pathname.replace(/\/$/, '');
  const common = {
    allowH2: false,
    headersTimeout: 30_000,
    connect: { ...connection.tls, timeout: 5_000, keepAliveInitialDelay: 30_000 },
  };
  const pool = new Pool(origin, { ...common, connections: 16, keepAliveTimeout: 60_000, bodyTimeout: 30_000 });
  const streams = new Set<Client>();
  let closing: Promise<void> | undefined;

  async function send(dispatcher: Dispatcher, call: Call): Promise<Dispatcher.ResponseData> {
    const authorization = await connection.authorization();
    return dispatcher.request({
      method: call.method,
      path: prefix + call.path + queryString(call.query),
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(authorization === undefined ? {} : { authorization }),
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ?? null,
    });
  }

  /** Runs a part of a call, names it in what goes wrong, and reports how it was answered. */
  async function reported<Result>(call: Call, run: (answer: { code: number }) => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    const answer = { code: 0 };
    try {
      return await run(answer);
    } catch (error) {
      throw error instanceof ApiError ? error : ApiError.unanswered(call.doing, error);
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      onRequest?.({ method: call.method, resource: call.resource, code: answer.code, seconds });
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.all([pool.close(), ...Array.from(streams, (client) => client.destroy())]);
  }

  return {
    request<Answer>(call: Call) {
      return reported(call, async (answer) => {
        const response = await send(pool, call);
        answer.code = response.statusCode;
        const text = await response.body.text();
        if (isRefusal(response)) {
          throw refusal(call, response, text);
        }
        return (text === '' ? undefined : JSON.parse(text)) as Answer;
      });
    },

    async *stream(call) {
      const client = new Client(origin, { ...common, bodyTimeout: 0 });
      streams.add(client);
      try {
        const body = await reported(call, async (answer) => {
          const response = await send(client, call);
          answer.code = response.statusCode;
          if (isRefusal(response)) {
            throw refusal(call, response, await response.body.text());
          }
          return response.body;
        });
        yield* jsonLines(body);
      } catch (error) {
        throw error instanceof ApiError ? error : ApiError.unanswered(call.doing, error);
      } finally {
        streams.delete(client);
        await client.destroy();
      }
    },

    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function queryString(query: Call['query'] = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function isRefusal({ statusCode }: Dispatcher.ResponseData): boolean {
  return statusCode < 200 || statusCode > 299;
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
