import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureGoTool } from '../control-plane/go-tool.ts';
import { PATIENTLY } from '../integration/support/patience.ts';
import { selfSigned } from '../unit/rest/self-signed.ts';
import { runProgram } from '../node/program.ts';

/** The namespace of the operator. */
export const NAMESPACE = 'provider-operator-system';
const RELEASE = 'provider-operator';
/** The Service of the REST API, and the Secret with its certificate. */
export const API = 'provider-operator-api';

/** New pods count soon after they are ready. The default would cost ten seconds for each rollout. */
const CONFIG = { defaults: { stableSeconds: 2 } };

/** Runs Helm as a person at a terminal would, with everything that it keeps in `directory`. */
async function helm(directory: string, kubeconfig: string, args: readonly string[]): Promise<string> {
  const home = join(directory, 'helm');
  mkdirSync(home, { recursive: true });
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
  };
  return runProgram(await ensureGoTool('helm'), ['--namespace', NAMESPACE, ...args], { env });
}

/** Where the certificate of the REST API is for its callers. It is for `localhost`. */
export function certificateIn(directory: string): string {
  return join(directory, 'api.crt');
}

/** Installs the chart with the image that was built, into a namespace that enforces the restricted Pod Security Standard. */
export async function installOperator(
  { directory, kubeconfig, kubectl }: { directory: string; kubeconfig: string; kubectl: string },
  image: string,
): Promise<void> {
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const { cert, key } = selfSigned();
  writeFileSync(certificateIn(directory), cert);
  const certificate = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: API, namespace: NAMESPACE },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': cert, 'tls.key': key },
  };
  for (const object of [namespace, certificate]) {
    await runProgram(kubectl, ['apply', '-f', '-'], { env, input: JSON.stringify(object) });
  }
  const [, registry = '', repository = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(image) ?? [];
  const values = join(directory, 'values.json');
  writeFileSync(
    values,
    JSON.stringify({ image: { registry, repository, tag }, config: CONFIG, api: { tls: { secretName: API } } }),
  );
  const chart = join(dirname(dirname(import.meta.dirname)), 'charts', 'provider-operator');
  const install = ['install', RELEASE, chart, '--values', values, '--wait', PATIENTLY];
  await helm(directory, kubeconfig, install).catch(async (error: unknown) => {
    // Everything that is known about the pods is gone with the node.
    const pods = await runProgram(kubectl, ['describe', 'pods', '--namespace', NAMESPACE], { env });
    throw new Error(`Cannot install the operator:\n${pods}`, { cause: error });
  });
}

/** Runs the tests that the chart brings. */
export function testRelease(directory: string, kubeconfig: string): Promise<string> {
  return helm(directory, kubeconfig, ['test', RELEASE, '--logs', PATIENTLY]);
}
