import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { FIELD_MANAGER, LEFT_TO_OTHERS, MARKER } from '../../src/api/names.ts';
import { OperatorConfig } from '../../src/api/operator-config.ts';
import { CHILDREN } from '../../src/reconcile/resources.ts';
import { Settings } from '../../src/settings.ts';
import { CHART, template, useHelm, type GivenValues, type Rendered } from './helm.ts';
import { named, ofKind, only } from './rendered.ts';

const helm = useHelm();

const VALUE_SETS = globSync(`${CHART}/ci/*.yaml`).toSorted();

async function renderFile(file: string): Promise<Rendered[]> {
  return template(helm, parse(readFileSync(file, 'utf8')) as object);
}

async function containerOf(values: object): Promise<Rendered> {
  return only(await template(helm, values), 'Deployment')['spec'].template.spec.containers[0] as Rendered;
}

describe.for(VALUE_SETS)('with %s', (file) => {
  it('is a chart without a warning', async () => {
    const { code, stdout } = await helm.run(['lint', '--strict', CHART, `--values=${file}`]);

    expect(stdout).toContain('0 chart(s) failed');
    expect(code).toBe(0);
  });

  it('makes nothing twice, all of it labelled, and nothing in a namespace that nobody named', async () => {
    const { watchNamespaces = [] } = parse(readFileSync(file, 'utf8')) as { watchNamespaces?: string[] };
    const objects = (await renderFile(file)).filter(({ apiVersion }) => !apiVersion.startsWith('provider-operator.io'));
    const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    const own = objects.filter(({ metadata }) => !metadata.name.endsWith('-extra'));

    expect(ids).toEqual([...new Set(ids)]);
    expect(
      own.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] !== 'provider-operator'),
    ).toEqual([]);
    const namespaces = own.flatMap(({ metadata }) => metadata.namespace ?? []);
    const allowed = ['operators', ...watchNamespaces, ...(watchNamespaces.length > 0 ? ['default'] : [])];
    expect(namespaces.filter((namespace) => !allowed.includes(namespace))).toEqual([]);
  });

  it('selects the pods of one Deployment and not that of the test, whoever selects', async () => {
    const objects = await renderFile(file);
    const pods = [
      ...ofKind(objects, 'Deployment').map(({ metadata, spec }) => [metadata.name, spec.template.metadata.labels]),
      ['test', only(objects, 'Pod').metadata.labels],
    ] as [string, Record<string, string>][];
    const selectors = [
      ...ofKind(objects, 'Service').map(({ spec }) => spec.selector),
      ...ofKind(objects, 'Deployment', 'PodDisruptionBudget', 'PodMonitor').map(
        ({ spec }) => spec.selector.matchLabels,
      ),
      ...ofKind(objects, 'NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels),
    ] as Record<string, string>[];

    for (const selector of selectors) {
      const selected = pods.filter(([, labels]) => isSelected(labels, selector)).map(([name]) => name);
      expect(selected, JSON.stringify(selector)).toHaveLength(1);
      expect(selected).not.toContain('test');
    }
    ofKind(objects, 'ServiceMonitor').forEach(({ spec }) => {
      const services = ofKind(objects, 'Service').filter(({ metadata }) =>
        isSelected(metadata.labels ?? {}, spec.selector.matchLabels as Record<string, string>),
      );
      expect(services.map((service) => service['spec'].ports[0].name as string)).toEqual(['metrics']);
    });
  });
});

function isSelected(labels: Readonly<Record<string, string>>, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}

describe('the operator', () => {
  it('is told every setting by the name that it knows', async () => {
    const { env } = (await containerOf({})) as unknown as { env: { name: string; value?: string }[] };

    // Each rollout has two pods at once, so the chart always elects a leader.
    const known = Object.keys(Settings.shape).filter((name) => name !== 'LEADER_ELECTION');
    expect(env.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
    const values = Object.fromEntries(env.map(({ name, value = 'operators' }) => [name, value]));
    expect(Settings.parse({ ...values, OPERATOR_CONFIG: '' })).toEqual(Settings.parse({ POD_NAMESPACE: 'operators' }));
  });

  it('reads its config from a file, and starts anew when that changes', async () => {
    const config = { maxConcurrentUpgrades: 7, tiers: { free: { replicas: 3 } } };
    const [before, changed, same] = await Promise.all(
      [{}, { config }, { logLevel: 'debug' }].map((v) => template(helm, v)),
    );
    const checksum = (objects: Rendered[]) =>
      only(objects, 'Deployment')['spec'].template.metadata.annotations['checksum/config'] as string;

    const text = only(changed!, 'ConfigMap')['data']['config.yaml'] as string;
    expect(OperatorConfig.parse(parse(text))).toEqual(OperatorConfig.parse(config));
    const { spec } = only(changed!, 'Deployment')['spec'].template;
    const file = spec.containers[0].env.find(({ name }: { name: string }) => name === 'OPERATOR_CONFIG')
      .value as string;
    expect(file).toBe(`${spec.containers[0].volumeMounts[0].mountPath}/config.yaml`);
    expect(checksum(changed!)).not.toBe(checksum(before!));
    expect(checksum(same!)).toBe(checksum(before!));
  });

  it.each([
    [{}, `provider-operator:${manifest.version}`],
    [{ tag: '9.9.9' }, 'provider-operator:9.9.9'],
    [{ registry: 'registry.example.com/', repository: 'a/b' }, `registry.example.com/a/b:${manifest.version}`],
    [{ tag: '9.9.9', digest: `sha256:${'0'.repeat(64)}` }, `provider-operator@sha256:${'0'.repeat(64)}`],
  ])('is the image of %j', async (image, expected) => {
    expect((await containerOf({ image }))['image']).toBe(expected);
  });

  it('may do nothing on its node, in any pod of the chart', async () => {
    const objects = await template(helm);
    const pods = [only(objects, 'Deployment')['spec'].template.spec, only(objects, 'Pod')['spec']];

    for (const pod of pods) {
      expect(pod.securityContext).toEqual({
        runAsNonRoot: true,
        runAsUser: 65_532,
        runAsGroup: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.containers).toHaveLength(1);
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      });
    }
    expect(pods[1].automountServiceAccountToken, 'and the test speaks to no API server').toBe(false);
  });

  it('stands by with a second replica, which no drain takes with the first', async () => {
    const [two, one] = await Promise.all([{}, { replicaCount: 1 }].map((values) => template(helm, values)));

    expect(only(two!, 'Deployment')['spec'].replicas).toBe(2);
    expect(only(two!, 'PodDisruptionBudget')['spec'].maxUnavailable).toBe(1);
    expect(ofKind(one!, 'PodDisruptionBudget'), 'which would keep a single one from being moved at all').toEqual([]);
  });

  it('keeps what the chart says where labels of people say otherwise', async () => {
    const mine = { 'app.kubernetes.io/name': 'mine', team: 'platform' };
    const { metadata } = only(await template(helm, { podLabels: mine, commonLabels: mine }), 'Deployment')['spec']
      .template;

    expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'provider-operator', team: 'platform' });
  });
});

describe('the CRDs', () => {
  const sources = globSync('crds/*.yaml')
    .map((file) => parse(readFileSync(file, 'utf8'), { version: '1.1' }) as Rendered)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
  const byName = (a: Rendered, b: Rendered) => (a.metadata.name < b.metadata.name ? -1 : 1);

  it.each([true, false])('are those of crds/, and stay when the chart goes where keep is %s', async (keep) => {
    const rendered = ofKind(await template(helm, { crds: { keep } }), 'CustomResourceDefinition');

    expect(sources.length).toBeGreaterThan(2);
    expect(rendered.toSorted(byName).map(({ spec }) => spec)).toEqual(sources.toSorted(byName).map(({ spec }) => spec));
    const policies = rendered.map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy']);
    expect(new Set(policies)).toEqual(new Set([keep ? 'keep' : undefined]));
  });

  it('are left alone where somebody else installs them', async () => {
    expect(ofKind(await template(helm, { crds: { install: false } }), 'CustomResourceDefinition')).toEqual([]);
  });
});

describe('the rights', () => {
  /** The roles of the operator, as `Kind namespace/name`. */
  async function rolesWith(values: object): Promise<string[]> {
    return ofKind(await template(helm, values), 'Role', 'ClusterRole')
      .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
      .filter((role) => !/-(view|edit|admin)$/.test(role))
      .toSorted();
  }

  it.each([
    [
      {},
      [
        'ClusterRole /provider-operator',
        'ClusterRole /provider-operator-review-callers',
        'Role operators/provider-operator-leader-election',
      ],
    ],
    [
      { api: { enabled: false } },
      ['ClusterRole /provider-operator', 'Role operators/provider-operator-leader-election'],
    ],
    [
      { watchSecrets: true },
      [
        'ClusterRole /provider-operator',
        'ClusterRole /provider-operator-review-callers',
        'ClusterRole /provider-operator-watch-secrets',
        'Role operators/provider-operator-leader-election',
      ],
    ],
    [
      { generatedSecrets: true },
      [
        'ClusterRole /provider-operator',
        'ClusterRole /provider-operator-generate-secrets',
        'ClusterRole /provider-operator-review-callers',
        'Role operators/provider-operator-leader-election',
      ],
    ],
    [
      { watchNamespaces: ['a', 'b'], watchSecrets: true, generatedSecrets: true },
      [
        'ClusterRole /provider-operator',
        'ClusterRole /provider-operator-review-callers',
        'Role a/provider-operator',
        'Role b/provider-operator',
        'Role default/provider-operator-catalogue-events',
        'Role operators/provider-operator-leader-election',
      ],
    ],
    [
      { watchNamespaces: ['default'] },
      [
        'ClusterRole /provider-operator',
        'ClusterRole /provider-operator-review-callers',
        'Role default/provider-operator',
        'Role operators/provider-operator-leader-election',
      ],
    ],
    [{ rbac: { create: false } }, []],
  ])('with %j are in %j', async (values, expected) => {
    expect(await rolesWith(values)).toEqual(expected);
  });

  it.for<readonly string[]>([[], ['a']])(
    'to Secrets are to list and to watch them only where watchSecrets asks for it, to create them only where generatedSecrets does (in %j)',
    async (watchNamespaces) => {
      async function rulesWith(more: object): Promise<string[]> {
        const roles = ofKind(await template(helm, { watchNamespaces, ...more }), 'Role', 'ClusterRole');
        return roles.flatMap(({ metadata, rules }) =>
          (rules as object[]).map((rule) => JSON.stringify({ in: metadata.namespace, ...rule })),
        );
      }

      const without = await rulesWith({});
      expect(without.filter((rule) => rule.includes('"secrets"') || rule.includes('*'))).toEqual([]);
      for (const [value, verbs] of [
        ['watchSecrets', ['list', 'watch']],
        ['generatedSecrets', ['create']],
      ] as const) {
        const more = (await rulesWith({ [value]: true })).filter((rule) => !without.includes(rule));
        const secrets = { apiGroups: [''], resources: ['secrets'], verbs };
        expect(more.map((rule) => JSON.parse(rule) as object)).toEqual([{ in: watchNamespaces[0], ...secrets }]);
      }
    },
  );

  it('are bound, each, to the ServiceAccount of the pods', async () => {
    const objects = await template(helm, { watchNamespaces: ['a'], serviceAccount: { name: 'somebody' } });
    const roles = ofKind(objects, 'Role', 'ClusterRole').filter(
      ({ metadata }) => !/-(view|edit|admin)$/.test(metadata.name),
    );
    const bindings = ofKind(objects, 'RoleBinding', 'ClusterRoleBinding');

    const bound = bindings.map(
      ({ metadata, roleRef }) => `${roleRef.kind} ${metadata.namespace ?? ''}/${roleRef.name}`,
    );
    const there = roles.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(bound.toSorted()).toEqual(there.toSorted());
    const subjects = bindings.flatMap((binding) => binding['subjects'] as object[]);
    expect(new Set(subjects.map((s) => JSON.stringify(s))).size).toBe(1);
    expect(subjects[0]).toEqual({ kind: 'ServiceAccount', name: 'somebody', namespace: 'operators' });
    expect(only(objects, 'Deployment')['spec'].template.spec.serviceAccountName).toBe('somebody');
  });
});

describe('the network policy', () => {
  it('lets the metrics in, also for helm test, and everything out until it is told where the API server is', async () => {
    const monitoring = { namespaceSelector: { matchLabels: { name: 'monitoring' } } };
    const [open, closed] = await Promise.all(
      [{}, { metricsFrom: [monitoring], apiServer: [{ cidr: '192.0.2.1/32' }] }].map(
        async (networkPolicy) => only(await template(helm, { networkPolicy }), 'NetworkPolicy')['spec'],
      ),
    );

    expect(open).toMatchObject({ policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 'metrics' }] }] });
    expect(closed.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(closed.ingress[0].from).toEqual([monitoring, expect.objectContaining({ podSelector: expect.anything() })]);
    expect(closed.egress).toEqual([{ to: [{ ipBlock: { cidr: '192.0.2.1/32' } }], ports: [{ port: 443 }] }]);
  });
});

describe('the admission policy', () => {
  it('allows nothing where there is no rule, and is not there where nobody asked for it', async () => {
    const [strict, none] = await Promise.all(
      [{ enabled: true }, {}].map((admissionPolicy) => template(helm, { admissionPolicy })),
    );

    const { validations } = only(strict!, 'ValidatingAdmissionPolicy')['spec'];
    expect(validations).toMatchObject([{ expression: 'false' }]);
    expect(ofKind(none!, 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding')).toEqual([]);
  });
});

describe('the policy of field managers', () => {
  async function policyOf(values: GivenValues): Promise<Rendered['spec']> {
    const objects = await template(helm, {
      ...values,
      fieldManagerPolicy: { enabled: true, ...(values.fieldManagerPolicy as object | undefined) },
    });
    const binding = only(objects, 'ValidatingAdmissionPolicyBinding');
    expect(binding['spec']).toEqual({ policyName: binding.metadata.name, validationActions: ['Deny'] });
    return named(objects, 'ValidatingAdmissionPolicy', binding.metadata.name)['spec'];
  }

  it('is not there where nobody asked for it, nor in deploy/', async () => {
    expect(ofKind(await template(helm), 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding')).toEqual([]);
    expect(readFileSync('deploy/install.yaml', 'utf8')).not.toContain('ValidatingAdmissionPolicy');
  });

  it('is for the names under which the operator writes, and for no others', async () => {
    const { variables } = await policyOf({});
    const { expression } = (variables as { name: string; expression: string }[]).find(({ name }) => name === 'names')!;

    expect(JSON.parse(expression.replaceAll("'", '"'))).toEqual([FIELD_MANAGER, MARKER, LEFT_TO_OTHERS]);
  });

  it('is for every child of an installation', async () => {
    const { matchConstraints } = await policyOf({});
    const rules = matchConstraints.resourceRules as {
      apiGroups: string[];
      resources: string[];
      operations: string[];
    }[];

    expect(
      rules.flatMap(({ apiGroups, resources }) => resources.map((r) => `${apiGroups[0]}/${r}`)).toSorted(),
    ).toEqual(
      Object.values(CHILDREN)
        .map(({ group, plural }) => `${group}/${plural}`)
        .toSorted(),
    );
    expect(new Set(rules.flatMap(({ operations }) => operations))).toEqual(new Set(['CREATE', 'UPDATE']));
  });

  it.each<[GivenValues, readonly string[]]>([
    [{}, ['system:serviceaccount:operators:provider-operator']],
    [{ fullnameOverride: 'platform' }, ['system:serviceaccount:operators:platform']],
    [{ serviceAccount: { name: 'somebody' } }, ['system:serviceaccount:operators:somebody']],
    [{ serviceAccount: { create: false } }, ['system:serviceaccount:operators:default']],
    [{ api: { separate: true, plainHttp: true } }, ['system:serviceaccount:operators:provider-operator']],
    [
      { fieldManagerPolicy: { users: ["o'brien", 'system:serviceaccount:velero:velero'] } },
      ['system:serviceaccount:operators:provider-operator', "o'brien", 'system:serviceaccount:velero:velero'],
    ],
  ])('with %j lets %j write, by the whole name', async (values, users) => {
    const { failurePolicy, matchConditions } = await policyOf(values);

    expect(failurePolicy).toBe('Fail');
    expect(matchConditions).toEqual([
      { name: 'not-by-the-operator', expression: `!(request.userInfo.username in ${JSON.stringify(users)})` },
    ]);
  });

  it.each<[readonly string[], object | undefined]>([
    [[], undefined],
    [
      ['a', 'b', 'a'],
      { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] }] },
    ],
  ])('is for the namespaces %j that the operator works in', async (watchNamespaces, selector) => {
    expect((await policyOf({ watchNamespaces })).matchConstraints.namespaceSelector).toEqual(selector);
  });

  it('refuses by rules that answer with Forbidden, and that each say what to do', async () => {
    const { validations } = await policyOf({});

    expect(validations).toHaveLength(4);
    for (const { reason, message, messageExpression } of validations as Record<string, string>[]) {
      expect(reason).toBe('Forbidden');
      expect(message ?? messageExpression).toMatch(/^"?(Use another field manager|Leave managedFields out)/);
    }
  });
});

describe('what watches the operator', () => {
  it('has the alerts and the dashboards that the chart brings, as they are', async () => {
    const objects = await renderFile(`${CHART}/ci/everything.yaml`);
    const rules = globSync(`${CHART}/rules/*.yaml`).toSorted();
    const dashboards = globSync(`${CHART}/dashboards/*.json`).toSorted();

    expect(rules.length * dashboards.length).toBeGreaterThan(0);
    const text = readFileSync(rules[0]!, 'utf8').replaceAll('docs/runbooks/', 'https://example.com/runbooks/');
    expect(only(objects, 'PrometheusRule')['spec']).toEqual(parse(text));
    const found = ofKind(objects, 'ConfigMap').filter(({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1');
    const texts = found.flatMap((object) => Object.values(object['data'] as Record<string, string>));
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(
      dashboards.map((file) => JSON.parse(readFileSync(file, 'utf8')) as unknown),
    );
  });
});
