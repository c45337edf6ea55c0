import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, eventually, get, type DeploymentObject } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { patch, runs, versionsOf } from '../support/outcome.ts';
import { setQuota } from '../support/quota.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

const namespace = 'second-thoughts';
const fullNamespace = 'second-thoughts-full';
/** The deadline is long enough for a working release, however busy the machine. */
const CONFIG = 'defaults: {progressDeadlineSeconds: 60, stableSeconds: 0}';
/** A short deadline for releases that fail. It is removed from the spec before a good release comes. */
const IMPATIENT = { rollback: { progressDeadlineSeconds: 8 } };
/** A deadline that leaves time to stop the operator before it takes the rollout back. */
const LATE = { rollback: { progressDeadlineSeconds: 20 } };
/** The number of pods in the tier `standard`. */
const REPLICAS = 2;
const STAGES = ['never-ready', 'crash-loop', 'no-such-image'];
const image = (stage: string) => `registry.example.com/acme/${stage}:1.1.0`;

let operator: RunningOperator;
let witness: Witness;

beforeAll(async () => {
  await prepare(namespace);
  await addNamespace(fullNamespace);
  witness = await startWitness();
  operator = await startOperator({}, CONFIG);
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => Promise.all([namespace, fullNamespace].map(cleanUp)));

const results = ({ status }: SeenInstallation) => status.history?.map((h) => `${h.trigger} ${h.version}: ${h.result}`);
const isInstallFailed = (i: SeenInstallation) => conditionOf(i, 'Ready') === 'False InstallFailed';

describe.skipIf(!inject('controlPlane').disposable)('a first install that fails', () => {
  it.concurrent.each(STAGES)('says so, and recovers when something else is asked for: %s', async (stage) => {
    const key = `${namespace}/first-${stage}`;
    await apply(
      provider(`first-${stage}`, '1.0.0', release('1.1.0', { image: image(stage) })),
      installation(namespace, `first-${stage}`, {
        provider: `first-${stage}/web`,
        version: '1.1.0',
        upgrade: IMPATIENT,
      }),
    );
    const failed = await witness.until(key, isInstallFailed);
    await patch(key, { spec: { version: '1.0.0', upgrade: null } });
    const recovered = await witness.until(key, runs('1.0.0'));

    expect([conditionOf(failed, 'Stalled'), conditionOf(failed, 'Available')]).toEqual([
      'True InstallFailed',
      'False PodsUnavailable',
    ]);
    expect(failed.status.currentVersion).toBeUndefined();
    expect(conditionOf(recovered, 'Stalled')).toBeUndefined();
    expect(await versionsOf(witness, key)).toEqual(['1.1.0', '1.0.0']);
  });
});

describe.skipIf(!inject('controlPlane').disposable)('an upgrade that is not done', () => {
  it('is a success where it turns good after its deadline, before anybody takes it back', async () => {
    const key = `${fullNamespace}/late`;
    await apply(
      provider('late', '1.0.0', '1.1.0'),
      installation(fullNamespace, 'late', { provider: 'late/web', version: '1.0.0', upgrade: LATE }),
    );
    await witness.until(key, runs('1.0.0'));
    await setQuota(fullNamespace, { pods: String(REPLICAS) });
    await patch(key, { spec: { version: '1.1.0' } });
    await witness.untilTemplate(key, ({ version }) => version === '1.1.0');
    await operator.stop();
    await eventually(async () => {
      const { status } = await get<StuckDeployment>('deployment', 'late', fullNamespace);
      return status.conditions.some((c) => c.reason === 'ProgressDeadlineExceeded');
    });
    await setQuota(fullNamespace, { pods: '20' });
    await eventually(async () => {
      const { spec, status } = await get<DeploymentObject>('deployment', 'late', fullNamespace);
      return status.updatedReplicas === spec.replicas && status.availableReplicas === spec.replicas;
      // The ReplicaSet controller backs off: its next try may be as far away as its first one is by now.
    });
    operator = await startOperator({}, CONFIG);
    const done = await witness.until(key, runs('1.1.0'));

    expect(results(done)).toEqual(['Spec 1.1.0: Succeeded', 'Install 1.0.0: Succeeded']);
    expect(done.status.failedVersions).toBeUndefined();
    expect(await versionsOf(witness, key)).toEqual(['1.0.0', '1.1.0']);
    expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
  });
});

type StuckDeployment = DeploymentObject & {
  readonly status: { readonly conditions: readonly { readonly reason: string }[] };
};
