import { randomUUID } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findConnection, withoutIdentity } from './cluster/connection.ts';
import manifest from '../package.json' with { type: 'json' };
import { createTransport } from './cluster/transport.ts';
import { systemClock } from './controller/clock.ts';
import { createOperator } from './operator.ts';
import { serveRest } from './rest/serve.ts';
import { readOperatorConfig, readSettings, SettingsError } from './settings.ts';
import { createLogger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { messageOf } from './telemetry/reflector-hooks.ts';
import { startProbeServer } from './telemetry/server.ts';

const LONGEST_STOP_MS = 20_000;

/** Wires and runs: the only file that reads the environment, signals and exit codes (0 stopped, 1 failed, 2 settings). */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const settings = readSettings(env);
  const config = readOperatorConfig(settings.OPERATOR_CONFIG);
  const log = createLogger(settings.LOG_LEVEL, process.stdout.isTTY);
  const stopped = signalled('SIGTERM', 'SIGINT');

  const connection = await findConnection({
    kubeconfig: env['KUBECONFIG']?.split(delimiter).filter((file) => file !== ''),
    inCluster: inCluster(env),
    homeKubeconfig: join(homedir(), '.kube', 'config'),
  }).catch((error: unknown) => {
    throw new SettingsError(messageOf(error));
  });
  const metrics = createMetrics(connection.server.host);
  const instance = `${hostname()}_${randomUUID().slice(0, 8)}`;
  // The instance tells replicas apart in the API server's audit log.
  const common = {
    connection,
    userAgent: `provider-operator/${manifest.version} (${instance})`,
    onRequest: metrics.onRequest,
  };
  const operator = createOperator({
    connect: (own) => createTransport({ ...common, ...own }),
    config,
    namespaces: settings.WATCH_NAMESPACES,
    watchSecrets: settings.WATCH_SECRETS,
    generatedSecrets: settings.GENERATED_SECRETS,
    workers: settings.WORKERS,
    instance,
    reconciles: !settings.API_ONLY,
    leaseNamespace: settings.LEADER_ELECTION && !settings.API_ONLY ? settings.POD_NAMESPACE : undefined,
    log,
    metrics,
  });
  const probes = await startProbeServer(settings.METRICS_PORT, metrics.registry, operator.obstacle).catch(
    (error: unknown) => {
      throw new SettingsError(`Correct METRICS_PORT: ${messageOf(error)}`);
    },
  );
  const api = await serveRest(
    {
      ...operator.sight,
      // Not that of the operator, through which a replica that stands by changes nothing: a review is a POST, too.
      transport: createTransport({ ...common, connections: 8 }),
      callersTransport: createTransport({ ...common, connection: withoutIdentity(connection), connections: 32 }),
      config,
      namespaces: settings.WATCH_NAMESPACES,
      mayGenerate: settings.GENERATED_SECRETS,
      clock: systemClock,
      log,
      onAnswered: (answered) => metrics.onAnswered(answered),
    },
    settings,
  ).catch((error: unknown) => {
    throw new SettingsError(`Correct API_PORT or API_TLS_FOLDER: ${messageOf(error)}`);
  });
  metrics.watchApi(() => api.stats());
  log.info(
    {
      server: connection.server.origin,
      metricsPort: probes.port,
      api: api.address,
      namespaces: settings.WATCH_NAMESPACES,
      instance,
    },
    'Starting',
  );

  operator.start();
  const signal = await stopped;
  log.info({ signal }, 'Stopping');
  // A request that hangs must not outlast the grace that Kubernetes gives to a pod.
  await Promise.race([Promise.all([api.close(), operator.stop()]), sleep(LONGEST_STOP_MS, undefined, { ref: false })]);
  await probes.close();
  log.info('Stopped');
}

/** Resolves with the first signal. */
function signalled(...signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, resolve);
    }
  });
}

function inCluster(env: NodeJS.ProcessEnv): { host: string; port: string } | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  return host === undefined ? undefined : { host, port: env['KUBERNETES_SERVICE_PORT'] ?? '443' };
}

main(process.env).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(error instanceof SettingsError ? 2 : 1);
  },
);
