import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startControlPlane, type ControlPlane } from '../test/control-plane/boot.ts';
import type { Say } from '../test/control-plane/progress.ts';
import { createApi, type Api } from './api.ts';
import { PODS_PATH, PROVIDERS_PATH, installationsPath } from './objects.ts';
import { startTracker } from './tracker.ts';
import { namespacesOf, provider, PROVIDER_NAME, type Workload } from './workload.ts';

/** A control plane of its own with everything that the operator needs, and nothing installed. */
export interface Cluster {
  readonly plane: ControlPlane;
  /** Sends requests as the administrator, who is not limited by API Priority and Fairness. */
  readonly admin: Api;
  /** Sends requests with the operator's rights and the operator's share of the API server. */
  readonly tenant: Api;
  createNamespaces(prefix: string, workload: Workload): Promise<void>;
  publish(versions: readonly string[], workload: Workload): Promise<void>;
  /** Deletes all installations of these namespaces, and waits until nothing is left of them. */
  empty(prefix: string, workload: Workload): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const checkout = dirname(import.meta.dirname);

export async function startCluster(say: Say): Promise<Cluster> {
  const plane = await startControlPlane({ say });
  const admin = createApi(plane.kubeconfig, 'bench-load', 32);
  const tenant = createApi(plane.userKubeconfig('provider-operator'), 'bench-floor');
  const env = { KUBECONFIG: plane.kubeconfig, KUBECACHEDIR: join(plane.directory, 'kubectl-cache') };
  const kubectl = (...args: string[]) => run(plane.kubectl, args, { cwd: checkout, env });

  try {
    await kubectl('apply', '--server-side', '-k', 'crds/');
    await kubectl('apply', '-f', 'deploy/rbac.yaml');
    for (const role of ['provider-operator', 'provider-operator-review-callers']) {
      await kubectl('create', 'clusterrolebinding', role, `--clusterrole=${role}`, '--user=provider-operator');
    }
    await kubectl(
      'create',
      'rolebinding',
      'provider-operator-leader-election',
      '--clusterrole=provider-operator-leader-election',
      '--user=provider-operator',
      '--namespace=default',
    );
    await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
  } catch (error) {
    await plane.stop();
    throw error;
  }

  return {
    plane,
    admin,
    tenant,
    async createNamespaces(prefix, workload) {
      for (const name of namespacesOf(prefix, workload)) {
        await admin.request({
          method: 'POST',
          path: '/api/v1/namespaces',
          body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        });
        // Pods are refused until the namespace has a service account.
        await kubectl('wait', '--for=create', 'serviceaccount/default', '-n', name, '--timeout=30s');
      }
    },
    async publish(versions, workload) {
      await admin.request({
        method: 'PATCH',
        path: `${PROVIDERS_PATH}/${PROVIDER_NAME}?fieldManager=bench&force=true`,
        contentType: 'application/apply-patch+yaml',
        body: provider(versions, workload),
      });
    },
    async empty(prefix, workload) {
      for (const namespace of namespacesOf(prefix, workload)) {
        await admin.request({ method: 'DELETE', path: installationsPath(namespace) });
      }
      for (const path of [PODS_PATH, '/apis/apps/v1/replicasets', '/apis/apps/v1/deployments']) {
        const rest = await startTracker({ api: admin, path, isThere: () => true });
        await rest.reached(0);
        await rest.stop();
      }
    },
    async stop() {
      await Promise.all([admin.close(), tenant.close()]);
      await plane.stop();
    },
  };
}
