import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../controller/clock.ts';
import type { Connection, TlsOptions } from './connection.ts';
import { rereadSeldom } from './credentials.ts';

/** The current context of some kubeconfig files. Who we are is KubeConfig's to say, exec plugins included. */
export async function connectionFromKubeconfig(files: readonly string[], clock: Clock): Promise<Connection> {
  const present = files.filter((file) => existsSync(file));
  const config = merged(present);
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    const looked = present.length > 0 ? `no cluster in the current context of ${present.join(', ')}` : missing(files);
    throw new Error(`Cannot find an API server: ${looked}. Set KUBECONFIG to a kubeconfig file, or run in a pod`);
  }
  const credentials = rereadSeldom(() => credentialsFrom(config), clock);
  await credentials();
  return {
    server: new URL(cluster.server),
    tls: async () => tlsOf(await credentials()),
    authorization: async () => (await credentials()).headers.Authorization,
  };
}

interface Credentials extends RequestOptions {
  readonly headers: Record<string, string | undefined>;
}

function missing(files: readonly string[]): string {
  return files.length > 0 ? `${files.join(', ')} does not exist` : 'no kubeconfig file and no pod';
}

/** Only what is set: an undefined option is not always the same as none. */
function tlsOf({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): TlsOptions {
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  };
}

/** As kubectl merges: of two things with one name the first counts, and so does the first current context. */
function merged(files: readonly string[]): KubeConfig {
  const config = new KubeConfig();
  for (const file of files) {
    const next = new KubeConfig();
    next.loadFromFile(file);
    next.clusters.filter(({ name }) => !config.getCluster(name)).forEach((cluster) => config.addCluster(cluster));
    next.users.filter(({ name }) => !config.getUser(name)).forEach((user) => config.addUser(user));
    next.contexts.filter(({ name }) => !config.getContextObject(name)).forEach((context) => config.addContext(context));
    config.currentContext ||= next.currentContext;
  }
  return config;
}

async function credentialsFrom(config: KubeConfig): Promise<Credentials> {
  const options: Credentials = { headers: {} };
  await config.applyToHTTPSOptions(options);
  return options;
}
