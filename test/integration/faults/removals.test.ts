import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { CHILDREN, CONFIG_MAPS, INSTALLATIONS } from '../../../src/reconcile/resources.ts';
import { startControlPlane, type ControlPlane } from '../../control-plane/boot.ts';
import { matching, type ApiRequest } from '../../faults/api-request.ts';
import { dialsPerWatch } from '../../faults/counts.ts';
import { createNamespace, deleteNamespace, hasNamespace } from '../../faults/namespaces.ts';
import { installCrds, kubectlOn, prepareOwn } from '../../faults/own-cluster.ts';
import { kubeconfigsOf, startSettled, type Kubeconfigs, type Settled } from '../../faults/settled.ts';
import { prepare } from '../support/cluster.ts';
import { eventually, type DeploymentObject, type InstallationObject } from '../support/kubectl.ts';

const cluster = inject('controlPlane');

const isWrite = matching({ verb: 'patch' });
const ready = ({ status }: InstallationObject) => status.conditions?.find((c) => c.type === 'Ready');

interface ClusterRole {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

describe.skipIf(!cluster.disposable)('what is taken away', { concurrent: true }, () => {
  let planes: readonly ControlPlane[];
  beforeAll(async () => {
    await prepare('removals');
    planes = await Promise.all([startControlPlane({ nodes: 1 }), startControlPlane({ nodes: 1 })]);
    await Promise.all(planes.map((plane) => prepareOwn(plane.kubeconfig)));
  });
  afterAll(() => Promise.all(planes.map((plane) => plane.stop())));

  const setUp = (namespace: string, context: TestContext, where: Kubeconfigs = cluster) =>
    startSettled({ ...where, namespace }, context);

  /** Leaves the operator only these verbs on a resource. */
  async function leaveRights(kubeconfig: string, resource: string, verbs: readonly string[]): Promise<void> {
    const name = 'clusterrole/provider-operator';
    const role = JSON.parse(await kubectlOn(kubeconfig, ['get', name, '-o', 'json'])) as ClusterRole;
    const rules = role.rules.map((rule) => (rule.resources.includes(resource) ? { ...rule, verbs } : rule));
    await kubectlOn(kubeconfig, ['replace', '-f', '-'], { ...role, rules });
  }

  it('a right: what it was needed for is Stalled, and done when the right is back', async (context) => {
    const { kubeconfig } = planes[0]!;
    const { api, proxy, operator, workload, asked } = await setUp('rights', context, kubeconfigsOf(planes[0]!));
    await leaveRights(kubeconfig, 'deployments', ['get', 'list', 'watch']);
    await leaveRights(kubeconfig, 'configmaps', ['get']);
    proxy.watches.forEach((watch) => watch.request.resource === 'configmaps' && watch.end());
    await workload.change('refused');

    await eventually(async () => {
      const installations = await api.list<InstallationObject>(INSTALLATIONS, 'rights');
      return installations.filter((i) => ready(i)?.reason === 'Rejected').length === 2;
    });
    await eventually(async () => (await fetch(`${operator.url}/readyz`)).status === 503);
    const isAttempt = matching({ verb: 'patch', resource: 'deployments' });
    const [attempts, dials] = [asked(isAttempt).length, dialsPerWatch(asked(() => true))];
    await kubectlOn(kubeconfig, ['apply', '-f', 'deploy/rbac.yaml']);

    await workload.converges();
    await eventually(async () => (await fetch(`${operator.url}/readyz`)).ok);
    // Two installations, each with a second look because of its own report.
    expect(attempts).toBeLessThanOrEqual(4);
    expect(Math.max(...Object.values(dials))).toBeLessThanOrEqual(10);
  });

  it('a namespace: nothing is fought for in one that ends, and a new one of that name works', async (context) => {
    const namespace = 'ending';
    const { api, workload, asked } = await setUp(namespace, context);
    const hold = (finalizers: readonly string[]) =>
      api.apply(CONFIG_MAPS, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'hold', namespace, finalizers },
      });
    await hold(['provider-operator.io/test']);

    await deleteNamespace(api, namespace);
    workload.forgetAll();
    await workload.collected();
    expect(await hasNamespace(api, namespace)).toBe(true);
    // Three installations have a Service and a Deployment, each refused at most twice, and each refusal is reported.
    expect(asked(isWrite).length).toBeLessThanOrEqual(3 * 2 * 2 * 2);

    await hold([]);
    await eventually(async () => !(await hasNamespace(api, namespace)));
    await createNamespace(api, namespace);
    await workload.want('edited', 'anew');
    await workload.want('other', 'anew');
    await workload.converges();
  });

  /** Publishes and asks again, until the server knows the CRDs again. */
  const again = (settled: Pick<Settled, 'workload'>, name: string) =>
    eventually(async () => {
      await settled.workload.publish();
      await settled.workload.want(name, 'again');
      return true;
    });

  it('CRDs, of Providers and then of installations: what runs is left alone, and all is taken up again', async (context) => {
    const { kubeconfig } = planes[1]!;
    const settled = await setUp('crds', context, kubeconfigsOf(planes[1]!));
    const { api, workload, asked } = settled;
    const before = await api.list<DeploymentObject>(CHILDREN.Deployment, 'crds');
    const isOf = (resource: string) => (request: ApiRequest) => request.resource === resource && !isWrite(request);

    await kubectlOn(kubeconfig, ['delete', 'crd', 'providers.provider-operator.io']);
    await workload.want('edited', 'without a provider');
    await eventually(async () => asked(isOf('providers')).some(({ told }) => told === 404));
    const during = await api.list<DeploymentObject>(CHILDREN.Deployment, 'crds');
    await installCrds(kubeconfig);
    await again(settled, 'provided');
    await workload.converges();

    expect(identities(during)).toEqual(identities(before));
    expect(asked(isOf('providers')).length).toBeLessThanOrEqual(12);

    await kubectlOn(kubeconfig, ['delete', 'crd', 'providerinstallations.provider-operator.io']);
    await eventually(async () => asked(isOf('providerinstallations')).some(({ told }) => told === 404));
    workload.forgetAll();
    await installCrds(kubeconfig);
    await again(settled, 'anew');
    await workload.converges();

    expect(asked(isOf('providerinstallations')).length).toBeLessThanOrEqual(12);
  });
});

function identities(deployments: readonly DeploymentObject[]): string[] {
  return deployments.map(({ metadata: { name, uid, generation } }) => `${name} ${uid} ${generation}`).toSorted();
}
