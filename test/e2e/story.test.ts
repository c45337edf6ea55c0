import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installation, software } from '../integration/support/cluster.ts';
import { apply, eventually, get, kubectl, type KubernetesObject } from '../integration/support/kubectl.ts';
import { isBack, isHeld, patch, runs } from '../integration/support/outcome.ts';
import { create } from '../integration/support/rest.ts';
import { endTruthfully, startTruthChecker, type TruthChecker } from '../integration/support/truth.ts';
import { startWitness, type Witness } from '../integration/support/witness.ts';
import { phpRelease } from './images.ts';
import { describeOperator, leaderNow } from './operator.ts';
import { podsOf, recordPods, type PodRecording } from './pods.ts';
import { processesOf } from './processes.ts';
import { curlAs } from './rest-api.ts';
import { ask, startTraffic } from './traffic.ts';

/**
 * Tenants live through upgrades with real processes: each installation has two pods, a Service and a client that uses it.
 */

const { registry } = inject('node');

const NAMESPACE = 'shop';
const REPLICAS = 2;

const PORTS = [{ name: 'http', containerPort: 8080, servicePort: 80 }];
const RUNTIME = {
  ports: PORTS,
  readinessProbe: { httpGet: { port: 'http' }, periodSeconds: 1, timeoutSeconds: 5 },
};

/** Small tiers, so that all pods fit on the node at once, and one that fits on no node. */
const TIERS = {
  standard: {
    replicas: REPLICAS,
    resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { memory: '128Mi' } },
  },
  performance: { replicas: REPLICAS, resources: { requests: { memory: '100Ti' } } },
};

/** How 1.1.0 fails, what the node reports about it, and the failure that the operator records. */
const BROKEN = [
  {
    how: 'exits',
    ailments: ['CrashLoopBackOff', 'Error'],
    reason: 'CrashLoop',
    message: /ended 3 times, last with exit code 3$/,
  },
  {
    how: 'eats-memory',
    ailments: ['CrashLoopBackOff', 'OOMKilled'],
    reason: 'CrashLoop',
    message: /ended 3 times, last with exit code 137 \(OOMKilled\)$/,
  },
  { how: 'never-ready', ailments: [], reason: 'DeadlineExceeded', message: /they run and are not ready/ },
  {
    how: 'no-such-tag',
    ailments: ['ErrImagePull', 'ImagePullBackOff'],
    reason: 'ImagePull',
    message: /its image cannot be pulled \(.+no-such-tag:1\.1\.0.*not found/,
  },
  {
    how: 'as-root',
    ailments: ['CreateContainerConfigError'],
    reason: 'DeadlineExceeded',
    message: /CreateContainerConfigError: .*root/,
  },
  { how: 'too-large', ailments: ['Unschedulable'], reason: 'DeadlineExceeded', message: /Insufficient memory/ },
] as const;
type How = (typeof BROKEN)[number]['how'];

const keyOf = (name: string) => `${NAMESPACE}/${name}`;

function release(version: string, image = `acme/web:${version}`, more: object = {}): object {
  return { version, image: `${registry}/${image}`, runtime: RUNTIME, ...more };
}

/** Returns the broken release. That of `too-large` works: its tier is what fails. */
function brokenRelease(how: How): object {
  return how === 'too-large' ? release('1.1.0') : release('1.1.0', `acme/${how}:1.1.0`);
}

function publish(org: string, ...versions: readonly object[]): Promise<string> {
  return apply({
    apiVersion: 'provider-operator.io/v1alpha1',
    kind: 'Provider',
    metadata: { name: `${org}.web` },
    spec: { org, name: 'web', versions, tiers: TIERS },
  });
}

async function urlOf(name: string): Promise<string> {
  const { spec } = await get<KubernetesObject & { spec: { clusterIP: string } }>('service', name, NAMESPACE);
  return `http://${spec.clusterIP}/`;
}

let witness: Witness;
let truth: TruthChecker;
let pods: PodRecording;

/** Waits until only the serving pods are left. */
function settled(name: string): Promise<string[]> {
  return eventually(async () => {
    const there = await podsOf(keyOf(name));
    return there.length === REPLICAS && there;
  });
}

beforeAll(async () => {
  await apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  [witness, truth, pods] = await Promise.all([startWitness(), startTruthChecker(), recordPods()]);
});
afterAll(async () => {
  await Promise.all([witness.stop(), pods.stop()]);
  await endTruthfully(truth);
});

describe.concurrent('on a real node', () => {
  it('the config reaches the process as it was written, and its Service answers', async () => {
    const config = { GREETING: 'Hello $(HOME) $$ "you"', EMPTY: '' };
    await publish('env', release('1.0.0', undefined, { documentRoot: '/public', runtime: { ports: PORTS } }));
    await apply(installation(NAMESPACE, 'env', { provider: 'env/web', config }));
    await witness.until(keyOf('env'), runs('1.0.0'));

    const names = (await podsOf(keyOf('env'))).map((pod) => pod.split(' ')[0]);
    const processes = processesOf('/provider.mjs').filter(({ env }) => names.includes(env['HOSTNAME']));
    expect(processes.map(({ env }) => env)).toEqual(
      names.map(() => expect.objectContaining({ ...config, DOCUMENT_ROOT: '/public', VERSION: '1.0.0' }) as object),
    );
    expect(JSON.parse(await kubectl(['logs', `pod/${names[0]}`, '-n', NAMESPACE]))).toMatchObject(config);
    expect(await ask(await urlOf('env'))).toMatchObject({ version: '1.0.0', greeting: config.GREETING });
  });

  it('an upgrade loses no request', async () => {
    await publish('good', release('1.0.0'), release('1.1.0'));
    await apply(installation(NAMESPACE, 'good', { provider: 'good/web', version: '1.0.0' }));
    await witness.until(keyOf('good'), runs('1.0.0'));
    const before = await podsOf(keyOf('good'));

    const traffic = startTraffic(await urlOf('good'));
    await patch(keyOf('good'), { spec: { version: '1.1.0' } });
    await witness.until(keyOf('good'), runs('1.1.0'));
    const after = await settled('good');
    const { answers, failures } = await traffic.stop();

    expect(failures.slice(0, 5)).toEqual([]);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['1.0.0', '1.1.0']));
    expect(answers.at(-1)?.version).toBe('1.1.0');
    expect([before, after].map((list) => list.map((pod) => pod.slice(pod.indexOf(' ') + 1)))).toEqual([
      ['1.0.0 0', '1.0.0 0'],
      ['1.1.0 0', '1.1.0 0'],
    ]);
    expect(await witness.fewestReady(keyOf('good'), REPLICAS)).toBe(REPLICAS);
  });

  it('an upgrade loses no request where the replica that leads is killed in the middle of it', async () => {
    await publish('killed', release('1.0.0'), release('1.1.0'));
    await apply(installation(NAMESPACE, 'killed', { provider: 'killed/web', version: '1.0.0' }));
    await witness.until(keyOf('killed'), runs('1.0.0'));

    const traffic = startTraffic(await urlOf('killed'));
    const leader = await leaderNow();
    await patch(keyOf('killed'), { spec: { version: '1.1.0' } });
    await witness.untilTemplate(keyOf('killed'), (template) => template.version === '1.1.0');
    process.kill(leader.pid, 'SIGKILL');
    await witness.until(keyOf('killed'), runs('1.1.0'));
    const after = await settled('killed');
    const { failures } = await traffic.stop();

    expect(failures.slice(0, 5)).toEqual([]);
    expect(after.map((pod) => pod.split(' ')[1])).toEqual(['1.1.0', '1.1.0']);
    expect(await witness.fewestReady(keyOf('killed'), REPLICAS)).toBe(REPLICAS);
  });

  it.each(BROKEN)(
    'a release that does not work ($how) is taken back and loses no request',
    async ({ how, ...told }) => {
      await publish(how, release('1.0.0'), brokenRelease(how));
      // What is seen sooner than by the deadline is seen late on a busy machine.
      const progressDeadlineSeconds = told.reason === 'DeadlineExceeded' ? 20 : 300;
      const upgrade = { rollback: { progressDeadlineSeconds } };
      await apply(installation(NAMESPACE, how, { provider: `${how}/web`, version: '1.0.0', upgrade }));
      await witness.until(keyOf(how), runs('1.0.0'));
      const before = await settled(how);

      const traffic = startTraffic(await urlOf(how));
      const tier = how === 'too-large' ? { resourceTier: 'performance' } : {};
      await patch(keyOf(how), { spec: { version: '1.1.0', ...tier } });
      const { status } = await witness.until(keyOf(how), isHeld);
      const after = await settled(how);
      const { answers, failures } = await traffic.stop();

      expect(failures.slice(0, 5)).toEqual([]);
      expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['1.0.0']));
      expect(after, 'the pods that served have gone on').toEqual(before);
      expect(await pods.ailmentsOf(keyOf(how), '1.0.0')).toEqual([]);
      expect(await pods.ailmentsOf(keyOf(how), '1.1.0')).toEqual(told.ailments);
      expect(status).toMatchObject({
        currentVersion: '1.0.0',
        failedVersions: [{ version: '1.1.0', reason: told.reason, attempts: 1 }],
      });
      expect(status.failedVersions?.[0]?.message).toMatch(told.message);
      expect(await witness.fewestReady(keyOf(how), REPLICAS)).toBe(REPLICAS);
    },
  );

  it('a tenant upgrades by curl through the Service of the REST API, and hears when it is done', async () => {
    await publish('portal', release('1.0.0'), release('1.1.0'));
    await create(installation(NAMESPACE, 'portal', { provider: 'portal/web', version: '1.0.0' }));
    await witness.until(keyOf('portal'), runs('1.0.0'));
    const curl = await curlAs(NAMESPACE, 'portal');

    const traffic = startTraffic(await urlOf('portal'));
    const answer = await curl(
      '/providers/installed/portal/web/upgrade',
      '--data',
      '{"version": "1.1.0"}',
      '--header',
      'Idempotency-Key: upgrade-1.1.0',
    );
    const events = await curl('/providers/installed/portal/web/watch', '--no-buffer');
    const after = await settled('portal');
    const { failures } = await traffic.stop();

    expect(JSON.parse(answer)).toMatchObject({
      provider_name: 'portal/web',
      installed_version: '1.1.0',
      current_version: '1.0.0',
    });
    expect(events).toMatch(/event: settled\ndata: \{.*"current_version":"1\.1\.0"/);
    expect(failures.slice(0, 5)).toEqual([]);
    expect(after.map((pod) => pod.split(' ')[1])).toEqual(['1.1.0', '1.1.0']);
    expect(await curl('/docs/swagger-ui.css')).toContain('swagger');
  });

  it('automation takes back what does not work, and takes what mends it', async () => {
    const versions = [release('1.0.0'), release('1.1.0', 'acme/exits:1.1.0')];
    await publish('auto', ...versions.slice(0, 1));
    await apply(installation(NAMESPACE, 'auto', { provider: 'auto/web', upgradePolicy: 'auto' }));
    await witness.until(keyOf('auto'), runs('1.0.0'));

    const traffic = startTraffic(await urlOf('auto'));
    await publish('auto', ...versions);
    await witness.until(keyOf('auto'), isBack);
    await publish('auto', ...versions, release('1.1.1'));
    const { status } = await witness.until(keyOf('auto'), runs('1.1.1'));
    await settled('auto');
    const { answers, failures } = await traffic.stop();

    expect(failures.slice(0, 5)).toEqual([]);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['1.0.0', '1.1.1']));
    expect(status.history?.map(({ trigger, version, result }) => `${trigger} ${version} ${result}`)).toEqual([
      'Policy 1.1.1 Succeeded',
      'Rollback 1.0.0 Succeeded',
      'Policy 1.1.0 RolledBack',
      'Install 1.0.0 Succeeded',
    ]);
  });

  it('the process reads the files of the system software that it runs on, and newer ones when they come', async () => {
    const needs = { systemSoftwareDependencies: [{ name: 'php', range: '^8.3.0' }] };
    await apply(software('php', phpRelease(registry, '8.3.12')));
    await publish('php', release('1.0.0', undefined, needs));
    const wish = [{ name: 'php', updatePolicy: 'all' }];
    await apply(installation(NAMESPACE, 'php', { provider: 'php/web', systemSoftware: wish }));
    await witness.until(keyOf('php'), runs('1.0.0'));
    const url = await urlOf('php');
    const first = await ask(`${url}software`);

    const traffic = startTraffic(`${url}software`);
    await apply(software('php', phpRelease(registry, '8.3.12'), phpRelease(registry, '8.3.13')));
    await witness.until(keyOf('php'), ({ status }) => status.systemSoftware?.[0]?.currentVersion === '8.3.13');
    await settled('php');
    const { answers, failures } = await traffic.stop();

    expect(first.software).toBe('8.3.12');
    expect(failures.slice(0, 5)).toEqual([]);
    expect(answers.at(-1)?.software).toBe('8.3.13');
  });
});

describe('the operator that did all this', () => {
  describeOperator();
});
