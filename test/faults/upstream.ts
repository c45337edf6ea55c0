import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The API server behind the proxy. */
export interface Upstream {
  send(options: RequestOptions): ClientRequest;
  /** Writes a kubeconfig for the same user that leads to `server` instead. */
  kubeconfigFor(server: string): string;
  close(): void;
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string };
  }[];
}

/** Without this, client-node refuses a server without TLS. */
const PLAIN_HTTP = { 'insecure-skip-tls-verify': true };

/** Reads the server of a kubeconfig. The users of our control planes have tokens, which pass through unchanged. */
export function upstreamOf(kubeconfig: string): Upstream {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const [{ name, cluster }] = config.clusters as [Kubeconfig['clusters'][number]];
  const server = new URL(cluster.server);
  const ca = cluster['certificate-authority-data'];
  const isTls = server.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, ...(ca !== undefined && { ca: Buffer.from(ca, 'base64') }) })
    : new HttpAgent({ keepAlive: true });
  const folder = mkdtempSync(join(tmpdir(), 'provider-operator-proxy-'));
  return {
    send: (options) => (isTls ? requestHttps : requestHttp)(server, { ...options, agent }),
    kubeconfigFor(other) {
      const file = join(folder, 'kubeconfig');
      writeFileSync(
        file,
        JSON.stringify({ ...config, clusters: [{ name, cluster: { server: other, ...PLAIN_HTTP } }] }),
      );
      return file;
    },
    close() {
      agent.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
