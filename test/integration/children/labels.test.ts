import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, waitFor, type KubernetesObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';

/**
 * Somebody else's chart `web`, with the release `shop`, lives beside the installation `shop` of `acme/web`. Its
 * selectors must find its own pod and none of ours, whatever labels its chart or tool selects by.
 */
const namespace = 'labels';
let operator: RunningOperator;
beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator();
  await apply(
    provider('acme', '1.0.0'),
    installation(namespace, 'shop', { provider: 'acme/web', version: '1.0.0', resourceTier: 'performance' }),
    installation(namespace, 'web', { provider: 'acme/web', version: '1.0.0' }),
  );
  await Promise.all(['shop', 'web'].map((name) => waitFor('Ready', `pi/${name}`, namespace)));
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

/** Every kind that the operator makes, and those that the cluster makes from them. */
const KINDS = 'deployments,replicasets,pods,services,poddisruptionbudgets,controllerrevisions';

interface Usual {
  readonly by: string;
  readonly selector: Readonly<Record<string, string>>;
  /** A source for this selector, or a report of what went wrong by it. */
  readonly seen: string;
}

const K8S = 'app.kubernetes.io';
const USUAL: Usual[] = [
  {
    by: 'helm create',
    selector: { [`${K8S}/name`]: 'web', [`${K8S}/instance`]: 'shop' },
    seen: 'CloudPirates-io/helm-charts#914: two subcharts of one release get each other’s traffic',
  },
  {
    by: 'the charts of Bitnami',
    selector: { [`${K8S}/name`]: 'web', [`${K8S}/instance`]: 'shop', [`${K8S}/component`]: 'primary' },
    seen: 'bitnami/charts#13326: a Service chooses pods that have nothing to do with it',
  },
  {
    by: 'a chart whose budget asks for all the labels',
    selector: { [`${K8S}/name`]: 'web', [`${K8S}/instance`]: 'shop', [`${K8S}/part-of`]: 'acme' },
    seen: 'bitnami/charts#34544',
  },
  {
    by: 'a chart that forgets its release',
    selector: { [`${K8S}/name`]: 'web' },
    seen: 'nextcloud/helm#144, paperclipinc/karpenter-provider-hetzner#73',
  },
  {
    by: 'an older chart',
    selector: { app: 'web', release: 'shop' },
    seen: 'bitnami/charts#3871, helm/charts#12929',
  },
  {
    by: 'an older chart that forgets its release',
    selector: { app: 'web' },
    seen: 'helm/charts#12884, SeleniumHQ/docker-selenium#1680',
  },
  {
    by: 'Argo CD, which takes for its own what it finds so, and prunes it',
    selector: { [`${K8S}/instance`]: 'shop' },
    seen: 'Argo CD’s documentation (2.9, Resource Tracking), argoproj/argo-cd#15472',
  },
  {
    by: 'kubectl create service',
    selector: { app: 'shop' },
    seen: 'ahmetb/kubernetes-network-policy-recipes#14, kubernetes/kubernetes#46191',
  },
  { by: 'kubectl run --expose', selector: { run: 'shop' }, seen: 'kubernetes/kubernetes#39424' },
  {
    by: 'kustomize with commonLabels',
    selector: { [`${K8S}/name`]: 'web', [`${K8S}/version`]: '1.0.0' },
    seen: 'thoth-station/thoth-application#13, kubernetes-sigs/kustomize#1009',
  },
  {
    by: 'Istio',
    selector: { app: 'web', version: '1.0.0' },
    seen: 'Istio’s documentation (Application Requirements), kubernetes-sigs/kustomize#2740',
  },
  {
    by: 'a PodMonitor for all that one operator manages',
    selector: { [`${K8S}/managed-by`]: 'provider-operator' },
    seen: 'SeldonIO/seldon-core#1936',
  },
  {
    by: 'a Prometheus that scrapes all parts of one product',
    selector: { [`${K8S}/part-of`]: 'acme' },
    seen: 'red-hat-data-services/rhods-operator#268',
  },
  {
    by: 'the Service that kubebuilder makes',
    selector: { 'control-plane': 'controller-manager' },
    seen: 'apache/incubator-kie-kogito-serverless-operator#366, opendatahub-io/opendatahub-operator#230',
  },
  {
    by: 'this operator’s own chart',
    selector: {
      [`${K8S}/name`]: 'provider-operator',
      [`${K8S}/instance`]: 'provider-operator',
      [`${K8S}/component`]: 'operator',
    },
    seen: 'charts/provider-operator/templates/_helpers.tpl',
  },
];

it.each(USUAL)('nothing of ours is chosen by $by', async ({ selector }) => {
  const chart = await runChart(selector, selector);

  // Its own pod is listed, so our pods have been considered, too.
  expect(await endpoints(chart, 1)).toEqual([chart]);
  expect(await chosen(selector)).toEqual([`pod/${chart}`]);
});

it('a Service and a budget of ours choose exactly the pods of their installation, whatever is beside them', async () => {
  const labels = { [`${K8S}/name`]: 'web', [`${K8S}/instance`]: 'shop', app: 'web', release: 'shop' };
  const chart = await runChart(labels, { app: 'web' });
  await endpoints(chart, 1);

  expect(await endpoints('shop', 3)).toEqual(await podsOf('shop'));
  expect(await endpoints('web', 2)).toEqual(await podsOf('web'));
  const { status } = await eventually(async () => {
    const budget = await get<Budget>('pdb', 'shop', namespace);
    return budget.status.observedGeneration === budget.metadata.generation && budget;
  });
  expect(status.expectedPods).toBe(3);
});

interface Budget extends KubernetesObject {
  readonly status: { readonly observedGeneration?: number; readonly expectedPods: number };
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly targetRef: { readonly name: string } }[] | null;
}

let charts = 0;

/**
 * Makes a pod and a Service of somebody else's until the end of the test, and returns their name. The name is never
 * `shop`, since a Service with the name of an installation would be a conflict, which is not tested here. It is another
 * name each time, since the endpoints of a deleted Service stay for a while.
 */
async function runChart(labels: Usual['selector'], selector: Usual['selector']): Promise<string> {
  const name = `chart-${++charts}`;
  const metadata = { name, namespace };
  onTestFinished(async () => {
    await kubectl(['delete', 'pod,service', name, '-n', namespace]);
  });
  const containers = [{ name: 'web', image: 'registry.example.com/charts/web:1.0.0' }];
  await apply(
    { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels }, spec: { containers } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ port: 80 }] } },
  );
  return name;
}

/** Returns the objects that have these labels, as `kind/name`. */
async function chosen(labels: Usual['selector']): Promise<string[]> {
  const selector = Object.entries(labels).map((pair) => pair.join('='));
  const names = await kubectl(['get', KINDS, '-n', namespace, '-l', selector.join(','), '-o', 'name']);
  return names.trim().split('\n');
}

/** The pods behind a Service, as soon as there are at least so many. */
function endpoints(service: string, atLeast: number): Promise<string[]> {
  return eventually(async () => {
    const slices = await list<EndpointSlice>('endpointslices', `kubernetes.io/service-name=${service}`);
    const pods = slices.flatMap((slice) => (slice.endpoints ?? []).map(({ targetRef }) => targetRef.name));
    return pods.length >= atLeast && pods.sort();
  });
}

/** The pods of a Deployment, found by their owners and not by labels. */
async function podsOf(deployment: string): Promise<string[]> {
  const { uid } = (await get('deployment', deployment, namespace)).metadata;
  const sets = (await list('replicasets')).filter(isOwnedBy([uid])).map(({ metadata }) => metadata.uid);
  return (await list('pods'))
    .filter(isOwnedBy(sets))
    .map(({ metadata }) => metadata.name)
    .sort();
}

function isOwnedBy(uids: readonly string[]): (object: KubernetesObject) => boolean {
  return ({ metadata }) => (metadata.ownerReferences ?? []).some(({ uid }) => uids.includes(uid));
}

async function list<T extends KubernetesObject>(kind: string, selector = ''): Promise<readonly T[]> {
  const printed = await kubectl(['get', kind, '-n', namespace, '-l', selector, '-o', 'json']);
  return (JSON.parse(printed) as { items: T[] }).items;
}
