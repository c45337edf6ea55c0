import { inject } from 'vitest';
import { apply, eventually, kubectl } from './kubectl.ts';
import { PATIENTLY } from './patience.ts';

/** Installs the CRDs and the committed roles as the README says, binds the operator's user, and makes a namespace. */
export async function prepare(
  namespace: string,
  { watchSecrets = false, generatedSecrets = false } = {},
): Promise<void> {
  await kubectl(['apply', '--server-side', '-k', 'crds/']);
  await kubectl(['apply', '-f', 'deploy/rbac.yaml']);
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    binding('provider-operator'),
    binding('provider-operator-review-callers'),
    leaseBinding('default'),
  );
  await bind('provider-operator-watch-secrets', watchSecrets);
  await bind('provider-operator-generate-secrets', generatedSecrets);
  const crds = ['providers', 'providerinstallations', 'systemsoftwares'].map((p) => `${p}.provider-operator.io`);
  // A new CRD has no conditions yet, and kubectl gives up at once on those.
  await eventually(() => kubectl(['wait', '--for=condition=Established', 'crd', ...crds, '--timeout=10s']));
  // kubectl has cached the API's kinds from before the CRDs. This refreshes its cache.
  await kubectl(['api-resources', '--api-group=provider-operator.io']);
  await kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', namespace, PATIENTLY]);
}

/** Removes what a test file made, so that the next begins with an empty cluster. */
export async function cleanUp(namespace: string): Promise<void> {
  await kubectl(['delete', 'pi', '--all', '-n', namespace]);
  await kubectl(['delete', 'providers,systemsoftwares', '--all']);
  await kubectl(['delete', 'namespace', namespace, '--wait=false']);
}

/** Gives the operator a right that not every platform gives, or takes it away. */
export async function bind(role: string, isGiven: boolean): Promise<void> {
  if (isGiven) {
    await apply(binding(role));
  } else {
    await kubectl(['delete', 'clusterrolebinding', role, '--ignore-not-found']);
  }
}

function binding(role: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: role },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'provider-operator' }],
  };
}

/** Lets the operator elect a leader in the namespace that POD_NAMESPACE names. */
function leaseBinding(namespace: string): object {
  const name = 'provider-operator-leader-election';
  return { ...binding(name), kind: 'RoleBinding', metadata: { name, namespace } };
}

/** Returns the path of the audit log. Throws if the apiserver is not ours. */
export function auditLog(): string {
  const { auditLog: path } = inject('controlPlane');
  if (path === undefined) {
    throw new Error('The audit log is only there on a control plane of our own');
  }
  return path;
}

export function provider(org: string, ...versions: readonly (string | object)[]): object {
  return {
    apiVersion: 'provider-operator.io/v1alpha1',
    kind: 'Provider',
    metadata: { name: `${org}.web` },
    spec: { org, name: 'web', versions: versions.map((v) => (typeof v === 'string' ? release(v) : v)) },
  };
}

export function release(version: string, more: object = {}): object {
  return {
    version,
    image: `registry.example.com/acme/web:${version}`,
    runtime: { ports: [{ name: 'http', containerPort: 8080, servicePort: 80 }] },
    ...more,
  };
}

/** Returns a SystemSoftware whose versions bring files unless they say otherwise. */
export function software(name: string, ...versions: readonly (string | object)[]): object {
  return {
    apiVersion: 'provider-operator.io/v1alpha1',
    kind: 'SystemSoftware',
    metadata: { name },
    spec: { versions: versions.map((v) => (typeof v === 'string' ? softwareRelease(name, v) : v)) },
  };
}

export function softwareRelease(name: string, version: string, more: object = {}): object {
  const provides = {
    env: [{ name: `${name.toUpperCase().replaceAll('-', '_')}_VERSION`, value: version }],
    image: `registry.example.com/software/${name}:${version}`,
    path: `/opt/${name}`,
    mountPath: `/opt/${name}`,
  };
  return { version, provides, ...more };
}

export function installation(namespace: string, name: string, spec: object): object {
  return {
    apiVersion: 'provider-operator.io/v1alpha1',
    kind: 'ProviderInstallation',
    metadata: { name, namespace },
    spec,
  };
}
