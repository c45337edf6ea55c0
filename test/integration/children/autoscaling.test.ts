import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, waitFor, type DeploymentObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';

const namespace = 'autoscaling';
let operator: RunningOperator;

beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator();
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

it('a tier that leaves the number of pods to an autoscaler takes none away, and undoes no scaling', async () => {
  const deployment = () => get<DeploymentObject>('deployment', 'web', namespace);
  const cpu = async () => (await deployment()).spec.template.spec.containers[0]?.resources.requests?.['cpu'];
  const published = provider('scaled', '1.0.0') as { spec: object };
  await apply(published, installation(namespace, 'web', { provider: 'scaled/web', resourceTier: 'performance' }));
  await waitFor('Ready', 'pi/web', namespace);

  const tiers = { performance: { resources: { requests: { cpu: '100m' } } } };
  await apply({ ...published, spec: { ...published.spec, tiers } });
  await eventually(async () => (await cpu()) === '100m');
  expect((await deployment()).spec.replicas).toBe(3);

  await kubectl(['scale', 'deployment/web', '--replicas=5', '-n', namespace]);
  await kubectl(['patch', 'pi/web', '-n', namespace, '--type=merge', '-p', '{"spec":{"config":{"A":"1"}}}']);
  await waitFor('Ready', 'pi/web', namespace);
  expect((await deployment()).spec.replicas).toBe(5);

  await apply({ ...published, spec: { ...published.spec, tiers: null } });
  await eventually(async () => (await deployment()).spec.replicas === 3);
  await waitFor('Ready', 'pi/web', namespace);
});
