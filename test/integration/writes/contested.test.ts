import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../control-plane/audit.ts';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  run,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from '../support/kubectl.ts';
import { launchOperator, startOperator, type OperatorProcess } from '../support/operator.ts';
import { countRequests, now, OPERATOR, total } from '../support/requests.ts';

/**
 * What somebody sets in a child where only the operator sets anything: at rest, and just before an upgrade, while the operator is
 * down. What runs ends as it was applied, and what is free to others as they set it.
 */
const namespace = 'contested';

interface Row {
  readonly name: string;
  /** The report of something that this did elsewhere. */
  readonly report: string;
  readonly does: (name: string) => Promise<unknown>;
  /** How many changes that is, where it is not one: each may be healed by itself. */
  readonly steps?: number;
}

const of = (name: string) => [`deployment/${name}`, '-n', namespace];
const patch = (name: string, spec: object, type = 'strategic') =>
  kubectl(['patch', ...of(name), `--type=${type}`, '-p', JSON.stringify({ spec })]);
const pod = (spec: object) => (name: string) => patch(name, { template: { spec } });
const container = (fields: object) => pod({ containers: [{ name: 'provider', ...fields }] });
const live = (name: string) => get<DeploymentObject>('deployment', name, namespace);
const pi = (name: string) => get<InstallationObject>('pi', name, namespace);

/** Writes the object anew without a word of who owns it. */
async function clearOwners(name: string): Promise<void> {
  const body = JSON.stringify([{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]);
  await kubectl(['patch', ...of(name), '--type=json', '-p', body]);
}

async function restore(name: string): Promise<void> {
  const {
    managedFields: _,
    resourceVersion: __,
    uid: ___,
    ...metadata
  } = (await live(name)).metadata as unknown as Record<string, object>;
  const object = { ...(await live(name)), metadata, status: undefined };
  await kubectl(['delete', ...of(name), '--cascade=orphan']);
  // An operator that runs has made one anew by then.
  await run(['create', '--field-manager=velero-server', '-f', '-'], object);
}

/** The Deployment controller writes the object too, so what was read may be old by the time of the write. */
async function replace(name: string, change: (spec: PodSpec) => object): Promise<void> {
  await eventually(async () => {
    const object = await live(name);
    const spec = change(object.spec.template.spec as unknown as PodSpec);
    const template = { ...object.spec.template, spec };
    await kubectl(['replace', '-f', '-'], { ...object, spec: { ...object.spec, template } });
    return true;
  });
}
type PodSpec = { containers: Record<string, unknown>[] };

/** Changes the pods, and takes the change out of managedFields. */
function disowned(change: object): Row['does'] {
  return async (name) => {
    await kubectl([
      'patch',
      ...of(name),
      '--field-manager=nobody',
      '-p',
      JSON.stringify({ spec: { template: { spec: change } } }),
    ]);
    await eventually(async () => {
      const object = await live(name);
      const entries = object.metadata.managedFields as { manager: string }[];
      const managedFields = entries.filter(({ manager }) => manager !== 'nobody');
      await kubectl(['replace', '-f', '-'], { ...object, metadata: { ...object.metadata, managedFields } });
      return true;
    });
  };
}

const exec = { exec: { command: ['true'] } };
const ROWS: readonly Row[] = [
  {
    name: 'env-source',
    report: 'kubernetes/kubernetes#46861',
    does: (n) => kubectl(['set', 'env', ...of(n), '--from=configmap/others', '--overwrite']),
  },
  {
    name: 'readiness',
    report: 'WASdev/websphere-liberty-operator#854',
    does: container({ readinessProbe: { tcpSocket: null, ...exec } }),
  },
  { name: 'liveness', report: 'Lillecarl/easykubenix#43', does: container({ livenessProbe: exec }) },
  {
    name: 'pre-stop',
    report: 'openshift/cluster-network-operator#2114',
    does: container({ lifecycle: { preStop: { sleep: null, ...exec } } }),
  },
  {
    name: 'volume-source',
    report: 'kubernetes/kubernetes#108081',
    does: pod({ volumes: [{ name: 'cache', emptyDir: null, hostPath: { path: '/' } }] }),
  },
  {
    name: 'seccomp',
    report: 'kubernetes/kubernetes#117020',
    does: pod({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'x.json' } } }),
  },
  { name: 'variable', report: 'argoproj/argo-cd#4661', does: (n) => kubectl(['set', 'env', ...of(n), 'X=1']) },
  { name: 'host-network', report: 'argoproj/argo-cd#7611', does: pod({ hostNetwork: true }) },
  { name: 'host-pid', report: 'argoproj/argo-cd#4537', does: pod({ hostPID: true }) },
  {
    name: 'privileged',
    report: 'argoproj/argo-cd#15116',
    does: container({ securityContext: { privileged: true, allowPrivilegeEscalation: null } }),
  },
  {
    name: 'account',
    report: 'openshift/managed-velero-operator#179',
    does: (n) => kubectl(['set', 'serviceaccount', ...of(n), 'default']),
  },
  {
    name: 'other-account',
    report: 'openshift/managed-velero-operator#179',
    does: pod({ serviceAccountName: 'other' }),
  },
  {
    name: 'host-path',
    report: 'argoproj/argo-cd#8767',
    does: (n) =>
      patch(n, {
        template: {
          spec: {
            volumes: [{ name: 'host', hostPath: { path: '/' } }],
            containers: [{ name: 'provider', volumeMounts: [{ name: 'host', mountPath: '/host' }] }],
          },
        },
      }),
  },
  {
    name: 'sidecar',
    report: 'Kuadrant/authorino-operator#286',
    does: pod({ containers: [{ name: 'evil', image: 'registry.example/evil:1' }] }),
  },
  {
    name: 'init',
    report: 'fluxcd/kustomize-controller#1722',
    does: pod({ initContainers: [{ name: 'evil', image: 'registry.example/evil:1' }] }),
  },
  {
    name: 'placement',
    report: 'kubernetes/kubectl#1744',
    does: pod({
      nodeSelector: { a: 'b' },
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'system-node-critical',
    }),
  },
  {
    name: 'names',
    report: 'kubernetes/kubectl#1744',
    does: pod({
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.1'] },
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['a'] }],
    }),
  },
  {
    name: 'lifetime',
    report: 'argoproj/argo-cd#15116',
    does: pod({ terminationGracePeriodSeconds: 90, schedulerName: 'other', shareProcessNamespace: true }),
  },
  {
    // Its managedFields are gone, and what is there excludes what we apply.
    name: 'cleared-probe',
    report: 'kubernetes/kubernetes#136919',
    steps: 2,
    async does(n) {
      await container({ readinessProbe: { tcpSocket: null, ...exec } })(n);
      await clearOwners(n);
    },
  },
  {
    name: 'command',
    report: 'fluxcd/helm-controller#803',
    does: container({ command: ['sh'], args: ['-c', 'evil'], envFrom: [{ configMapRef: { name: 'others' } }] }),
  },
  {
    name: 'limits',
    report: 'devfile/devworkspace-operator#464',
    does: (n) =>
      kubectl(['set', 'resources', ...of(n), '--limits=cpu=20m,memory=30Mi', '--requests=cpu=10m,memory=20Mi']),
  },
  {
    name: 'strategy',
    report: 'pulumi/pulumi-kubernetes#2843',
    does: (n) => patch(n, { strategy: { type: 'Recreate', rollingUpdate: null } }),
  },
  {
    name: 'renamed',
    report: 'kubernetes/kubernetes#63982',
    does: (n) => replace(n, (spec) => ({ ...spec, containers: spec.containers.map((c) => ({ ...c, name: 'app' })) })),
  },
  {
    name: 'other-manager',
    report: 'kube-green/kube-green#647',
    does: async (n) => {
      const { apiVersion, kind, spec } = (await live(n)) as unknown as Record<string, object>;
      const { template } = spec as { template: { spec: PodSpec } };
      const [own = {}] = template.spec.containers;
      const containers = [{ ...own, env: [...(own['env'] as object[]), { name: 'SLEEP', value: '1' }] }];
      const object = {
        apiVersion,
        kind,
        metadata: { name: n, namespace },
        spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } },
      };
      await kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=sleeper', '-f', '-'], object);
    },
  },
  {
    name: 'port',
    report: 'kubernetes/kubernetes#118725',
    does: container({ ports: [{ name: 'adm', containerPort: 81 }] }),
  },
  { name: 'undo', report: 'kubernetes/kubectl#1297', does: (n) => kubectl(['rollout', 'undo', ...of(n)]) },
  { name: 'cleared', report: 'kubernetes/kubernetes#136919', does: clearOwners },
  {
    name: 'cleared-variable',
    steps: 2,
    report: 'kubernetes-sigs/cluster-api#13338',
    does: async (n) => {
      await kubectl(['set', 'env', ...of(n), 'X=1']);
      await clearOwners(n);
    },
  },
  { name: 'restored', report: 'velero-io/velero#5701', does: restore, steps: 2 },
  {
    name: 'values',
    report: 'kubernetes-sigs/cluster-api-operator#589',
    does: container({
      env: [
        { name: 'A', value: 'evil' },
        { name: 'B', value: 'evil' },
      ],
    }),
  },
];

/** What is in no entry of managedFields: an apply leaves it as it is. Done while the operator is down. */
const DISOWNED: readonly Row[] = [
  { name: 'disowned-network', report: 'argoproj/argo-cd#23214', does: disowned({ hostNetwork: true }) },
  {
    name: 'disowned-sidecar',
    report: 'kubernetes-sigs/cluster-api#11773',
    does: disowned({ containers: [{ name: 'evil', image: 'registry.example/evil:1' }] }),
  },
  {
    name: 'disowned-variable',
    report: 'kubernetes/kubernetes#99003',
    does: disowned({ containers: [{ name: 'provider', env: [{ name: 'X', value: '1' }] }] }),
  },
  {
    name: 'disowned-rights',
    report: 'crossplane-contrib/provider-kubernetes#479',
    does: disowned({
      containers: [{ name: 'provider', securityContext: { privileged: true, allowPrivilegeEscalation: null } }],
    }),
  },
  {
    // The API server sets a port of the node for whoever applies the host's network, and gives it to nobody.
    name: 'host-port',
    report: 'kubernetes/kubernetes#99003',
    does: (n) =>
      kubectl(['apply', '--server-side', '--field-manager=netops', '-f', '-'], {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: n, namespace },
        spec: { template: { spec: { hostNetwork: true } } },
      }),
  },
];

const ALL = [...ROWS, ...DISOWNED];

/** An undo brings back annotations as they were, and what is deleted is made anew. */
const LOSES: Readonly<Record<string, object>> = {
  undo: { note: undefined },
  restored: { team: undefined, note: undefined },
};

const asks = {
  runtime: {
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
    volumes: [{ name: 'cache', emptyDir: {} }],
    volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    ports: [{ name: 'http', containerPort: 8080 }],
  },
};
/** Brings a variable and a port that somebody else has set already, and takes one away. */
const next = {
  runtime: {
    ...asks.runtime,
    env: [
      { name: 'A', value: '1' },
      { name: 'X', value: 'release' },
    ],
    ports: [
      { name: 'http', containerPort: 8080 },
      { name: 'adm', containerPort: 90 },
    ],
  },
};
const CONFIG = 'defaults: {progressDeadlineSeconds: 120, stableSeconds: 0}';
const CLEAN = 'clean';

let operator: OperatorProcess;
beforeAll(async () => {
  await prepare(namespace);
  operator = await launchOperator({}, CONFIG);
  await kubectl(['create', 'configmap', 'others', '-n', namespace, '--from-literal=A=evil', '--from-literal=X=evil']);
  await kubectl(['create', 'serviceaccount', 'other', '-n', namespace]);
  const bad = release('1.2.0', { ...next, image: 'registry.example.com/acme/crash-loop:1.2.0' });
  await apply(provider('acme', release('0.9.0', asks), release('1.0.0', asks), release('1.1.0', next), bad));
  const spec = { provider: 'acme/web', version: '0.9.0', resourceTier: 'free', config: { GREETING: 'hello' } };
  const names = [CLEAN, ...ALL.map(({ name }) => name)];
  await apply(...names.map((name) => installation(namespace, name, spec)));
  await Promise.all(names.map((name) => waitFor('Ready', `pi/${name}`, namespace)));
  await Promise.all(names.map((name) => move(name, '1.0.0')));
  await Promise.all(names.map((name) => settled(name, '1.0.0')));
});
afterAll(() => stop());
afterAll(() => cleanUp(namespace));

async function stop(): Promise<void> {
  operator.signal('SIGTERM');
  await operator.ended;
}

async function move(name: string, version: string): Promise<void> {
  await kubectl(['patch', 'pi', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { version } })]);
}

/** Waits until an installation runs a version just as the one that nobody touched does. */
async function settled(name: string, version: string): Promise<void> {
  await eventually(async () => {
    const [{ status, metadata }, own, clean] = await Promise.all([pi(name), live(name), live(CLEAN)]);
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    const drifted = status.conditions?.find(({ type, status: is }) => type === 'Drifted' && is === 'True');
    const isReady = ready?.status === 'True' && ready.observedGeneration === metadata.generation;
    if (!isReady || drifted || status.currentVersion !== version) {
      throw new Error(`${name}: ${JSON.stringify(status.conditions)}`);
    }
    if (!isDeepStrictEqual(withoutNames(own), withoutNames(clean))) {
      throw new Error(`${name}: ${JSON.stringify(withoutNames(own))}\nand not ${JSON.stringify(withoutNames(clean))}`);
    }
    return true;
  });
}

/** What has become of those that do not get there. */
async function unsettled(rows: readonly Row[], version: string): Promise<string[]> {
  const ends = await Promise.allSettled(rows.map(({ name }) => settled(name, version)));
  return ends.flatMap((end, i) => (end.status === 'rejected' ? [`${rows[i]?.name}: ${String(end.reason)}`] : []));
}

function withoutNames({ spec }: DeploymentObject): object {
  const { selector: _, template, ...others } = spec as DeploymentObject['spec'] & { selector: object };
  return { ...others, template: template.spec };
}

describe('what somebody sets of what is the operator’s alone', () => {
  it.concurrent.each(ROWS)('is taken back at rest: $name ($report)', async ({ name, does, steps = 1 }) => {
    const from = await now(auditLog());
    await kubectl(['label', ...of(name), 'team=shop']);
    await kubectl(['annotate', ...of(name), 'example.com/note=kept']);
    await does(name);
    await settled(name, '1.0.0');

    // One to take over what others have set, and one that heals. What came too early was refused, and wrote nothing.
    const isHeal = (event: AuditEvent) =>
      event.name === name && event.resource === 'deployments' && event.verb === 'patch' && event.code === 200;
    const writes = total(await countRequests(auditLog(), from, { userAgent: OPERATOR, where: isHeal }));
    expect(writes).toBeLessThanOrEqual(2 * steps);

    const { labels, annotations } = (await live(name)).metadata;
    const marks = { team: labels?.['team'], note: annotations?.['example.com/note'] };
    expect(marks).toEqual({ team: 'shop', note: 'kept', ...LOSES[name] });
  });

  // kubernetes/kubernetes#118725, kubernetes/kubernetes#108081
  it('is taken back in a Service and a PodDisruptionBudget', async () => {
    const spec = { provider: 'acme/web', version: '1.0.0', resourceTier: 'performance' };
    await apply(installation(namespace, 'served', spec));
    await waitFor('Ready', 'pi/served', namespace);
    const specs = () =>
      Promise.all(
        ['service', 'pdb'].map(async (kind) => (await get<DeploymentObject>(kind, 'served', namespace)).spec),
      );
    const before = await specs();

    const port = { op: 'add', path: '/spec/ports/-', value: { name: 'adm', port: 81 } };
    await kubectl(['patch', 'service', 'served', '-n', namespace, '--type=json', '-p', JSON.stringify([port])]);
    const least = { spec: { maxUnavailable: null, minAvailable: 2 } };
    await kubectl(['patch', 'pdb', 'served', '-n', namespace, '--type=merge', '-p', JSON.stringify(least)]);

    await eventually(async () => isDeepStrictEqual(await specs(), before));
  });

  it('is taken back at a restart where managedFields give it to nobody', async () => {
    await stop();
    await Promise.all(DISOWNED.map(({ name, does }) => does(name)));
    const from = await now(auditLog());
    operator = await launchOperator({}, CONFIG);

    expect(await unsettled(DISOWNED, '1.0.0')).toEqual([]);
    const heals = await countRequests(auditLog(), from, { userAgent: OPERATOR, where: ({ code }) => code === 200 });
    expect(heals).toMatchObject({ 'patch deployments': 2 * DISOWNED.length });
    const events = await kubectl(['get', 'events', '-n', namespace, '--field-selector=reason=DriftHealed']);
    expect(events).toContain('hostNetwork was added, and managedFields do not say by whom');
  });

  it('is taken back by an upgrade, also where the release brings the same', async () => {
    await stop();
    await Promise.all(ALL.map(({ name, does }) => does(name)));
    await Promise.all([CLEAN, ...ALL.map(({ name }) => name)].map((name) => move(name, '1.1.0')));
    operator = await launchOperator({}, CONFIG);

    await settled(CLEAN, '1.1.0');
    expect(await unsettled(ALL, '1.1.0')).toEqual([]);
  });

  it('leaves nothing to do: what was taken stays taken', async () => {
    const versions = async () => Promise.all(ALL.map(async ({ name }) => (await live(name)).metadata.resourceVersion));
    const before = await versions();
    await stop();
    const again = await startOperator({}, CONFIG);
    await Promise.all(
      ALL.map(({ name }) => kubectl(['annotate', 'pi', name, '-n', namespace, 'example.com/look=again'])),
    );
    await settled(CLEAN, '1.1.0');
    expect(await versions()).toEqual(before);
    await again.stop();
    operator = await launchOperator({}, CONFIG);
  });

  // A law: each run draws other changes, and other moments for them.
  it('does not keep a rollout that fails from going back, whatever is done in its midst', async () => {
    process.stdout.write(`The changes in the midst of a rollout are of SEED=${SEED}, by which they are done again\n`);
    const stories = fc.sample(story, { seed: SEED, numRuns: 12 });
    await Promise.all(
      stories.map(async (deeds, i) => {
        const name = ROWS[i]!.name;
        await kubectl(['label', ...of(name), 'team=other', '--overwrite']);
        await move(name, '1.2.0');
        for (const { index, delay } of deeds) {
          await new Promise((resolve) => setTimeout(resolve, delay));
          // What the API server refuses was not done.
          await DEEDS[index]!.does(name).catch(() => undefined);
        }
        const told = deeds.map(({ index, delay }) => `${DEEDS[index]!.name} after ${delay} ms`).join(', ');
        await goesBack(name).catch((error: unknown) => {
          throw new Error(`${name}: ${told}`, { cause: error });
        });
        expect((await live(name)).metadata.labels?.['team']).toBe('other');
      }),
    );
  });
});

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Those that change a Deployment and neither replace it nor ask for another rollout. */
const DEEDS = ROWS.filter(({ name }) => !Object.hasOwn(LOSES, name));
const story = fc.array(fc.record({ index: fc.nat(DEEDS.length - 1), delay: fc.nat(1500) }), {
  minLength: 1,
  maxLength: 4,
});

/** Waits until 1.2.0 was taken back, and what runs is what runs where nobody touched anything. */
async function goesBack(name: string): Promise<void> {
  await eventually(async () => {
    const [{ status }, own, clean] = await Promise.all([pi(name), live(name), live(CLEAN)]);
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.reason !== 'RolledBack' || !isDeepStrictEqual(withoutNames(own), withoutNames(clean))) {
      throw new Error(`${JSON.stringify(status.conditions)} ${JSON.stringify(withoutNames(own))}`);
    }
    return true;
  });
}
