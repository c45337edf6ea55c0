import { describe, expect, it } from 'vitest';
import { CHART, RELEASE, template, useHelm, type GivenValues, type Rendered } from './helm.ts';
import { named, ofKind, only, podOf, templateInParent, told } from './rendered.ts';

const helm = useHelm();

const CERTIFICATE = { tls: { secretName: 'certificate' } };
const CERT_MANAGER = { tls: { certManager: { enabled: true, issuerRef: { name: 'platform' } } } };
const PLAIN = { plainHttp: true };
const GATEWAY = { enabled: true, parentRefs: [{ name: 'public' }] };
const API = `${RELEASE}-api`;

/** Each row is what people reported of another chart, values that would bring it about here, what is seen, and what should be. */
describe('what has gone wrong with other charts', () => {
  function certificateOf(objects: readonly Rendered[], deployment = RELEASE): string {
    return podOf(objects, deployment)['volumes'][1].secret.secretName as string;
  }

  function backendOf(objects: readonly Rendered[]): { readonly name: string; readonly port: number } {
    return only(objects, 'HTTPRoute')['spec'].rules[0].backendRefs[0] as { name: string; port: number };
  }

  function ingressRules(objects: readonly Rendered[]): unknown[] {
    return only(objects, 'NetworkPolicy')['spec'].ingress as unknown[];
  }

  const reviewers = `${RELEASE}-review-callers`;

  it.each<[string, GivenValues, (objects: Rendered[]) => unknown, unknown]>([
    [
      // https://github.com/rustfs/rustfs/issues/3859, https://github.com/cert-manager/cert-manager/issues/1517
      'pods wait for another Secret than the one that cert-manager writes, where the chart has another name',
      { fullnameOverride: 'mine', api: CERT_MANAGER },
      (objects) => [only(objects, 'Certificate')['spec'].secretName, certificateOf(objects, 'mine')],
      ['mine-api-tls', 'mine-api-tls'],
    ],
    [
      // https://github.com/arthur-c/thanos-helm-chart/issues/7
      'the Secret of cert-manager cannot be used, for its name is the chart’s to choose',
      { api: { tls: { ...CERT_MANAGER.tls, secretName: 'named' } } },
      (objects) => [only(objects, 'Certificate')['spec'].secretName, certificateOf(objects)],
      ['named', 'named'],
    ],
    [
      // https://github.com/projectcapsule/capsule-proxy/pull/288
      'a public issuer refuses the names of the cluster beside the public one',
      { api: { tls: { certManager: { ...CERT_MANAGER.tls.certManager, dnsNames: ['api.example.com'] } } } },
      (objects) => only(objects, 'Certificate')['spec'].dnsNames as unknown,
      ['api.example.com'],
    ],
    [
      // https://github.com/neo4j/helm-charts/issues/247, https://github.com/pomerium/pomerium-helm/pull/200
      'a certificate that is mounted by subPath is never renewed',
      { api: CERTIFICATE },
      (objects) => JSON.stringify(podOf(objects)).includes('subPath'),
      false,
    ],
    [
      // https://github.com/pingidentity/helm-charts/issues/282
      'the class of an Ingress is an annotation that nobody reads any more',
      { api: { ...PLAIN, ingress: { enabled: true, className: 'nginx' } } },
      (objects) => {
        const { metadata, spec } = only(objects, 'Ingress');
        return [spec.ingressClassName, spec.rules[0].http.paths[0].pathType, metadata.annotations];
      },
      ['nginx', 'Prefix', undefined],
    ],
    [
      // https://github.com/layer-3/nitrolite/pull/794, https://github.com/vdupain/gitops-k8s/issues/58
      'a route leads to the port of the container, and not to that of the Service',
      { api: { ...PLAIN, httpRoute: GATEWAY, service: { port: 9000 } } },
      (objects) => [
        backendOf(objects).port,
        named(objects, 'Service', backendOf(objects).name)['spec'].ports[0].port as unknown,
      ],
      [9000, 9000],
    ],
    [
      // https://github.com/stakater/application/issues/602
      'a route has no port where the value for it is missing',
      { api: { ...CERTIFICATE, httpRoute: GATEWAY, service: { port: null } } },
      (objects) => backendOf(objects).port,
      443,
    ],
    [
      // https://github.com/nextcloud/all-in-one/pull/5024
      'the NetworkPolicy keeps out the ingress controller, which is in another namespace',
      { api: { ...PLAIN, ingress: { enabled: true } } },
      (objects) => ingressRules(objects)[1],
      { ports: [{ port: 'api' }] },
    ],
    [
      // https://github.com/kubernetes/kubernetes/issues/112467
      'the ingress controller is named in a NetworkPolicy, but for other ports',
      { api: PLAIN, networkPolicy: { metricsFrom: [{ podSelector: {} }], apiFrom: [{ namespaceSelector: {} }] } },
      (objects) => ingressRules(objects)[1],
      { ports: [{ port: 'api' }], from: [{ namespaceSelector: {} }] },
    ],
    [
      // https://github.com/projectcapsule/capsule-proxy/issues/966, https://github.com/jaegertracing/helm-charts/issues/143
      'nobody granted the right to ask whose a token is, in the whole cluster',
      { watchNamespaces: ['a'] },
      (objects) => [
        named(objects, 'ClusterRole', reviewers)['rules'] as unknown,
        named(objects, 'ClusterRoleBinding', reviewers)['roleRef'].name as unknown,
      ],
      [
        [
          { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
          { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
        ],
        reviewers,
      ],
    ],
    [
      // https://github.com/kubearchive/kubearchive/issues/54
      'pods with the API run as another ServiceAccount than the one with that right',
      { api: { separate: true } },
      (objects) => [
        named(objects, 'ClusterRoleBinding', reviewers)['subjects'][0].name,
        podOf(objects, API)['serviceAccountName'],
        named(objects, 'ServiceAccount', API).metadata.name,
      ],
      [API, API, API],
    ],
    [
      // https://github.com/helm/charts/issues/7127, https://github.com/Vexa-ai/vexa/issues/1100
      'a budget for a single replica keeps its node from being drained',
      { api: { separate: true, replicaCount: 1 } },
      (objects) => ofKind(objects, 'PodDisruptionBudget').map(({ metadata }) => metadata.name),
      [RELEASE],
    ],
    [
      // https://github.com/helm/helm/issues/12195, https://github.com/webrecorder/browsertrix/issues/3145
      'a million is printed as 1e+06, which no program takes for a number',
      { api: { rateLimit: 1_000_000 } },
      (objects) => told(objects)['RATE_LIMIT'],
      '1000000',
    ],
    [
      // https://github.com/helm/charts/pull/9463, https://github.com/nextcloud/helm/issues/144
      'a Service leads to pods of another component, or of another release',
      { api: { separate: true, ...PLAIN } },
      (objects) => named(objects, 'Service', API)['spec'].selector as unknown,
      {
        'app.kubernetes.io/name': RELEASE,
        'app.kubernetes.io/instance': RELEASE,
        'app.kubernetes.io/component': 'api',
      },
    ],
    [
      // https://github.com/dragonflydb/dragonfly-operator/issues/298, https://github.com/defilantech/LLMKube/issues/1885
      'what is put behind a name that has been cut makes it too long again',
      { fullnameOverride: 'n'.repeat(63), api: { ...PLAIN, separate: true } },
      (objects) => ofKind(objects, 'Service').filter(({ metadata }) => metadata.name.length > 63),
      [],
    ],
  ])('is not here: %s', async (_, values, seen, expected) => {
    expect(seen(await template(helm, values))).toEqual(expected);
  });

  // https://github.com/gravitee-io/issues/issues/7140
  it('is not here: a class that is given in both ways is refused by the API server only', async () => {
    const annotations = { 'kubernetes.io/ingress.class': 'nginx' };
    const render = (ingress: object) =>
      helm.run(['template', RELEASE, CHART, '--values=-'], {
        api: { ...PLAIN, ingress: { enabled: true, ...ingress } },
      });

    expect((await render({ className: 'nginx', annotations })).stderr).toContain(
      'Remove kubernetes.io/ingress.class from api.ingress.annotations',
    );
    expect(await render({ annotations })).toMatchObject({ code: 0 });
  });

  // https://github.com/helm/helm/issues/32132, https://github.com/helm/helm/issues/12637
  it('is not here: what a parent chart takes away by null breaks that which reads its fields', async () => {
    const nothing = { tls: null, service: null, resources: null };
    const objects = await templateInParent(helm, { api: { separate: true, ...PLAIN, ...nothing } });

    expect(named(objects, 'Service', API)['spec'].ports[0].port).toBe(80);
  });
});
