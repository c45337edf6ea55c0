import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { BUILD_MS, useHelm, type Helm } from '../../chart/helm.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../../control-plane/boot.ts';
import { kubectl as runKubectl } from '../support/kubectl.ts';
import { PATIENTLY } from '../support/patience.ts';

/** A control plane into which nothing has been installed yet, and a Helm that uses it. */
export interface OwnPlane {
  readonly helm: Helm;
  readonly auditLog: () => string;
  readonly kubeconfig: () => string;
  readonly kubectlBinary: () => string;
  readonly kubectl: (args: readonly string[], input?: object | string) => Promise<string>;
  readonly apply: (...objects: readonly object[]) => Promise<string>;
  /** Makes a namespace in which no pod may do more than the Pod Security Standard `restricted` allows. */
  addNamespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** Returns a kubeconfig with which one acts as a ServiceAccount, with its rights only. */
  actAs(namespace: string, serviceAccount: string): Promise<string>;
}

/** Starts a control plane for the tests of a file, and stops it after them. */
export function useOwnPlane(options: ControlPlaneOptions): OwnPlane {
  let plane: ControlPlane;
  const helm = useHelm(() => plane.kubeconfig);
  beforeAll(async () => {
    plane = await startControlPlane(options);
  }, BUILD_MS);
  afterAll(() => plane.stop());

  const kubectl: OwnPlane['kubectl'] = (args, input) =>
    runKubectl([`--kubeconfig=${plane.kubeconfig}`, ...args], input);
  return {
    helm,
    auditLog: () => plane.auditLog,
    kubeconfig: () => plane.kubeconfig,
    kubectlBinary: () => plane.kubectl,
    kubectl,
    apply: (...items) => kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items }),
    async addNamespace(name, labels = {}) {
      const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      const metadata = { name, labels: { ...labels, ...restricted } };
      await kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'Namespace', metadata });
      await kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', name, PATIENTLY]);
    },
    async actAs(namespace, serviceAccount) {
      const token = await kubectl(['create', 'token', serviceAccount, '-n', namespace]);
      const config = JSON.parse(await kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
        readonly users: readonly { readonly name: string }[];
      };
      const users = config.users.map(({ name }) => ({ name, user: { token: token.trim() } }));
      const file = join(mkdtempSync(join(plane.directory, 'service-account-')), 'kubeconfig');
      writeFileSync(file, JSON.stringify({ ...config, users }));
      return file;
    },
  };
}
