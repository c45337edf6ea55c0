import { isDeepStrictEqual as equal } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { markOf, type RecordObject } from '../support/child-watch.ts';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type KubernetesObject,
} from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';

/** The fake of `test/scenario/mishaps.test.ts` has to answer as a real API server and a real kubectl do here. */

const namespace = 'mishaps';
let operator: RunningOperator;
beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator({}, 'defaults: {progressDeadlineSeconds: 60, stableSeconds: 0}');
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

type Installation = KubernetesObject & { readonly status: InstallationStatus };

const pi = (name: string) => get<Installation>('pi', name, namespace);
const deployment = (name: string) => get<DeploymentObject>('deployment', name, namespace);
const readyOf = ({ status }: Installation) => {
  const ready = status.conditions?.find((c) => c.type === 'Ready');
  return `${ready?.status} ${ready?.reason}`;
};

async function edit(name: string, spec: object): Promise<void> {
  await kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
  const { generation } = (await pi(name)).metadata;
  await eventually(async () => (await pi(name)).status.observedGeneration === generation);
  await waitFor('Ready', `pi/${name}`, namespace);
}

/** The records with how their rollouts ended and whose they are, from the oldest to the newest. */
async function records(name: string): Promise<string[]> {
  const selector = `provider-operator.io/installation=${name}`;
  const { items } = JSON.parse(
    await kubectl(['get', 'controllerrevisions', '-n', namespace, '-l', selector, '-o', 'json']),
  ) as { items: RecordObject[] };
  return items
    .sort((a, b) => a.revision - b.revision)
    .map((record) => `${record.metadata.name} ${markOf(record)} ${record.metadata.ownerReferences?.[0]?.uid}`);
}

it('each rollout has a record of its own, also of what ran before, and goes on counting after an earlier installation', async () => {
  const wish = { provider: 'counted/web', config: { X: 'A' } };
  await apply(provider('counted', '1.0.0'), installation(namespace, 'counted', wish));
  await waitFor('Ready', 'pi/counted', namespace);
  for (const X of ['B', 'A', 'B']) {
    await edit('counted', { config: { X } });
  }
  const { uid } = (await pi('counted')).metadata;
  await eventually(async () => (await records('counted')).length === 2);
  expect(await records('counted')).toEqual([`counted-3 proven ${uid}`, `counted-4 proven ${uid}`]);

  await kubectl(['delete', 'pi/counted', '-n', namespace, '--cascade=orphan']);
  await eventually(async () => (await records('counted')).every((record) => record.endsWith('undefined')));
  const before = await deployment('counted');
  await apply(installation(namespace, 'counted', { ...wish, config: { X: 'B' } }));
  await waitFor('Ready', 'pi/counted', namespace);
  const { uid: heir } = (await pi('counted')).metadata;
  await eventually(async () => (await deployment('counted')).metadata.ownerReferences?.[0]?.uid === heir);
  const after = await deployment('counted');
  expect({ uid: after.metadata.uid, template: after.spec.template }).toEqual({
    uid: before.metadata.uid,
    template: before.spec.template,
  });
  expect(await records('counted')).toEqual([`counted-3 proven ${heir}`, `counted-4 proven ${heir}`]);

  await edit('counted', { config: { X: 'A' } });
  await eventually(async () => (await records('counted')).length === 2);
  expect(await records('counted')).toEqual([`counted-4 proven ${heir}`, `counted-5 proven ${heir}`]);
  expect(readyOf(await pi('counted'))).toBe('True UpToDate');
});

it('kubectl rollout undo in the midst of an automatic rollout that fails holds no spec', async () => {
  const wish = { provider: 'undone/web', upgradePolicy: 'auto' };
  await apply(provider('undone', '1.0.0'), installation(namespace, 'undone', wish));
  await waitFor('Ready', 'pi/undone', namespace);
  // A release that works has had its time by then. One that does not is not given up before somebody has undone it.
  await edit('undone', { upgrade: { rollback: { progressDeadlineSeconds: 20 } } });
  const image = 'registry.example.com/acme/never-ready:1.1.0';
  await apply(provider('undone', '1.0.0', release('1.1.0', { image })));
  const isRollingOut = async () => (await deployment('undone')).spec.template.spec.containers[0]?.image === image;
  await eventually(isRollingOut);
  const begun = (await pi('undone')).status.history?.length;
  await kubectl(['rollout', 'undo', 'deployment/undone', '-n', namespace]);
  await eventually(async () => ((await pi('undone')).status.history?.length ?? 0) > (begun ?? 0));
  await eventually(isRollingOut);
  await eventually(async () => readyOf(await pi('undone')) === 'True UpgradeAvailable');

  const { history = [] } = (await pi('undone')).status;
  expect(history.map(({ trigger, version, result }) => `${trigger} ${version} ${result}`)).toEqual([
    'Rollback 1.0.0 Succeeded',
    'Policy 1.1.0 RolledBack',
    'Policy 1.1.0 Superseded',
    'Install 1.0.0 Succeeded',
  ]);
});

it.each<[string, string, string]>([
  ['takes what says of which rollout it is', 'taken', 'null'],
  ['writes of it what is no version and no number', 'forged', '"banana"'],
])('somebody who may write Deployments and %s gets back what was done', async (_, name, value) => {
  const own = { provider: `${name}/web` };
  await apply(provider(name, '1.0.0', '1.1.0'), installation(namespace, name, { ...own, version: '1.0.0' }));
  await waitFor('Ready', `pi/${name}`, namespace);
  const { uid } = (await pi(name)).metadata;
  const before = await deployment(name);
  const annotations = `{"provider-operator.io/version":${value},"provider-operator.io/rollout":${value}}`;
  const labels = `{"provider-operator.io/rollout":${value === 'null' ? value : '"999999999999999"'}}`;
  const forged = `{"metadata":{"labels":${labels}},"spec":{"template":{"metadata":{"annotations":${annotations}}}}}`;
  await kubectl(['patch', `deployment/${name}`, '-n', namespace, '--type=merge', '-p', forged]);
  await eventually(async () => {
    const { metadata, spec } = await deployment(name);
    return metadata.labels?.['provider-operator.io/rollout'] === '1' && equal(spec.template, before.spec.template);
  });
  await eventually(async () => readyOf(await pi(name)) === 'True UpgradeAvailable');
  expect(await records(name)).toEqual([`${name}-1 proven ${uid}`]);

  await edit(name, { version: '1.1.0' });
  expect(await records(name)).toEqual([`${name}-1 proven ${uid}`, `${name}-2 proven ${uid}`]);
});

it('a Service that kubectl expose made stays as it is when a release has ports', async () => {
  const ports = [{ name: 'http', containerPort: 8080, servicePort: 80 }];
  await apply(
    provider('exposed', release('1.0.0', { runtime: {} })),
    installation(namespace, 'exposed', { provider: 'exposed/web', upgradePolicy: 'auto' }),
  );
  await waitFor('Ready', 'pi/exposed', namespace);
  await kubectl(['expose', 'deployment/exposed', '--type=NodePort', '--port=443', '-n', namespace]);
  await apply(provider('exposed', release('1.0.0', { runtime: {} }), release('1.1.0', { runtime: { ports } })));
  await eventually(async () => readyOf(await pi('exposed')) === 'False NameConflict');

  const seen = await get<KubernetesObject & { readonly spec: object }>('service', 'exposed', namespace);
  expect(seen.spec).toMatchObject({ type: 'NodePort', ports: [{ port: 443 }] });
  expect(seen.metadata.ownerReferences).toBeUndefined();
});
