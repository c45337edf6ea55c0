import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from './support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from './support/kubectl.ts';
import { startOperator, type RunningOperator } from './support/operator.ts';

const namespace = 'failing-images';
const stages = ['never-ready', 'crash-loop', 'no-such-image'];
let operator: RunningOperator;

beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator({}, 'defaults: {progressDeadlineSeconds: 3}');
});
// In reverse: the operator ends last, whatever came out before.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

describe.skipIf(!inject('controlPlane').disposable).each(stages)('an image that is %s', (stage) => {
  const name = stage;
  const bad = `registry.example.com/acme/${stage}:1.1.0`;

  it('leaves the old pods serving, ends Stalled, and is taken back by its owner', async () => {
    await apply(
      provider(stage, '1.0.0', release('1.1.0', { image: bad })),
      installation(namespace, name, { provider: `${stage}/web`, version: '1.0.0' }),
    );
    await waitFor('Ready', `pi/${name}`, namespace);

    await kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.1.0"}}']);
    let fewest = Infinity;
    const stalled = await eventually(async () => {
      const { status } = await get<DeploymentObject>('deployment', name, namespace);
      fewest = Math.min(fewest, status.readyReplicas ?? 0);
      const seen = await get<InstallationObject>('pi', name, namespace);
      return seen.status.conditions?.some((c) => c.type === 'Stalled') && seen;
    }, 30_000);

    expect(fewest).toBe(2);
    expect(stalled.status).toMatchObject({ currentVersion: '1.0.0', installedVersion: '1.1.0' });
    expect(stalled.status.conditions).toContainEqual(expect.objectContaining({ type: 'Available', status: 'True' }));
    expect(stalled.status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'RolloutFailed',
      message: expect.stringContaining('the pods of 1.0.0 go on serving') as string,
    });

    await kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.0.0"}}']);
    await waitFor('Ready', `pi/${name}`, namespace);
  });

  it('ends a first install Stalled, and recovers with another version', async () => {
    const first = `${name}-first`;
    await apply(installation(namespace, first, { provider: `${stage}/web`, version: '1.1.0', resourceTier: 'free' }));
    await waitFor('Stalled', `pi/${first}`, namespace, 30);
    const { status } = await get<InstallationObject>('pi', first, namespace);
    expect(status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'InstallFailed',
    });
    expect(status.currentVersion).toBeUndefined();

    await kubectl(['patch', `pi/${first}`, '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.0.0"}}']);
    await waitFor('Ready', `pi/${first}`, namespace);
  });
});
