import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from '../support/kubectl.ts';
import { launchOperator, type OperatorProcess } from '../support/operator.ts';
import { countRequests, now, OPERATOR } from '../support/requests.ts';
import { startWebhook, type Mutable, type Webhook } from '../support/webhook.ts';

/**
 * What mutating webhooks and policies make of what the operator applies: it is accepted, said once, and hides nothing. A real
 * webhook server answers the API server's reviews, one mutation for each installation.
 */
const namespace = 'admission';

interface Row {
  readonly name: string;
  /** The report of something that this did elsewhere. */
  readonly report: string;
  readonly rewrites: (object: Mutable, operation: string) => void;
  /** What the condition names. Absent: it is free to others, and nothing is said of it. */
  readonly field?: string;
  /** It does not change a value of ours: then the first apply after a restart is preceded by a write that claims what is there. */
  readonly adds?: boolean;
  /** What it comes to. */
  readonly shows: (deployment: Mutable) => unknown;
  readonly as: unknown;
  readonly kind?: string;
}

const podOf = (object: Mutable) => object.spec.template.spec;
const containerOf = (object: Mutable) => podOf(object).containers.find((c: Mutable) => c.name === 'provider');
const CONTAINER = 'spec.template.spec.containers[name=provider]';

const ROWS: readonly Row[] = [
  {
    name: 'requests',
    report: 'Kong/kong-operator#888',
    rewrites: (object) => (containerOf(object).resources.requests = { cpu: '500m', memory: '512Mi' }),
    field: `${CONTAINER}.resources.requests`,
    shows: (d) => containerOf(d).resources.requests,
    as: { cpu: '500m', memory: '512Mi' },
  },
  {
    name: 'limits',
    report: 'prometheus-operator/prometheus-operator#8049',
    rewrites: (object) => delete containerOf(object).resources.limits.cpu,
    field: `${CONTAINER}.resources.limits.cpu`,
    shows: (d) => containerOf(d).resources.limits,
    as: { memory: '512Mi' },
  },
  {
    name: 'registry',
    report: 'kyverno/policies#347',
    rewrites(object) {
      containerOf(object).image = containerOf(object).image.replace('registry.example.com', 'mirror.example.com');
    },
    field: `${CONTAINER}.image`,
    shows: (d) => containerOf(d).image,
    as: 'mirror.example.com/acme/web:1.1.0',
  },
  {
    name: 'digest',
    report: 'sigstore/policy-controller#1105',
    rewrites(object) {
      const [image] = containerOf(object).image.split('@');
      containerOf(object).image = `${image}@sha256:${'0'.repeat(64)}`;
    },
    field: `${CONTAINER}.image`,
    shows: (d) => containerOf(d).image,
    as: `registry.example.com/acme/web:1.1.0@sha256:${'0'.repeat(64)}`,
  },
  {
    name: 'annotation',
    report: '1Password/onepassword-operator#81',
    rewrites: (object) => (object.spec.template.metadata.annotations['example.com/adjusted'] = 'yes'),
    shows: (d) => d.spec.template.metadata.annotations['example.com/adjusted'],
    as: 'yes',
  },
  {
    name: 'sidecar',
    report: 'apache/solr-operator#393',
    rewrites(object) {
      const { containers } = podOf(object);
      if (!containers.some((c: Mutable) => c.name === 'proxy')) {
        containers.push({ name: 'proxy', image: 'registry.example.com/mesh/proxy:1' });
      }
    },
    field: 'spec.template.spec.containers[name=proxy]',
    adds: true,
    shows: (d) => podOf(d).containers.length,
    as: 2,
  },
  {
    name: 'removed',
    report: 'Kong/kong-operator#522',
    rewrites: (object) => delete containerOf(object).lifecycle,
    field: `${CONTAINER}.lifecycle`,
    shows: (d) => containerOf(d).lifecycle,
    as: undefined,
  },
  {
    name: 'variable',
    report: 'open-telemetry/opentelemetry-operator#655',
    rewrites: (object) => (containerOf(object).env.find((v: Mutable) => v.name === 'MODE').value = 'managed'),
    field: `${CONTAINER}.env[name=MODE].value`,
    shows: (d) => containerOf(d).env.find((v: Mutable) => v.name === 'MODE').value,
    as: 'managed',
  },
  {
    name: 'replicas',
    report: 'kyverno/kyverno#5283',
    rewrites: (object) => (object.spec.replicas = 3),
    field: 'spec.replicas',
    shows: (d) => d.spec.replicas,
    as: 3,
  },
  {
    name: 'strategy',
    report: 'tektoncd/triggers#1318',
    rewrites: (object) => (object.spec.strategy.rollingUpdate.maxSurge = 1),
    field: 'spec.strategy.rollingUpdate.maxSurge',
    shows: (d) => d.spec.strategy.rollingUpdate.maxSurge,
    as: 1,
  },
  {
    name: 'placement',
    report: 'pulumi/pulumi-kubernetes#1978',
    rewrites: (object) => (podOf(object).tolerations = [{ key: 'spot', operator: 'Exists' }]),
    field: 'spec.template.spec.tolerations',
    adds: true,
    shows: (d) => podOf(d).tolerations,
    as: [{ key: 'spot', operator: 'Exists' }],
  },
  {
    name: 'security',
    report: 'open-policy-agent/gatekeeper#2380',
    rewrites: (object) => (podOf(object).securityContext.seccompProfile = { type: 'Unconfined' }),
    field: 'spec.template.spec.securityContext.seccompProfile.type',
    shows: (d) => podOf(d).securityContext.seccompProfile,
    as: { type: 'Unconfined' },
  },
  {
    name: 'label',
    report: 'argoproj/argo-cd#4326',
    rewrites: (object) => (object.metadata.labels['provider-operator.io/version'] = 'platform'),
    field: 'metadata.labels.provider-operator.io/version',
    shows: (d) => d.metadata.labels['provider-operator.io/version'],
    as: 'platform',
  },
  {
    // As one does that was built with a client from before managedFields.
    name: 'owners',
    report: 'kubernetes/kubernetes#96688',
    rewrites: (object) => delete object.metadata.managedFields,
    field: 'metadata.managedFields',
    adds: true,
    shows: (d) => containerOf(d).image,
    as: 'registry.example.com/acme/web:1.1.0',
  },
  {
    name: 'service',
    report: 'argoproj/argo-cd#19800',
    kind: 'Service',
    rewrites: (object) => (object.spec.ports[0].targetPort = 8443),
    field: 'spec.ports[port=80,protocol=TCP].targetPort',
    shows: (s) => s.spec.ports[0].targetPort,
    as: 8443,
  },
  {
    // An apply that leaves the port of the other number is refused: it would bring a second one of this name.
    name: 'service-key',
    report: 'kubernetes/kubernetes#118725',
    kind: 'Service',
    rewrites: (object) => (object.spec.ports[0].port = 8000),
    field: 'spec.ports[port=80,protocol=TCP]',
    adds: true,
    shows: (s) => s.spec.ports.map(({ port }: Mutable) => port),
    as: [8000],
  },
  {
    name: 'everything',
    report: 'rajsinghtech/homer-operator#68',
    rewrites(object) {
      containerOf(object).resources.requests = { cpu: '500m', memory: '512Mi' };
      containerOf(object).image = containerOf(object).image.replace('registry.example.com', 'mirror.example.com');
      object.spec.replicas = 2;
      object.spec.progressDeadlineSeconds = 900;
    },
    field: 'and 1 more',
    shows: (d) => [d.spec.replicas, d.spec.progressDeadlineSeconds],
    as: [2, 900],
  },
];
/** Its requests fit on no node. */
const TOO_BIG = 'too-big';
/** A MutatingAdmissionPolicy does it. */
const BY_POLICY = 'by-policy';
const NAMES = [...ROWS.map(({ name }) => name), BY_POLICY];

const asks = {
  runtime: { ports: [{ name: 'http', containerPort: 8080, servicePort: 80 }], env: [{ name: 'MODE', value: 'own' }] },
};
const CONFIG = 'defaults: {stableSeconds: 0, progressDeadlineSeconds: 120}';

const policy = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'admission-test' },
    spec: {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
        ],
      },
      matchConditions: [{ name: 'one', expression: `object.metadata.name == '${BY_POLICY}'` }],
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression: `Object{spec: Object.spec{minReadySeconds: 1, revisionHistoryLimit: 7}}`,
          },
        },
      ],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: 'admission-test' },
    spec: { policyName: 'admission-test' },
  },
];

const pi = (name: string) => get<InstallationObject>('pi', name, namespace);
const child = (name: string, kind = 'Deployment') => get<DeploymentObject>(kind, name, namespace);
const findCondition = (conditions: InstallationObject['status']['conditions'], type: string) =>
  conditions?.find((c) => c.type === type);
const drifted = async (name: string) => findCondition((await pi(name)).status.conditions, 'Drifted');
const move = (name: string, version: string) =>
  kubectl(['patch', 'pi', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { version } })]);

let webhook: Webhook;
let operator: OperatorProcess;
beforeAll(async () => {
  await prepare(namespace);
  webhook = await startWebhook(namespace, ['deployments', 'services'], (object, operation) => {
    const row = ROWS.find(({ name }) => name === object.metadata.name);
    if (row && object.kind === (row.kind ?? 'Deployment')) {
      row.rewrites(object, operation);
    } else if (object.metadata.name === TOO_BIG && object.kind === 'Deployment') {
      containerOf(object).resources = { requests: { cpu: '5000' } };
    }
  });
  await apply(webhook.configuration, ...policy);
  const bad = release('1.2.0', { ...asks, image: 'registry.example.com/acme/crash-loop:1.2.0' });
  await apply(provider('acme', release('1.0.0', asks), release('1.1.0', asks), bad));
  operator = await launchOperator({}, CONFIG);
  const spec = { provider: 'acme/web', version: '1.0.0', resourceTier: 'standard' };
  await apply(...NAMES.map((name) => installation(namespace, name, spec)));
});
afterAll(async () => {
  operator.signal('SIGTERM');
  await operator.ended;
});
afterAll(async () => {
  await kubectl(['delete', 'mutatingwebhookconfiguration', `rewrites-${namespace}`]);
  await kubectl(['delete', 'mutatingadmissionpolicy,mutatingadmissionpolicybinding', 'admission-test']);
  webhook.stop();
  await cleanUp(namespace);
});

/** Waits until an installation runs a version, and its condition names what was rewritten. */
async function settled(name: string, version: string): Promise<void> {
  await eventually(async () => {
    const { status, metadata } = await pi(name);
    const ready = findCondition(status.conditions, 'Ready');
    const is = findCondition(status.conditions, 'Drifted');
    if (
      ready?.status !== 'True' ||
      ready.observedGeneration !== metadata.generation ||
      status.currentVersion !== version
    ) {
      throw new Error(`${name}: ${JSON.stringify(status.conditions)}`);
    }
    const field =
      ROWS.find((row) => row.name === name)?.field ?? (name === BY_POLICY ? 'spec.revisionHistoryLimit' : undefined);
    if (field === undefined ? is !== undefined : is?.status !== 'False' || !is.message.includes(field)) {
      throw new Error(`${name}: ${JSON.stringify(is)}`);
    }
    return true;
  });
}

const specsNow = async () =>
  (await Promise.all(NAMES.flatMap((name) => [child(name), child(name, 'Service')]))).map(({ metadata, spec }) => ({
    generation: metadata.generation,
    spec,
  }));

describe('what admission makes of what is applied', () => {
  it.each(ROWS)('is accepted, and said with its field: $name ($report)', async ({ name, shows, as, kind }) => {
    await settled(name, '1.0.0');
    await move(name, '1.1.0');
    await settled(name, '1.1.0');
    expect(shows(await child(name, kind))).toEqual(as);
  });

  it('is accepted of a policy as well', async () => {
    await settled(BY_POLICY, '1.0.0');
    await move(BY_POLICY, '1.1.0');
    await settled(BY_POLICY, '1.1.0');
    expect((await child(BY_POLICY)).spec).toMatchObject({ revisionHistoryLimit: 7, minReadySeconds: 1 });
  });

  it('is said once, and costs one apply each after a restart, and one write more where it adds something', async () => {
    const before = await specsNow();
    const from = await now(auditLog());
    operator.signal('SIGTERM');
    await operator.ended;
    operator = await launchOperator({}, CONFIG);
    await Promise.all(
      NAMES.map((name) => kubectl(['annotate', 'pi', name, '-n', namespace, 'example.com/look=again'])),
    );
    await Promise.all(NAMES.map((name) => settled(name, '1.1.0')));
    await kubectl(['annotate', 'pi', '--all', '-n', namespace, 'example.com/look=twice', '--overwrite']);
    await Promise.all(NAMES.map((name) => settled(name, '1.1.0')));

    expect(await specsNow()).toEqual(before);
    const requests = await countRequests(auditLog(), from, { userAgent: OPERATOR });
    const writes = (of: string) =>
      ROWS.filter(({ field, kind = 'Deployment' }) => field !== undefined && kind === of)
        .map(({ adds }) => (adds ? 2 : 1))
        .reduce((a, b) => a + b, 0);
    expect(requests).toMatchObject({
      'patch deployments': writes('Deployment') + 1,
      'patch services': writes('Service'),
    });
    expect(requests).not.toHaveProperty('patch providerinstallations/status');
    const events = await kubectl([
      'get',
      'events',
      '-n',
      namespace,
      '-o',
      'custom-columns=R:.reason,N:.involvedObject.name',
    ]);
    expect(events).not.toContain('DriftHealed');
    for (const { name, field } of ROWS.filter((row) => row.field !== undefined)) {
      expect([
        field,
        events.split('\n').filter((line) => /^RewrittenOnAdmission\s/.test(line) && line.endsWith(` ${name}`)).length,
      ]).toEqual([field, 1]);
    }
  });

  it('does not keep the drift of others from being undone', async () => {
    await kubectl(['set', 'image', 'deployment/requests', '-n', namespace, 'provider=registry.example.com/evil:1']);
    await kubectl(['set', 'resources', 'deployment/requests', '-n', namespace, '--limits=memory=2Gi']);
    await eventually(async () => containerOf(await child('requests')).image === 'registry.example.com/acme/web:1.1.0');
    await settled('requests', '1.1.0');
    expect(containerOf(await child('requests')).resources.requests).toEqual({ cpu: '500m', memory: '512Mi' });
  });

  it('goes on through a rollback', async () => {
    await move('registry', '1.2.0');
    await eventually(
      async () => findCondition((await pi('registry')).status.conditions, 'Ready')?.reason === 'RolledBack',
    );
    expect(containerOf(await child('registry')).image).toBe('mirror.example.com/acme/web:1.1.0');
    expect((await drifted('registry'))?.status).toBe('False');
  });

  // open-telemetry/opentelemetry-operator#655
  it('hides no reason why pods cannot be scheduled', async () => {
    const spec = {
      provider: 'acme/web',
      version: '1.0.0',
      resourceTier: 'standard',
      upgrade: { rollback: { progressDeadlineSeconds: 30 } },
    };
    await apply(installation(namespace, TOO_BIG, spec));
    await waitFor('Stalled', `pi/${TOO_BIG}`, namespace);
    const { status } = await pi(TOO_BIG);
    expect(findCondition(status.conditions, 'Ready')?.message).toMatch(/Insufficient cpu/);
    expect(findCondition(status.conditions, 'Drifted')?.message).toMatch(/resources/);
  });
});
