import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  run,
  waitFor,
  type DeploymentObject,
  type KubernetesObject,
} from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';

type Installation = KubernetesObject & { readonly status: InstallationStatus };

const namespace = 'refused-tier';
/** The name of the policy and of its binding. */
const POLICY = 'refuses-processor';
let operator: RunningOperator;

beforeAll(async () => {
  await prepare(namespace);
  await refuseProcessor('7');
  operator = await startOperator();
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));
afterAll(() => run(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', POLICY]));

it('a tier that admission refuses disturbs nobody who runs, and is taken as soon as it is corrected', async () => {
  const published = provider('resized', '1.0.0') as { spec: object };
  const defineTier = (cpu: string) =>
    apply({ ...published, spec: { ...published.spec, tiers: { free: { resources: { requests: { cpu } } } } } });
  const seen = () => get<Installation>('pi', 'web', namespace);
  const condition = async (type: string) => (await seen()).status.conditions?.find((c) => c.type === type);
  const cpu = async () => {
    const { spec } = await get<DeploymentObject>('deployment', 'web', namespace);
    return spec.template.spec.containers[0]?.resources.requests?.['cpu'];
  };
  await apply(published, installation(namespace, 'web', { provider: 'resized/web', resourceTier: 'free' }));
  await waitFor('Ready', 'pi/web', namespace);
  const ready = await condition('Ready');

  await defineTier('7');
  await eventually(async () => (await condition('UpgradeHealthy'))?.reason === 'Refused');

  expect(await condition('Ready')).toEqual(ready);
  expect(await condition('Stalled')).toBeUndefined();
  expect((await condition('UpgradeHealthy'))?.message).toMatch(/changed settings of 1\.0\.0 failed: .*7 is too much$/);
  expect(await cpu()).toBe('50m');

  await defineTier('100m');
  await eventually(async () => (await cpu()) === '100m');
  await eventually(async () => (await condition('UpgradeHealthy'))?.status === 'True');
});

/** Refuses every Deployment of the namespace that requests this amount of CPU from now on. */
async function refuseProcessor(cpu: string): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const kind = 'ValidatingAdmissionPolicy';
  const expression = `object.spec.template.spec.containers.all(c, !has(c.resources) || !has(c.resources.requests) || c.resources.requests['cpu'] != '${cpu}')`;
  await apply(
    {
      apiVersion,
      kind,
      metadata: { name: POLICY },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
          ],
        },
        validations: [{ expression, message: `A processor of ${cpu} is too much` }],
      },
    },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata: { name: POLICY },
      spec: {
        policyName: POLICY,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      },
    },
  );
  // The API server needs a moment before it applies a new policy and binding.
  await eventually(async () => (await run(['apply', '--dry-run=server', '-f', '-'], greedy(cpu))).code !== 0);
}

function greedy(cpu: string): object {
  const containers = [{ name: 'a', image: 'a', resources: { requests: { cpu } } }];
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers } };
  const spec = { selector: { matchLabels: { app: 'a' } }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'greedy', namespace }, spec };
}
