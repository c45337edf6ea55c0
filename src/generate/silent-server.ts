import { OperatorConfig } from '../api/operator-config.ts';
import type { Transport } from '../cluster/transport.ts';
import { systemClock } from '../controller/clock.ts';
import { createCaches } from '../reconcile/caches.ts';
import { createRestServer, type RestServer } from '../rest/server.ts';
import { createLogger } from '../telemetry/logger.ts';

const refuse = () => Promise.reject(new Error('There is no cluster here'));
const NO_CLUSTER: Transport = { request: refuse, stream: refuse, close: () => Promise.resolve() };

/** The server of the REST API with nothing behind it: enough to say what it serves. */
export function createSilentServer(): Promise<RestServer> {
  const config = OperatorConfig.parse({});
  const caches = createCaches({
    transport: NO_CLUSTER,
    config,
    namespaces: [],
    watchSecrets: false,
    clock: systemClock,
    random: Math.random,
    hooksFor: () => ({}),
  });
  return createRestServer(
    {
      caches,
      config,
      transport: NO_CLUSTER,
      callersTransport: NO_CLUSTER,
      kubernetesVersion: () => undefined,
      namespaces: [],
      mayGenerate: false,
      clock: systemClock,
      log: createLogger('error', false),
      onAnswered: () => undefined,
    },
    { corsOrigins: [], rateLimit: 1000, isCatalogueOpen: true, tls: undefined },
  );
}
