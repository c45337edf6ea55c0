import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { systemClock, type Clock } from '../controller/clock.ts';
import { rereadSeldom } from './credentials.ts';

/** Where the API server is, and how to be known there. */
export interface Connection {
  readonly server: URL;
  /** Asked for each new connection: authorities and client certificates are replaced while we run. */
  readonly tls: () => Promise<TlsOptions>;
  /** The value of the Authorization header; undefined where a client certificate says who we are. */
  authorization(): Promise<string | undefined>;
}

export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** Where to look for an API server; the first that is given counts. */
export interface Whereabouts {
  /** The files of $KUBECONFIG, merged as kubectl does; those that do not exist are left out. */
  readonly kubeconfig?: readonly string[] | undefined;
  /** $KUBERNETES_SERVICE_HOST and _PORT, which a pod has. */
  readonly inCluster?: { readonly host: string; readonly port: string } | undefined;
  /** ~/.kube/config */
  readonly homeKubeconfig?: string | undefined;
  /** Where a pod has its token and the CA. */
  readonly serviceAccountFolder?: string;
}

/**
 * The same server, by nobody: who asks says so with each call. A client certificate of ours on the connection would count more
 * than the token of the call, and every caller would be us.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authentication-strategies
 */
export function withoutIdentity({ server, tls }: Connection): Connection {
  return {
    server,
    async tls() {
      const { cert: _cert, key: _key, ...rest } = await tls();
      return rest;
    },
    authorization: async () => undefined,
  };
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Finds the API server; an error says what to set when there is none to be found. */
export async function findConnection(whereabouts: Whereabouts, clock: Clock = systemClock): Promise<Connection> {
  const { kubeconfig = [], inCluster, homeKubeconfig, serviceAccountFolder = SERVICE_ACCOUNT } = whereabouts;
  if (inCluster && kubeconfig.length === 0) {
    return connectionInCluster(inCluster, serviceAccountFolder, clock);
  }
  const files = kubeconfig.length === 0 && homeKubeconfig !== undefined ? [homeKubeconfig] : kubeconfig;
  // The library is big and a pod does without it.
  const { connectionFromKubeconfig } = await import('./kubeconfig.ts');
  return connectionFromKubeconfig(files, clock);
}

async function connectionInCluster(
  { host, port }: { readonly host: string; readonly port: string },
  folder: string,
  clock: Clock,
): Promise<Connection> {
  const token = rereadSeldom(async () => (await readFile(`${folder}/token`, 'utf8')).trim(), clock);
  const tls = rereadSeldom(async () => ({ ca: await readFile(`${folder}/ca.crt`) }), clock);
  await Promise.all([tls(), token()]);
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    tls,
    authorization: async () => `Bearer ${await token()}`,
  };
}
