import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { get, type KubernetesObject } from '../integration/support/kubectl.ts';
import { addAccount } from '../integration/support/rest.ts';
import { API, certificateIn, NAMESPACE } from './operator-install.ts';

export type Curl = (path: string, ...flags: readonly string[]) => Promise<string>;

/** Calls the REST API through its Service as an ordinary service account of a tenant, by curl and TLS. */
export async function curlAs(namespace: string, account: string): Promise<Curl> {
  const { directory } = inject('node');
  const token = await addAccount(namespace, account);
  const { spec } = await get<KubernetesObject & { spec: { clusterIP: string } }>('service', API, NAMESPACE);
  const options = {
    'max-time': '200',
    // Another test kills the replica that it may have reached.
    retry: '10',
    cacert: certificateIn(directory),
    resolve: `localhost:443:${spec.clusterIP}`,
    'oauth2-bearer': token,
    header: 'Content-Type: application/json',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return async (path, ...more) => {
    const args = ['-sS', '--fail', '--retry-all-errors', ...flags, ...more, `https://localhost${path}`];
    try {
      return (await promisify(execFile)('curl', args)).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      // oxlint-disable-next-line preserve-caught-error -- The command line in it has the token.
      throw new Error(`curl ${path}: ${stdout} ${stderr}`);
    }
  };
}
