import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createApi } from '../../../bench/api.ts';
import { metricIn, type OperatorProcess } from '../../../bench/operator.ts';
import { requestsSince, settled } from '../../../bench/rest.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { followAutomaticRollouts, triggerOf } from '../support/automatic-rollouts.ts';
import { auditLog, cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type KubernetesObject,
} from '../support/kubectl.ts';
import { startOperator } from '../support/operator.ts';
import { buildOther, type OtherBuild } from '../support/other-build.ts';
import { now } from '../support/requests.ts';

const namespace = 'new-build';
const STATUS = 'patch providerinstallations/status';
const FREE = ['free-1', 'free-2', 'free-3', 'free-4', 'free-5', 'free-6'];
const ALL = [...FREE, 'standard', 'performance'];

/** Other defaults, another table of tiers and another way to write a Deployment. */
const CHANGES = {
  'api/operator-config.ts': [
    ['int(2, 86_400, 600,', 'int(2, 86_400, 900,'],
    ['int(0, 3600, 10,', 'int(0, 3600, 20,'],
  ],
  'plan/pods/tiers.ts': [
    ["cpu: '50m'", "cpu: '75m'"],
    ["memory: '512Mi'", "memory: '768Mi'"],
    ['replicas: 3', 'replicas: 4'],
  ],
  'plan/pods/children.ts': [['revisionHistoryLimit: 3', 'revisionHistoryLimit: 5']],
} as const;

type Told = KubernetesObject & { readonly status: InstallationStatus };

interface Pod {
  readonly metadata: { readonly uid: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
}

/** The UIDs of the pods, and how often each restarted. */
async function pods(): Promise<string[]> {
  const { items } = JSON.parse(await kubectl(['get', 'pods', '-n', namespace, '-o', 'json'])) as { items: Pod[] };
  return items.map(({ metadata, status }) => `${metadata.uid} ${status.containerStatuses?.[0]?.restartCount}`).sort();
}

/** Resolves when this process has looked at every installation, and has nothing left to do. */
async function judgedAll(operator: OperatorProcess): Promise<void> {
  await operator.ready();
  await eventually(async () => {
    const judged = metricIn(
      await operator.metrics(),
      'controller_runtime_reconcile_total',
      'controller="providerinstallation",result="success"',
    );
    return judged >= ALL.length;
  });
  await settled(auditLog());
}

/** Each test goes on from the one before. */
describe.skipIf(!inject('controlPlane').disposable)('what the platform changes under its tenants', () => {
  let build: OtherBuild;

  beforeAll(async () => {
    build = await buildOther(CHANGES);
    await prepare(namespace);
    const operator = await startOperator({}, '');
    await apply(provider('acme', '1.0.0', '1.1.0'));
    await apply(
      ...ALL.map((name) => {
        const resourceTier = name.split('-')[0];
        return installation(namespace, name, { provider: 'acme/web', version: '1.0.0', resourceTier });
      }),
    );
    await Promise.all(ALL.map((name) => waitFor('Ready', `pi/${name}`, namespace)));
    // This installation has been upgraded, so its pods were told how long they must be ready.
    await patch('free-1', { version: '1.1.0' });
    await waitFor('Ready', 'pi/free-1', namespace);
    await settled(auditLog());
    await operator.stop();
  });
  afterAll(() => build.remove());
  afterAll(() => cleanUp(namespace));

  function patch(name: string, spec: object): Promise<string> {
    return kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
  }

  /** Starts the next release of the operator, which ends with the test. */
  function startOther(): OperatorProcess {
    const operator = build.start();
    onTestFinished(() => operator.stop());
    return operator;
  }

  it('a new build with other defaults and other tiers in code changes nothing that runs', async () => {
    const before = await pods();
    const from = await now(auditLog());
    await judgedAll(startOther());

    // The new build may word a status differently, but it writes each at most once, and nothing else.
    const { [STATUS]: told = 0, ...others } = await requestsSince(auditLog(), from);
    expect(others).toEqual({ 'get /version': 1 });
    expect(told).toBeLessThanOrEqual(ALL.length);
    expect(before).toHaveLength(FREE.length + 2 + 3);
    expect(await pods()).toEqual(before);
  });

  it('a new build goes on to say what tier the pods have, not what it would give them', async () => {
    const { status } = await get<Told>('pi', 'free-3', namespace);
    const { spec } = await get<DeploymentObject>('deployment', 'free-3', namespace);

    expect(status.effective?.tier?.resources).toEqual(spec.template.spec.containers[0]?.resources);
  });

  it('a new build that undoes what somebody changed gives back what was committed, not what it would write', async () => {
    const before = await pods();
    const operator = startOther();
    await judgedAll(operator);
    const { metadata, spec } = await get<DeploymentObject>('deployment', 'free-2', namespace);
    await kubectl([
      'label',
      'deployment/free-2',
      '-n',
      namespace,
      'provider-operator.io/installation=nobody',
      '--overwrite',
    ]);
    await eventually(async () => {
      const healed = await get<DeploymentObject>('deployment', 'free-2', namespace);
      return healed.metadata.labels?.['provider-operator.io/installation'] === 'free-2';
    });
    await settled(auditLog());

    const healed = await get<DeploymentObject>('deployment', 'free-2', namespace);
    expect(healed.spec.template).toEqual(spec.template);
    expect(healed.metadata.labels).toEqual(metadata.labels);
    expect(await pods()).toEqual(before);
  });

  it('a tier that the platform defines anew reaches all of it, one after the other', async () => {
    const admin = createApi(inject('controlPlane').kubeconfig, 'observer');
    onTestFinished(() => admin.close());
    const underWay = await followAutomaticRollouts(admin, namespace);
    const config = {
      maxConcurrentUpgrades: 1,
      defaults: { stableSeconds: 1 },
      tiers: { free: { replicas: 1, resources: { requests: { cpu: '60m', memory: '64Mi' } } } },
    };
    const operator = await startOperator({}, JSON.stringify(config));
    onTestFinished(async () => {
      await operator.stop();
    });
    await eventually(async () => {
      const { items } = JSON.parse(await kubectl(['get', 'pi', '-n', namespace, '-o', 'json'])) as {
        items: Told[];
      };
      const moved = items.filter(({ status }) => status.history?.[0]?.trigger === 'Tier');
      return moved.length === FREE.length && moved.every(({ status }) => status.history?.[0]?.result === 'Succeeded');
    });
    await underWay.stop();

    expect(underWay.most()).toBe(1);
    for (const name of FREE) {
      const deployment = await get<DeploymentObject>('deployment', name, namespace);
      expect(deployment.spec.template.spec.containers[0]?.resources.requests?.['cpu'], name).toBe('60m');
      expect(await triggerOf(deployment), name).toBe('Tier');
    }
    for (const name of ['standard', 'performance']) {
      expect(await triggerOf(await get<DeploymentObject>('deployment', name, namespace)), name).toBe('Install');
    }
  });
});
