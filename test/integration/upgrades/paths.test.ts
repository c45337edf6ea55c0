import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findCondition } from '../../../src/api/conditions.ts';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { isBack, isHeld, patch, runs, versionsOf } from '../support/outcome.ts';
import { startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

const namespace = 'paths';
/** The number of pods in the tier `standard`. */
const REPLICAS = 2;
const STEP = release('1.6.0', { required: true });
const BROKEN_STEP = release('1.8.0', { required: true, image: 'registry.example.com/acme/crash-loop:1.8.0' });
const YANKED_STEP = { ...BROKEN_STEP, lifecycle: { stage: 'yanked', message: 'it does not start' } };
const GOAL = release('2.0.0', { upgradesFrom: '>=1.6.0' });

let operator: RunningOperator;
let witness: Witness;

beforeAll(async () => {
  await prepare(namespace);
  witness = await startWitness();
  operator = await startOperator({}, 'defaults: {progressDeadlineSeconds: 60, stableSeconds: 0}');
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

/** Installs 1.2.0 of a provider of its own, and publishes the newer releases when it runs. */
async function start(name: string, spec: object, ...newer: readonly object[]): Promise<string> {
  const key = `${namespace}/${name}`;
  await apply(provider(name, '1.2.0'), installation(namespace, name, { provider: `${name}/web`, ...spec }));
  await witness.until(key, runs('1.2.0'));
  await apply(provider(name, '1.2.0', ...newer));
  return key;
}

const AUTO = { upgradePolicy: 'auto', upgrade: { level: 'major' } };
const messageOf = ({ status }: SeenInstallation, type: 'Ready' | 'UpgradeHealthy' | 'UpdateAvailable') =>
  findCondition(status.conditions, type)?.message;
const steps = ({ status }: SeenInstallation) =>
  status.history?.map((h) => `${h.from ?? '-'} to ${h.version}: ${h.result}`);

describe('an upgrade over a release that may not be left out', () => {
  it.concurrent('that somebody asked for goes there step by step', async () => {
    const key = await start('asked', { version: '1.2.0' }, STEP, GOAL);
    await patch(key, { spec: { version: '2.0.0' } });
    const done = await witness.until(key, runs('2.0.0'));

    expect(await versionsOf(witness, key)).toEqual(['1.2.0', '1.6.0', '2.0.0']);
    expect(steps(done)).toEqual(['1.6.0 to 2.0.0: Succeeded', '1.2.0 to 1.6.0: Succeeded', '- to 1.2.0: Succeeded']);
    expect(done.status).toMatchObject({ previousVersion: '1.6.0' });
    expect(done.status.pendingUpgrade).toBeUndefined();
    expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
  });

  it.concurrent('that automation chose does so, too', async () => {
    const key = await start('chosen', AUTO, STEP, GOAL);
    await witness.until(key, runs('2.0.0'));

    expect(await versionsOf(witness, key)).toEqual(['1.2.0', '1.6.0', '2.0.0']);
    expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
  });
});

describe.skipIf(!inject('controlPlane').disposable)('a step in the middle that fails', () => {
  it.concurrent('leaves an upgrade that somebody asked for at the last good one, and says so', async () => {
    const key = await start('asked-in-vain', { version: '1.2.0' }, STEP, BROKEN_STEP, GOAL);
    await patch(key, { spec: { version: '2.0.0' } });
    const held = await witness.until(key, isHeld);

    expect(await versionsOf(witness, key)).toEqual(['1.2.0', '1.6.0', '1.8.0', '1.6.0']);
    expect(held.status).toMatchObject({ currentVersion: '1.6.0', failedVersions: [{ version: '1.8.0' }] });
    expect(messageOf(held, 'Ready')).toContain('rolling out 1.8.0 failed');
    expect(messageOf(held, 'Ready')).toContain('1.6.0 runs as before');
    expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
  });

  it.concurrent('leaves automation at the last good one, and is left out once it is yanked', async () => {
    const key = await start('chosen-in-vain', AUTO, STEP, BROKEN_STEP, GOAL);
    const back = await witness.until(key, isBack);

    expect(await versionsOf(witness, key)).toEqual(['1.2.0', '1.6.0', '1.8.0', '1.6.0']);
    expect(back.status).toMatchObject({ currentVersion: '1.6.0', failedVersions: [{ version: '1.8.0' }] });
    expect(messageOf(back, 'UpgradeHealthy')).toContain('1.8.0');
    expect(back.status.updateCandidates).toMatchObject([
      { version: '2.0.0', blockedBy: ['PathMissing'] },
      { version: '1.8.0', blockedBy: ['PreviouslyFailed'] },
    ]);

    await apply(provider('chosen-in-vain', '1.2.0', STEP, YANKED_STEP, GOAL));
    await witness.until(key, runs('2.0.0'));
    expect((await versionsOf(witness, key)).slice(4)).toEqual(['2.0.0']);
  });
});
