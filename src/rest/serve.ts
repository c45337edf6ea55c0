import type { Settings } from '../settings.ts';
import { watchCertificate } from './certificate.ts';
import type { RestPorts } from './ports.ts';
import { createRestServer, type RestServer } from './server.ts';

/** Every address, or the one that no other machine can reach. */
const EVERYWHERE = '::';
const LOOPBACK = '127.0.0.1';

export interface Api {
  /** Where this machine finds it, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  stats(): { readonly connections: number; readonly watches: number };
  close(): Promise<void>;
}

/** A machine may have no IPv6 at all. */
async function listen(server: RestServer, host: string, port: number): Promise<{ readonly port: number }> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    if (host === EVERYWHERE && error instanceof Error && 'code' in error && error.code === 'EAFNOSUPPORT') {
      return server.listen({ host: '0.0.0.0', port });
    }
    throw error;
  }
}

type ApiSettings = Pick<
  Settings,
  'API_PORT' | 'API_TLS_FOLDER' | 'API_PLAIN_HTTP' | 'API_CORS_ORIGINS' | 'API_RATE_LIMIT' | 'API_OPEN_CATALOGUE'
>;

/** Serves the REST API. Without a certificate it is for this machine only, unless the platform says otherwise. */
export async function serveRest(ports: RestPorts, settings: ApiSettings): Promise<Api> {
  const { log, clock } = ports;
  const folder = settings.API_TLS_FOLDER;
  const certificate =
    folder === ''
      ? undefined
      : watchCertificate({
          folder,
          clock,
          onRenewed(pair) {
            server.renew(pair);
            log.info({ folder }, 'The certificate of the REST API was renewed');
          },
          onError: ({ message }) => log.error({ folder, error: message }, 'The certificate cannot be renewed'),
        });
  const server = await createRestServer(ports, {
    corsOrigins: settings.API_CORS_ORIGINS,
    rateLimit: settings.API_RATE_LIMIT,
    isCatalogueOpen: settings.API_OPEN_CATALOGUE,
    tls: certificate?.current,
  });
  const host = certificate || settings.API_PLAIN_HTTP ? EVERYWHERE : LOOPBACK;
  const { port } = await listen(server, host, settings.API_PORT);
  return {
    address: `${certificate ? 'https' : 'http'}://${LOOPBACK}:${port}`,
    stats: () => ({ connections: server.connections.open, watches: server.watches.open }),
    async close() {
      certificate?.close();
      await server.close();
      await Promise.all([ports.transport.close(), ports.callersTransport.close()]);
    },
  };
}
