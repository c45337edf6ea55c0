import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from './support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type KubernetesObject,
} from './support/kubectl.ts';
import { startOperator, type RunningOperator } from './support/operator.ts';
import type { InstallationStatus } from '../../src/api/installation.ts';

/** What the fake of `test/scenario/mishaps.test.ts` has to answer as a real API server and a real kubectl do. */

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

/** From the oldest to the newest. */
async function revisions(name: string): Promise<string[]> {
  const selector = `provider-operator.io/installation=${name}`;
  const { items } = JSON.parse(
    await kubectl(['get', 'controllerrevisions', '-n', namespace, '-l', selector, '-o', 'json']),
  ) as { items: (KubernetesObject & { readonly revision: number })[] };
  return items.sort((a, b) => a.revision - b.revision).map(({ metadata }) => metadata.name);
}

it('what is replaced again becomes the newest revision, also in place of what an earlier installation left behind', async () => {
  const wish = { provider: 'saved/web', config: { X: 'A' } };
  await apply(provider('saved', '1.0.0'), installation(namespace, 'saved', wish));
  await waitFor('Ready', 'pi/saved', namespace);
  await edit('saved', { config: { X: 'B' } });
  const [a] = await revisions('saved');
  await edit('saved', { config: { X: 'A' } });
  const [, b] = await revisions('saved');
  await edit('saved', { config: { X: 'B' } });
  expect(await revisions('saved')).toEqual([b, a]);

  await kubectl(['delete', 'pi/saved', '-n', namespace, '--cascade=orphan']);
  await eventually(async () => (await deployment('saved')).metadata.ownerReferences === undefined);
  await apply(installation(namespace, 'saved', { ...wish, config: { X: 'B' } }));
  await waitFor('Ready', 'pi/saved', namespace);
  await edit('saved', { config: { X: 'A' } });
  await edit('saved', { config: { X: 'B' } });

  expect(await revisions('saved')).toEqual([b, a]);
  expect(readyOf(await pi('saved'))).toBe('True UpToDate');
});

it('kubectl rollout undo in the midst of an automatic rollout that fails holds no spec', async () => {
  const wish = { provider: 'undone/web', upgradePolicy: 'auto' };
  await apply(provider('undone', '1.0.0'), installation(namespace, 'undone', wish));
  await waitFor('Ready', 'pi/undone', namespace);
  // What works has had its time; what does not is waited for, but not before somebody has undone it.
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
