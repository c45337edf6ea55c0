import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CHART, RELEASE, type GivenValues } from '../../chart/helm.ts';
import { installation, provider } from '../support/cluster.ts';
import { eventually, type DeploymentObject, type InstallationObject } from '../support/kubectl.ts';
import { useOwnPlane } from './own-plane.ts';
import { runPodsAsProcesses, type PodsAsProcesses } from './pods-as-processes.ts';
import { PATIENTLY } from '../support/patience.ts';

const { disposable } = inject('controlPlane');
const NAMESPACE = 'operators';
const TENANT = 'fleet';
const COUNT = 50;
const names = Array.from({ length: COUNT }, (_, i) => `app-${i + 1}`);
/** Slows the upgrades down, so that they are not all done before a disturbance. */
const CONFIG = { maxConcurrentUpgrades: 5, defaults: { stableSeconds: 1 } };

describe.skipIf(!disposable)('fifty rolling upgrades', () => {
  const plane = useOwnPlane({ nodes: 3 });
  const { kubectl, apply } = plane;
  let operators: PodsAsProcesses;

  function install(values: GivenValues): Promise<string> {
    const args = ['upgrade', '--install', RELEASE, CHART, `--namespace=${NAMESPACE}`, '--wait', '--values=-'];
    return plane.helm.ok(args, { config: CONFIG, ...values });
  }

  async function all<T>(kind: string): Promise<T[]> {
    const list = await kubectl(['get', kind, '-n', TENANT, '-o', 'json']);
    return (JSON.parse(list) as { items: T[] }).items;
  }

  /** Waits until every installation runs a version. An error says how they are instead. */
  async function allAt(version: string): Promise<void> {
    await eventually(async () => {
      const count = await countAt(version);
      if (count < COUNT) {
        throw new Error(`${count} run ${version}\n${await kubectl(['get', 'pi', '-n', TENANT])}`);
      }
      return true;
    });
  }

  async function countAt(version: string): Promise<number> {
    const seen = await all<InstallationObject>('pi');
    return seen.filter(({ metadata, status }) => {
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      const isReady = ready?.status === 'True' && ready.observedGeneration === metadata.generation;
      return isReady && status.currentVersion === version;
    }).length;
  }

  beforeAll(async () => {
    await plane.addNamespace(NAMESPACE);
    await plane.addNamespace(TENANT);
    await install({});
    const kubeconfig = await plane.actAs(NAMESPACE, RELEASE);
    operators = runPodsAsProcesses(plane, { namespace: NAMESPACE, release: RELEASE, kubeconfig });
    await apply(provider('acme', '1.0.0'));
    const spec = { provider: 'acme/web', upgradePolicy: 'auto', resourceTier: 'free' };
    await apply(...names.map((name) => installation(TENANT, name, spec)));
    await allAt('1.0.0');
  });
  afterAll(() => operators.stop());

  async function remaining(): Promise<number> {
    return COUNT - (await countAt('1.1.0'));
  }

  /** Disturbs the operator during the upgrades, and waits until new processes have gone on with them. */
  async function disturb(what: string, how: () => Promise<unknown>): Promise<void> {
    const [left, started] = [await remaining(), operators.started];
    expect(left, `when ${what}`).toBeGreaterThan(0);
    await how();
    await eventually(async () => operators.started > started);
    await eventually(async () => (await remaining()) < left);
  }

  it('come to their end while the operator is killed and its pods are deleted, the chart is upgraded, and a node is drained', async () => {
    await apply(provider('acme', '1.0.0', '1.1.0'));
    await eventually(async () => (await remaining()) < COUNT);

    await disturb('both processes are killed', () => operators.crash());
    await disturb('both pods are deleted', () => kubectl(['delete', 'pods', ...operatorPods()]));
    await disturb('the chart is upgraded', () => install({ logLevel: 'debug', commonLabels: { upgraded: 'yes' } }));
    await disturb('a node is drained', drain);
    await allAt('1.1.0');

    const deployments = await all<DeploymentObject>('deployments');
    const generations = deployments.map(({ metadata }) => metadata.generation);
    expect(new Set(generations), 'each was rolled out once').toEqual(new Set([2]));
    const histories = await all<{ status: { history: { version: string; result: string }[] } }>('pi');
    const results = histories.map(({ status }) => status.history.map(({ version, result }) => `${version} ${result}`));
    expect(new Set(results.map(String))).toEqual(new Set(['1.1.0 Succeeded,1.0.0 Succeeded']));
  });

  function operatorPods(): string[] {
    return ['-n', NAMESPACE, '-l', 'app.kubernetes.io/component=operator'];
  }

  async function drain(): Promise<void> {
    const [node] = (
      await kubectl(['get', 'pods', ...operatorPods(), '-o', 'jsonpath={.items[*].spec.nodeName}'])
    ).split(' ');
    await kubectl(['drain', node!, PATIENTLY]);
    await kubectl(['uncordon', node!]);
  }
});
