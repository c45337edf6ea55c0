import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHART, objectsIn, RELEASE, template, useHelm, type Rendered } from './helm.ts';
import { containerOf, named, ofKind, only, podOf, templateInParent, told } from './rendered.ts';

const helm = useHelm();

const CERTIFICATE = { tls: { secretName: 'certificate' } };
const CERT_MANAGER = { tls: { certManager: { enabled: true, issuerRef: { name: 'platform' } } } };
const PLAIN = { plainHttp: true };
const GATEWAY = { enabled: true, parentRefs: [{ name: 'public' }] };
const FOLDER = '/etc/provider-operator-api-tls';
const API = `${RELEASE}-api`;

function portNamesOf(objects: readonly Rendered[], deployment = RELEASE): string[] {
  return (containerOf(objects, deployment)['ports'] as { name: string }[]).map(({ name }) => name);
}

/** The kinds of objects that lead to the API from outside of its pods. */
function waysIn(objects: readonly Rendered[]): string[] {
  return objects.filter(({ metadata }) => metadata.name === API).map(({ kind }) => kind);
}

/** The last words of Helm where it refuses values. Undefined where it accepts them. */
async function refusalOf(values: object): Promise<string | undefined> {
  const { code, stderr } = await helm.run(['template', RELEASE, CHART, '--values=-'], values);
  return code === 0 ? undefined : stderr;
}

async function notesOf(values: object): Promise<string> {
  const flags = ['--dry-run=client', '--namespace=operators', '--values=-'];
  const text = await helm.ok(['install', RELEASE, CHART, ...flags], values);
  return text.slice(text.lastIndexOf('\nNOTES:'));
}

describe('the REST API without a certificate', () => {
  it('is served by the pods of the operator to themselves only, and the notes say the way out', async () => {
    const [objects, notes] = await Promise.all([template(helm), notesOf({})]);

    expect(told(objects)).toEqual({
      PORT: '8080',
      ONLY: 'false',
      TLS_FOLDER: '',
      PLAIN_HTTP: 'false',
      CORS_ORIGINS: '',
      RATE_LIMIT: '1000',
      OPEN_CATALOGUE: 'true',
    });
    expect(portNamesOf(objects)).toEqual(['metrics']);
    expect(containerOf(objects)['lifecycle']).toBeUndefined();
    expect(waysIn(objects)).toEqual([]);
    expect(only(objects, 'NetworkPolicy')['spec'].ingress).toEqual([{ ports: [{ port: 'metrics' }] }]);
    expect(notes).toContain('listens on 127.0.0.1 of its pods only');
    expect(notes).toContain(`kubectl port-forward --namespace operators deployment/${RELEASE} 8080\n`);
  });

  it.each([
    ['api.ingress', { ingress: { enabled: true } }, 'Set api.tls.secretName, api.tls.certManager.enabled or'],
    ['api.httpRoute', { httpRoute: GATEWAY }, 'Set api.tls.secretName, api.tls.certManager.enabled or'],
    ['api.ingress', { enabled: false, ...PLAIN, ingress: { enabled: true } }, 'Set api.enabled: api.ingress leads to'],
    ['api.httpRoute', { enabled: false, ...PLAIN, httpRoute: GATEWAY }, 'Set api.enabled: api.httpRoute leads to'],
  ])('has no Service for %s, which is refused: %j', async (what, api, sentence) => {
    const refusal = await refusalOf({ api });

    expect(refusal).toContain(sentence);
    expect(refusal).toContain(what);
  });

  it.each([
    { enabled: false },
    { enabled: false, ...CERTIFICATE },
    { enabled: false, ...CERT_MANAGER, ...PLAIN, separate: true },
  ])('leaves nothing where it is off: %j', async (api) => {
    const objects = await template(helm, { api });

    expect(told(objects)).toMatchObject({ PORT: '0', ONLY: 'false', TLS_FOLDER: '', PLAIN_HTTP: 'false' });
    expect(waysIn(objects)).toEqual([]);
    expect(ofKind(objects, 'Certificate')).toEqual([]);
    expect(JSON.stringify(objects)).not.toContain('tokenreviews');
    expect(podOf(objects)['volumes']).toHaveLength(1);
  });
});

describe('the REST API that can be reached', () => {
  it.each([
    ['with a certificate of a Secret', CERTIFICATE, 'https', 443, 'certificate'],
    ['with a certificate of cert-manager', CERT_MANAGER, 'https', 443, `${API}-tls`],
    ['with both ways to encrypt it and one not to', { ...CERTIFICATE, ...PLAIN }, 'https', 443, 'certificate'],
    ['without a certificate', PLAIN, 'http', 80, undefined],
  ])('%s has one Service, to its port, in one protocol', async (_, api, scheme, port, secret) => {
    for (const separate of [false, true]) {
      const objects = await template(helm, { api: { ...api, separate } });
      const server = separate ? API : RELEASE;

      const { selector, ports } = named(objects, 'Service', API)['spec'];
      expect(ports).toEqual([{ name: scheme, appProtocol: scheme, port, targetPort: 'api' }]);
      expect(named(objects, 'Deployment', server)['spec'].template.metadata.labels).toMatchObject(selector as object);
      expect(portNamesOf(objects, server)).toEqual(['metrics', 'api']);
      expect(told(objects, server)).toMatchObject({ PORT: '8080', TLS_FOLDER: secret === undefined ? '' : FOLDER });
      // kubernetes/kubernetes#43576, traefik/traefik#4452, zalando/skipper#652: a pod that ends is still sent to
      expect(containerOf(objects, server)['lifecycle']).toEqual({ preStop: { sleep: { seconds: 10 } } });
      expect(podOf(objects, server)['terminationGracePeriodSeconds']).toBe(40);
      const mounts = containerOf(objects, server)['volumeMounts'].slice(1) as object[];
      const volumes = podOf(objects, server)['volumes'].slice(1) as object[];
      expect(mounts).toEqual(secret === undefined ? [] : [{ name: 'api-tls', mountPath: FOLDER, readOnly: true }]);
      expect(volumes).toEqual(secret === undefined ? [] : [{ name: 'api-tls', secret: { secretName: secret } }]);
      expect(named(objects, 'NetworkPolicy', server)['spec'].ingress).toEqual([
        { ports: [{ port: 'metrics' }] },
        { ports: [{ port: 'api' }] },
      ]);
    }
  });

  it('is told what the values say', async () => {
    const corsOrigins = ['https://console.example.com', 'http://localhost:5173'];
    const api = { corsOrigins, rateLimit: 5, openCatalogue: false, ...PLAIN };

    expect(told(await template(helm, { api }))).toMatchObject({
      CORS_ORIGINS: 'https://console.example.com,http://localhost:5173',
      RATE_LIMIT: '5',
      OPEN_CATALOGUE: 'false',
      PLAIN_HTTP: 'true',
    });
  });

  it('is reached by Ingress and HTTPRoute at the host and the port that there are', async () => {
    const service = { port: 8443, type: 'LoadBalancer', annotations: { note: 'yes' } };
    const ingress = {
      enabled: true,
      className: 'nginx',
      host: 'api.example.com',
      tlsSecretName: 'shown',
      annotations: { a: 'b' },
    };
    const httpRoute = { ...GATEWAY, hostnames: ['api.example.com'] };
    const objects = await template(helm, { api: { ...CERTIFICATE, service, ingress, httpRoute } });

    const { metadata, spec } = only(objects, 'Ingress');
    expect(metadata.annotations).toEqual({ a: 'b' });
    expect(spec).toMatchObject({
      ingressClassName: 'nginx',
      tls: [{ secretName: 'shown', hosts: ['api.example.com'] }],
    });
    const backend = { service: { name: API, port: { name: 'https' } } };
    expect(spec.rules).toEqual([
      { host: 'api.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
    ]);
    expect(only(objects, 'HTTPRoute')['spec']).toMatchObject({ hostnames: ['api.example.com'], ...routeTo(API, 8443) });
    const made = named(objects, 'Service', API);
    expect(made.metadata.annotations).toEqual({ note: 'yes' });
    expect(made['spec']).toMatchObject({ type: 'LoadBalancer', ports: [{ port: 8443 }] });
  });

  it('says in the notes where it is, and whether its tokens can be read', async () => {
    const [encrypted, plain] = await Promise.all([CERTIFICATE, PLAIN].map((api) => notesOf({ api })));

    expect(encrypted).toContain(`The REST API is at https://${API}.operators.svc:443,`);
    expect(encrypted).not.toContain('plainHttp');
    expect(plain).toContain(`The REST API is at http://${API}.operators.svc:80,`);
    expect(plain).toContain('api.plainHttp is true');
  });

  function routeTo(name: string, port: number): object {
    return { rules: [{ backendRefs: [{ name, port }] }] };
  }
});

describe('the REST API in pods of its own', () => {
  const separate = { separate: true, ...CERTIFICATE };

  it('is served by these only, which take no Lease; the operator listens where nobody finds it', async () => {
    const objects = await template(helm, { api: separate });

    expect(told(objects, API)).toMatchObject({ PORT: '8080', ONLY: 'true', TLS_FOLDER: FOLDER });
    expect(told(objects)).toMatchObject({ PORT: '0', ONLY: 'false', TLS_FOLDER: '', PLAIN_HTTP: 'false' });
    expect(portNamesOf(objects)).toEqual(['metrics']);
    expect(podOf(objects)['volumes']).toHaveLength(1);
    expect(named(objects, 'NetworkPolicy', RELEASE)['spec'].ingress).toHaveLength(1);
  });

  it.for<[string, object]>([
    ['everywhere', {}],
    ['in two namespaces', { watchNamespaces: ['a', 'b'] }],
    ['with Secrets', { watchSecrets: true, generatedSecrets: true }],
  ])('may read what the operator reads and write nothing but reviews, %s', async ([, values]) => {
    const objects = await template(helm, { ...values, api: separate });
    const mayIn = (account: string) => rightsOf(objects, account);

    const reads = mayIn(RELEASE).filter((right) => / (list|watch) /.test(right));
    const reviews = [
      '* create subjectaccessreviews.authorization.k8s.io',
      '* create tokenreviews.authentication.k8s.io',
    ];
    expect(reads.length).toBeGreaterThan(10);
    expect(mayIn(API)).toEqual([...reads, ...reviews].toSorted());
    expect(mayIn(RELEASE).filter((right) => right.includes('reviews'))).toEqual([]);
  });

  it('has its own replicas, resources and budget, and the rest of the pod from the operator', async () => {
    const resources = { limits: { memory: '1Gi' } };
    const nodeSelector = { disk: 'fast' };
    const api = { ...separate, replicaCount: 5, resources };
    const objects = await template(helm, { api, nodeSelector, podDisruptionBudget: { maxUnavailable: 2 } });

    expect(named(objects, 'Deployment', API)['spec'].replicas).toBe(5);
    expect(containerOf(objects, API)['resources']).toMatchObject(resources);
    expect(podOf(objects, API)).toMatchObject({ nodeSelector, serviceAccountName: API });
    expect(named(objects, 'PodDisruptionBudget', API)['spec'].maxUnavailable).toBe(2);
    for (const field of ['securityContext', 'livenessProbe', 'readinessProbe', 'startupProbe', 'image']) {
      expect(containerOf(objects, API)[field], field).toEqual(containerOf(objects)[field]);
    }
    expect(podOf(objects, API)['securityContext']).toEqual(podOf(objects)['securityContext']);
  });

  it('is never the ServiceAccount with which the operator writes', async () => {
    const sentence = 'Set api.serviceAccountName to another than';
    expect(await refusalOf({ api: separate, serviceAccount: { create: false } })).toContain(sentence);
    expect(await refusalOf({ api: { ...separate, serviceAccountName: RELEASE } })).toContain(sentence);
    expect(await refusalOf({ api: separate, serviceAccount: { name: API } })).toContain(sentence);

    const api = { ...separate, serviceAccountName: 'reader' };
    const objects = await template(helm, { api, serviceAccount: { create: false, name: 'writer' } });
    expect(ofKind(objects, 'ServiceAccount')).toEqual([]);
    expect(podOf(objects, API)['serviceAccountName']).toBe('reader');
    expect(rightsOf(objects, 'reader')).toContain('* create tokenreviews.authentication.k8s.io');
  });

  /** As `NAMESPACE VERB RESOURCE`. */
  function rightsOf(objects: readonly Rendered[], account: string): string[] {
    const bindings = ofKind(objects, 'RoleBinding', 'ClusterRoleBinding').filter((binding) =>
      (binding['subjects'] as { name: string }[]).some(({ name }) => name === account),
    );
    const rights = bindings.flatMap(({ metadata, roleRef }) => {
      const role = only(
        objects.filter((o) => o.metadata.name === roleRef.name && o.metadata.namespace === metadata.namespace),
        roleRef.kind as string,
      );
      const rules = role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
      return rules.flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => `${metadata.namespace ?? '*'} ${verb} ${[resource, group].filter(Boolean).join('.')}`),
        ),
      );
    });
    return rights.toSorted();
  }
});

describe('the verb of ?force=true', () => {
  it('is for who administers a namespace, and not for who edits it', async () => {
    const roles = ofKind(await template(helm), 'ClusterRole').filter(({ rules }) =>
      (rules as { verbs: string[] }[]).some(({ verbs }) => verbs.includes('override')),
    );

    expect(roles).toHaveLength(1);
    const [{ metadata, rules }] = roles as [Rendered];
    expect(Object.keys(metadata.labels ?? {}).filter((label) => label.includes('aggregate'))).toEqual([
      'rbac.authorization.k8s.io/aggregate-to-admin',
    ]);
    expect(rules).toEqual([
      { apiGroups: ['provider-operator.io'], resources: ['providerinstallations'], verbs: ['override'] },
    ]);
  });
});

describe('values that are wrong', () => {
  it.each([
    ['an origin with a path', { corsOrigins: ['https://a.example.com/'] }, /'\/api\/corsOrigins\/0'/],
    ['two origins in one', { corsOrigins: ['https://a.example.com,https://b.example.com'] }, /corsOrigins\/0/],
    ['an origin that no browser writes so', { corsOrigins: ['https://A.example.com'] }, /corsOrigins\/0/],
    ['the port of a scheme', { corsOrigins: ['https://a.example.com:443'] }, /Write "https:\/\/a.example.com:443" of/],
    ['more requests than are counted', { rateLimit: 10_000_001 }, /'\/api\/rateLimit': maximum/],
    ['an origin without a scheme', { corsOrigins: ['a.example.com'] }, /corsOrigins\/0/],
    ['a host with a scheme', { ingress: { host: 'https://a.example.com' } }, /'\/api\/ingress\/host'/],
    ['a host with a port', { ingress: { host: 'a.example.com:443' } }, /'\/api\/ingress\/host'/],
    ['a hostname that is none', { httpRoute: { hostnames: ['A.example.com'] } }, /hostnames\/0/],
    ['a number as a string', { service: { port: '443' } }, /'\/api\/service\/port': got string, want integer/],
    ['a number where a name is', { tls: { secretName: 42 } }, /'\/api\/tls\/secretName': got number, want string/],
    ['a Secret that cannot be', { tls: { secretName: 'My Secret' } }, /'\/api\/tls\/secretName'/],
    ['a port out of range', { service: { port: 65_536 } }, /'\/api\/service\/port'/],
    ['no request at all', { rateLimit: 0 }, /'\/api\/rateLimit': minimum: got 0, want 1/],
    ['a kind of issuer', { tls: { certManager: { issuerRef: { kind: 'clusterissuer' } } } }, /issuerRef\/kind/],
    ['a name that is misspelt', { tls: { secret: 'a' } }, /'\/api\/tls': additional properties 'secret' not allowed/],
    ['no issuer', { tls: { certManager: { enabled: true } } }, /Set api.tls.certManager.issuerRef.name: it says who/],
    ['no Gateway', { ...PLAIN, httpRoute: { enabled: true } }, /Set api.httpRoute.parentRefs: they say which Gateway/],
  ])('are refused: %s', async (_, api, message) => {
    expect(await refusalOf({ api })).toMatch(message);
  });

  it('are given by a parent chart as null, where they are as if they were not set', async () => {
    const parts = Object.fromEntries(
      ['tls', 'service', 'ingress', 'httpRoute', 'corsOrigins', 'rateLimit', 'openCatalogue', 'resources'].map(
        (part) => [part, null],
      ),
    );
    const direct = await template(helm, { api: { ...parts, ...PLAIN } });
    const asPart = await templateInParent(helm, { api: { ...parts, ...PLAIN } });
    const off = await templateInParent(helm, { api: null });

    for (const objects of [direct, asPart]) {
      expect(told(objects)).toMatchObject({ PLAIN_HTTP: 'true' });
      expect(named(objects, 'Service', API)['spec']).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80 }] });
    }
    // Helm keeps the defaults where a parent chart takes them away: https://github.com/helm/helm/issues/32132
    expect(told(direct)).toMatchObject({ RATE_LIMIT: '', OPEN_CATALOGUE: '' });
    expect(told(asPart)).toMatchObject({ RATE_LIMIT: '1000', OPEN_CATALOGUE: 'true' });
    expect(ofKind(off, 'Deployment')).toHaveLength(1);
    expect(waysIn(off)).toEqual([]);
  });

  it.each([
    ['of the release', 'r'.repeat(53), {}],
    ['that takes its place', RELEASE, { fullnameOverride: `${'very-long-'.repeat(6)}end` }],
    ['that ends where a dash is', RELEASE, { fullnameOverride: `${'x'.repeat(44)}-${'y'.repeat(10)}` }],
  ])('but none is the longest name %s', async (_, release, values) => {
    const api = { ...CERT_MANAGER, separate: true, ingress: { enabled: true }, httpRoute: GATEWAY };
    const flags = ['--namespace=operators', '--values=-'];
    const objects = objectsIn(await helm.ok(['template', release, CHART, ...flags], { ...values, api }));

    const names = objects
      .filter(({ kind }) => kind !== 'CustomResourceDefinition')
      .map(({ metadata }) => metadata.name);
    expect(names.filter((name) => !/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))).toEqual([]);
    const service = ofKind(objects, 'Service').find(({ metadata }) => metadata.name.endsWith('-api'))!;
    const [path] = only(objects, 'Ingress')['spec'].rules[0].http.paths;
    expect(path.backend.service.name).toBe(service.metadata.name);
  });
});

describe('what docs/install.md shows of the REST API', () => {
  const [, section = ''] = /^## The REST API\n([^]*?)^## /m.exec(readFileSync('docs/install.md', 'utf8')) ?? [];
  const examples = [...section.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);

  it.for(examples.map((text, at) => [at + 1, text] as const))(
    'makes by example %i a Service to its pods',
    async ([, text]) => {
      const values = parse(text) as object;
      const objects = await template(helm, values);

      const { selector, ports } = named(objects, 'Service', API)['spec'];
      const server = ofKind(objects, 'Deployment').find(
        ({ spec }) =>
          spec.selector.matchLabels['app.kubernetes.io/component'] === selector['app.kubernetes.io/component'],
      )!;
      expect(portNamesOf(objects, server.metadata.name)).toContain('api');
      expect(await notesOf(values)).toContain(`${ports[0].name}://${API}.operators.svc:${ports[0].port}`);
    },
  );

  it('is each way to reach it', async () => {
    const made = await Promise.all(examples.map((text) => template(helm, parse(text) as object)));

    const kinds = new Set(made.flatMap((objects) => waysIn(objects)));
    const ways = ['Certificate', 'Deployment', 'HTTPRoute', 'Ingress', 'Service'];
    expect(ways.filter((way) => !kinds.has(way))).toEqual([]);
  });
});
