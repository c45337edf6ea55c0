import { eventually, kubectl } from '../integration/support/kubectl.ts';

const CRDS = ['providers', 'providerinstallations', 'systemsoftwares'].map((p) => `crd/${p}.provider-operator.io`);

/** Runs kubectl as the administrator of any control plane, not only that of the test run. */
export function kubectlOn(kubeconfig: string, args: readonly string[], input?: object): Promise<string> {
  return kubectl([`--kubeconfig=${kubeconfig}`, ...args], input);
}

/** Installs the CRDs and waits until they are served. */
export async function installCrds(kubeconfig: string): Promise<void> {
  await kubectlOn(kubeconfig, ['apply', '--server-side', '-k', 'crds/']);
  // kubectl wait fails at once while there is no condition at all.
  await eventually(() => kubectlOn(kubeconfig, ['wait', '--for=condition=Established', ...CRDS, '--timeout=10s']));
}

/** Makes a control plane of a test's own ready for the operator. */
export async function prepareOwn(kubeconfig: string): Promise<void> {
  await installCrds(kubeconfig);
  await kubectlOn(kubeconfig, ['apply', '-f', 'deploy/rbac.yaml']);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'provider-operator' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'provider-operator' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'provider-operator' }],
  };
  await kubectlOn(kubeconfig, ['apply', '-f', '-'], binding);
}
