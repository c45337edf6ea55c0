import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface ProbeServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /livez, /readyz and /metrics. Alive is who answers; ready is whom nothing keeps from its work. */
export async function startProbeServer(
  port: number,
  registry: Registry,
  obstacle: () => string | undefined,
): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    const reply = (status: number, body: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    switch (request.url?.split('?')[0]) {
      case '/livez':
        reply(200, 'ok\n');
        break;
      case '/readyz':
        reply(obstacle() === undefined ? 200 : 503, `${obstacle() ?? 'ok'}\n`);
        break;
      case '/metrics':
        registry.metrics().then(
          (text) => reply(200, text, registry.contentType),
          (error: unknown) => reply(500, `${String(error)}\n`),
        );
        break;
      case undefined:
      default:
        reply(404, 'There are /livez, /readyz and /metrics\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
