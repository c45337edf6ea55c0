import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { CHART, RELEASE } from '../../chart/helm.ts';
import { auditEnd } from '../../control-plane/audit.ts';
import { firstOfEach, matching } from '../../faults/api-request.ts';
import { startFaultProxy } from '../../faults/proxy.ts';
import { installation, release, software } from '../support/cluster.ts';
import { eventually, type InstallationObject } from '../support/kubectl.ts';
import { launchOperator, type OperatorProcess } from '../support/operator.ts';
import { apiOf, ask, inShort } from '../support/rest.ts';
import { grantedTo, usedBy } from './granted.ts';
import { useOwnPlane } from './own-plane.ts';
import { PATIENTLY } from '../support/patience.ts';

const { disposable } = inject('controlPlane');
const NAMESPACE = 'operators';
const ACCOUNT = { namespace: NAMESPACE, name: RELEASE };
/** The REST API asks this of each caller. */
const REVIEWS = ['* create subjectaccessreviews.authorization.k8s.io', '* create tokenreviews.authentication.k8s.io'];
/** The operator also asks this, which Kubernetes allows everybody. */
const PUBLIC = ['get /version'];

describe.skipIf(!disposable)('what the chart grants', () => {
  // The server cannot stream all objects, like servers before 1.32: with streams, nothing would be listed.
  const plane = useOwnPlane({ nodes: 1, apiServerFlags: ['--feature-gates=WatchList=false'] });
  const { kubectl, apply } = plane;

  async function see(namespace: string, holds: (seen: InstallationObject) => boolean): Promise<void> {
    await eventually(async () => {
      const seen = JSON.parse(await kubectl(['get', 'pi/web', '-n', namespace, '-o', 'json'])) as InstallationObject;
      return holds(seen);
    });
  }

  function ready(seen: InstallationObject): boolean {
    const condition = seen.status.conditions?.find(({ type }) => type === 'Ready');
    return condition?.status === 'True' && condition.observedGeneration === seen.metadata.generation;
  }

  function runs(version: string): (seen: InstallationObject) => boolean {
    return (seen) => ready(seen) && seen.status.currentVersion === version;
  }

  function change(namespace: string, spec: object): Promise<string> {
    return kubectl(['patch', 'pi/web', '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
  }

  function publish(asks: object, ...more: readonly object[]): Promise<string> {
    const versions = [
      release('1.0.0'),
      release('1.1.0', asks),
      ...['1.2.0', '1.3.0'].map((version) => release(version)),
      release('1.4.0', { image: 'registry.example.com/acme/crash-loop:1' }),
      release('1.5.0', { runtime: {} }),
      ...more,
    ];
    const [org, name] = ['acme', 'web'];
    return apply({
      apiVersion: 'provider-operator.io/v1alpha1',
      kind: 'Provider',
      metadata: { name: `${org}.${name}` },
      spec: { org, name, versions },
    });
  }

  async function publishedAs(reason: string): Promise<void> {
    const path = '{.status.conditions[?(@.type=="Ready")].reason}';
    await kubectl(['wait', 'provider/acme.web', `--for=jsonpath=${path}=${reason}`, PATIENTLY]);
  }

  /** Plays everything that can happen to an installation, and publishes a Provider with the same mistake twice. */
  async function story(namespace: string, asks: object): Promise<void> {
    await apply(software('node', '22.4.0'));
    const mistake = release('9.0.0', { runtime: { securityContext: { runAsUser: 0 } } });
    for (const [more, reason] of [
      [[mistake], 'InvalidReleases'],
      [[], 'Published'],
    ] as const) {
      await publish(asks, ...more);
      await publishedAs(reason);
    }
    await publish(asks, mistake);
    await publishedAs('InvalidReleases');

    const spec = { provider: 'acme/web', version: '1.0.0', resourceTier: 'performance' };
    await apply(installation(namespace, 'web', spec));
    await see(namespace, runs('1.0.0'));
    for (const version of ['1.1.0', '1.2.0', '1.3.0']) {
      await change(namespace, { version });
      await see(namespace, runs(version));
    }
    await change(namespace, { version: '1.4.0' });
    await see(namespace, ({ status }) => status.conditions?.some(({ reason }) => reason === 'RolledBack') === true);
    await change(namespace, { version: '1.5.0', resourceTier: 'free' });
    await see(namespace, runs('1.5.0'));

    for (const replicas of [5, 6]) {
      await kubectl(['scale', 'deployment/web', '-n', namespace, `--replicas=${replicas}`]);
      await kubectl(['wait', 'deployment/web', '-n', namespace, '--for=jsonpath={.spec.replicas}=1', PATIENTLY]);
    }
    await eventually(async () => {
      const events = await kubectl([
        'get',
        'events.v1.events.k8s.io',
        '-n',
        namespace,
        '-o',
        'jsonpath={.items[*].series.count}',
      ]);
      return events.includes('2');
    });
  }

  /** Somebody calls the REST API who may see nothing. */
  async function callApi(operator: OperatorProcess, namespace: string): Promise<void> {
    const token = (await kubectl(['create', 'token', 'default', '-n', namespace])).trim();
    expect(inShort(await ask(apiOf(operator), 'GET /providers/installed', { token }))).toBe('404 NotFound');
  }

  it.each`
    where                 | watchSecrets
    ${'everywhere'}       | ${true}
    ${'in one namespace'} | ${false}
  `(
    'is what the operator does $where, with the rights to Secrets $watchSecrets: no less and no more',
    async ({ where, watchSecrets }: { where: string; watchSecrets: boolean }) => {
      const namespace = `tenant-${where.replaceAll(' ', '-')}-${watchSecrets}`;
      await plane.addNamespace(NAMESPACE);
      await plane.addNamespace(namespace);
      const values = {
        watchNamespaces: where === 'everywhere' ? [] : [namespace],
        watchSecrets,
        generatedSecrets: watchSecrets,
        config: { defaults: { stableSeconds: 0 } },
      };
      // Admission would refuse pods that are not restricted, and Helm would wait in vain.
      await plane.helm.ok(
        ['upgrade', '--install', RELEASE, CHART, `--namespace=${NAMESPACE}`, '--wait', '--values=-'],
        values,
      );
      const granted = await grantedTo(plane, ACCOUNT);
      const from = await auditEnd(plane.auditLog());

      const proxy = await startFaultProxy(await plane.actAs(NAMESPACE, RELEASE));
      onTestFinished(() => proxy.close());
      // After a server error nobody knows whether the write was done, so the operator has to read the object.
      proxy.inject(
        { kind: 'refuse', code: 500 },
        firstOfEach(matching({ verb: 'patch', subresource: '', name: 'web', namespace })),
        3,
      );
      const operator = await launchOperator({
        KUBECONFIG: proxy.kubeconfig,
        POD_NAMESPACE: NAMESPACE,
        WATCH_NAMESPACES: values.watchNamespaces.join(','),
        WATCH_SECRETS: String(watchSecrets),
        GENERATED_SECRETS: String(watchSecrets),
      });
      const key = { name: 'key', dataType: 'text', generate: {} };
      const failure = await Promise.all([
        story(namespace, watchSecrets ? { userInputs: [key] } : {}),
        callApi(operator, namespace),
      ]).then(
        () => undefined,
        (error: unknown) => error,
      );
      operator.signal('SIGTERM');
      await operator.ended;
      await kubectl(['delete', 'pi', '--all', '-A']);
      await kubectl(['delete', 'providers,systemsoftwares', '--all']);
      await kubectl(['delete', 'leases', '--all', '-n', NAMESPACE]);

      const used = await usedBy(ACCOUNT, { log: plane.auditLog(), from }, granted);
      expect(used.filter((right) => right.includes('was refused'))).toEqual([]);
      expect(failure, operator.output()).toBeUndefined();
      expect(used.filter((right) => !PUBLIC.includes(right))).toEqual(granted);
      const secrets = granted.filter((right) => right.includes('secrets'));
      const place = where === 'everywhere' ? '*' : namespace;
      const verbs = watchSecrets ? ['create', 'list', 'watch'] : [];
      expect(secrets).toEqual(verbs.map((verb) => `${place} ${verb} secrets`));
    },
  );

  it.each`
    where                 | watchNamespaces
    ${'everywhere'}       | ${[]}
    ${'in one namespace'} | ${['default']}
  `(
    'to the REST API in pods of its own is to watch what the operator watches $where, and to ask who calls',
    async ({ watchNamespaces }: { watchNamespaces: readonly string[] }) => {
      await plane.addNamespace(NAMESPACE);
      await plane.helm.ok(['upgrade', '--install', RELEASE, CHART, `--namespace=${NAMESPACE}`, '--values=-'], {
        replicaCount: 0,
        watchNamespaces,
        watchSecrets: true,
        api: { separate: true, replicaCount: 0, plainHttp: true, ingress: { enabled: true, className: 'any' } },
      });
      const operator = await grantedTo(plane, ACCOUNT);
      const watched = operator.filter((right) => /^\S+ (list|watch) /.test(right));

      expect(watched.length).toBeGreaterThan(10);
      expect(await grantedTo(plane, { namespace: NAMESPACE, name: `${RELEASE}-api` })).toEqual(
        [...watched, ...REVIEWS].toSorted(),
      );
      expect(operator.filter((right) => REVIEWS.includes(right))).toEqual([]);
    },
  );

  it('of Secrets is to create immutable ones that say whose they are, and none of the cluster', async () => {
    await plane.addNamespace(NAMESPACE);
    await plane.helm.ok(['upgrade', '--install', RELEASE, CHART, `--namespace=${NAMESPACE}`, '--values=-'], {
      generatedSecrets: true,
      replicaCount: 0,
    });
    const labels = { 'provider-operator.io/generated': 'true', 'provider-operator.io/installation': 'web' };
    const good = { metadata: { name: 'key', namespace: 'default', labels }, type: 'Opaque', immutable: true };
    const token = { 'kubernetes.io/service-account.name': 'default' };
    const others: [string, object][] = [
      ['immutable Opaque Secrets with its own labels', { ...good, metadata: { ...good.metadata, labels: {} } }],
      ['immutable Opaque Secrets with its own labels', { ...good, immutable: false }],
      [
        'immutable Opaque Secrets with its own labels',
        {
          ...good,
          type: 'kubernetes.io/service-account-token',
          metadata: { ...good.metadata, annotations: token },
        },
      ],
      ['no Secret in kube-system', { ...good, metadata: { ...good.metadata, namespace: 'kube-system' } }],
    ];
    const kubeconfig = await plane.actAs(NAMESPACE, RELEASE);
    const create = (secret: object) =>
      plane.kubectl(['create', '-f', '-', '--kubeconfig', kubeconfig, '--dry-run=server'], {
        apiVersion: 'v1',
        kind: 'Secret',
        ...secret,
      });

    for (const [why, secret] of others) {
      await eventually(async () => (await create(secret).catch(String)).includes(why));
    }
    expect(await create(good)).toContain('secret/key created');
  });
});
