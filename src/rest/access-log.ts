import type { App } from './context.ts';
import type { RestPorts } from './ports.ts';

/** Logs and counts every answer; of what was asked only the path, since a query may have anything in it. */
export function recordAnswers(app: App, { log, onAnswered }: Pick<RestPorts, 'log' | 'onAnswered'>): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, id, caller, routeOptions } = request;
    const route = routeOptions.url ?? '';
    const seconds = reply.elapsedTime / 1000;
    onAnswered({ method, route, code: reply.statusCode, seconds });
    log.info(
      {
        requestId: id,
        method,
        path: request.url.split('?')[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        caller: caller?.username,
      },
      'Answered',
    );
  });
}
