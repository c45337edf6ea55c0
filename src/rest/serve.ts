import type { Settings } from '../settings.ts';
import type { RestPorts } from './ports.ts';
import { createRestServer } from './server.ts';

/** Every address, or the one that no other machine can reach. */
const EVERYWHERE = '::';
const LOOPBACK = '127.0.0.1';

export interface Api {
  /** Where it is, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves the REST API. Without a certificate it is for this machine only, unless the platform says otherwise. */
export async function serveRest(
  ports: RestPorts,
  settings: Pick<
    Settings,
    'API_PORT' | 'API_TLS_FOLDER' | 'API_PLAIN_HTTP' | 'API_CORS_ORIGINS' | 'API_RATE_LIMIT' | 'API_OPEN_CATALOGUE'
  >,
): Promise<Api> {
  const server = await createRestServer(ports, {
    corsOrigins: settings.API_CORS_ORIGINS,
    rateLimit: settings.API_RATE_LIMIT,
    isCatalogueOpen: settings.API_OPEN_CATALOGUE,
    tls: undefined,
  });
  const host = settings.API_PLAIN_HTTP ? EVERYWHERE : LOOPBACK;
  const { port } = await server.listen({ host, port: settings.API_PORT });
  return { address: `http://${LOOPBACK}:${port}`, close: () => server.close() };
}
