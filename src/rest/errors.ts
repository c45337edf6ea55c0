import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { App } from './context.ts';
import { problemOf, RestProblem } from './problem.ts';

/** Whatever goes wrong is told as a problem. */
export function answerProblems(app: App, log: Logger): void {
  app.setNotFoundHandler((_request, reply) => {
    send(reply, new RestProblem(404, 'NotFound', 'Correct the path: /docs has all of them'));
  });
  app.setErrorHandler((error: Error, request, reply) => {
    const found = hasZodFastifySchemaValidationErrors(error) ? invalid(error.validation) : problemOf(error);
    const problem = isOfSecondSeed(request) && found.status === 422 ? found.as(400) : found;
    if (problem.status === 500 || problem.cause !== undefined) {
      const cause = problem.cause ?? error;
      log.error({ requestId: request.id, route: request.routeOptions.url, error: cause }, 'A request failed');
    }
    send(reply, problem);
  });
}

/** Also of what goes wrong before there is a route. */
export function send(reply: FastifyReply, problem: RestProblem): void {
  void reply
    .code(problem.status)
    .headers({ ...problem.extras.headers })
    .type('application/problem+json')
    .send(JSON.stringify(problem.body()));
}

interface Issue {
  readonly instancePath: string;
  readonly message?: string;
  readonly params?: { readonly issues?: readonly { readonly message?: string }[] };
}

/** The first seed says 422 to what breaks its schema or cannot be had, the second 400. */
function isOfSecondSeed({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v2') === true;
}

function invalid(issues: readonly Issue[]): RestProblem {
  const errors = issues.slice(0, 20).map(({ instancePath, message = 'invalid', params }) => ({
    field: instancePath.slice(1).replaceAll('/', '.'),
    // Of a key that does not fit its pattern, the pattern says more.
    message: params?.issues?.[0]?.message ?? message,
  }));
  const [first] = errors;
  const where = first?.field === '' || first === undefined ? 'the request' : `"${first.field}"`;
  return new RestProblem(422, 'Invalid', `Correct ${where}: ${first?.message ?? 'invalid'}`, { errors });
}

/** What is no HTTP at all, or comes too slowly, never becomes a request. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  const problem = BY_CODE[error.code ?? ''] ?? new RestProblem(400, 'BadRequest', 'Speak HTTP: this cannot be read');
  if (socket.writable && error.code !== 'ECONNRESET') {
    const text = JSON.stringify(problem.body());
    socket.write(
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        'content-type: application/problem+json; charset=utf-8',
        `content-length: ${Buffer.byteLength(text)}`,
        'connection: close',
        '',
        text,
      ].join('\r\n'),
    );
  }
  socket.destroy(error);
}

const BY_CODE: Readonly<Record<string, RestProblem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new RestProblem(408, 'RequestTimeout', 'Send the request faster'),
  HPE_HEADER_OVERFLOW: new RestProblem(431, 'HeadersTooLarge', 'Send smaller headers: 16 KiB in all'),
};
