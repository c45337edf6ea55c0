import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isWatch } from './api-request.ts';
import { failureStatus } from './failure-status.ts';
import type { Rules } from './fault.ts';
import type { Passage } from './passage.ts';
import type { Upstream } from './upstream.ts';
import { WatchStream } from './watch-stream.ts';

export interface ExchangeOptions {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly passage: Passage;
  readonly rules: Rules;
  readonly upstream: Upstream;
  readonly watches: Set<WatchStream>;
  /** Whether the client no longer gets anything. */
  readonly isSilenced: () => boolean;
}

/** Serves one request with the server's answer, unless a fault is in force before or after it. */
export async function exchange(options: ExchangeOptions): Promise<void> {
  const { incoming, response, passage, rules, upstream, isSilenced } = options;
  const body = await bodyOf(incoming);
  const before = rules.take(passage, 'refuse', 'reset', 'silence', 'delay');
  if (body === undefined || isSilenced() || before?.kind === 'silence') {
    return;
  }
  if (before?.kind === 'reset') {
    cut(response, passage);
    return;
  }
  if (before?.kind === 'refuse') {
    refuse(response, passage, before);
    return;
  }
  if (before?.kind === 'delay') {
    await sleep(before.ms);
  }
  const { method, url: path, headers } = incoming;
  const sent = upstream.send({ method: method ?? 'GET', path: path ?? '/', headers: passedOn(headers) });
  response.on('close', () => sent.destroy());
  // A server that cannot be reached, or that goes away during a request, looks the same through the proxy.
  sent.on('error', () => isSilenced() || cut(response, passage));
  sent.on('response', (answer) => void passAnswer(answer, options));
  sent.end(body);
}

async function passAnswer(answer: IncomingMessage, options: ExchangeOptions): Promise<void> {
  const { response, passage, rules, isSilenced } = options;
  const { statusCode = 0, headers } = answer;
  passage.served = statusCode;
  if (isWatch(passage) && statusCode === 200) {
    passWatch(answer, options);
    return;
  }
  const body = await bodyOf(answer);
  const after = rules.take(passage, 'lose-answer', 'replace-answer');
  if (isSilenced()) {
    return;
  }
  if (body === undefined || after?.kind === 'lose-answer') {
    cut(response, passage);
  } else if (after?.kind === 'replace-answer') {
    refuse(response, passage, after);
  } else {
    passage.told = statusCode;
    response.writeHead(statusCode, headers).end(body);
  }
}

function passWatch(answer: IncomingMessage, options: ExchangeOptions): void {
  const { response, passage, rules, watches, isSilenced } = options;
  if (isSilenced()) {
    return;
  }
  passage.told = 200;
  response.writeHead(200, answer.headers).flushHeaders();
  const watch = new WatchStream(passage, response, rules);
  watches.add(watch);
  const closing = rules.take(passage, 'close-after');
  const timer = closing && setTimeout(() => watch.end(), closing.ms);
  response.on('close', () => {
    clearTimeout(timer);
    watches.delete(watch);
  });
  answer.on('data', (chunk: Buffer) => watch.accept(chunk));
  answer.on('end', () => watch.end());
  answer.on('error', () => isSilenced() || watch.reset());
}

/** Breaks the connection in place of an answer. */
export function cut(response: ServerResponse, passage: Passage): void {
  passage.told ??= 'cut';
  response.socket?.resetAndDestroy();
}

function refuse(
  response: ServerResponse,
  passage: Passage,
  { code, retryAfterSeconds }: { readonly code: number; readonly retryAfterSeconds?: number },
): void {
  passage.told = code;
  if (retryAfterSeconds !== undefined) {
    response.setHeader('retry-after', retryAfterSeconds);
  }
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(failureStatus(code, retryAfterSeconds)));
}

/** Leaves out the two headers that are only valid between neighbours. */
function passedOn({ host: _host, connection: _connection, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers;
}

/** Returns the body, or undefined if the other side broke off. */
async function bodyOf(message: IncomingMessage): Promise<Buffer | undefined> {
  try {
    return Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>));
  } catch {
    return undefined;
  }
}
