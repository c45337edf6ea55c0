import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findCondition } from '../../../src/api/conditions.ts';
import { allowImages, refuseImages } from '../support/admission.ts';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, kubectl } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { isBack, isHeld, patch, runs, versionsOf } from '../support/outcome.ts';
import { setQuota } from '../support/quota.ts';
import { asTyped } from '../support/typed.ts';
import { conditionOf, startWitness, type Witness } from '../support/witness.ts';
import { describeFailingEdits, NAMESPACES } from './failing-edits.ts';
import { describeFailingSoftware, SOFTWARE_NAMESPACE } from './failing-software.ts';

/**
 * How 1.1.0 fails, the reported reason, and whether the failure expires: it does if no container had started, and the
 * release is tried once more after hours.
 */
const FAILURES = [
  { how: 'never-ready', reason: 'DeadlineExceeded', expires: false },
  { how: 'crash-loop', reason: 'CrashLoop', expires: false },
  { how: 'no-such-image', reason: 'ImagePull', expires: true },
  { how: 'refused', reason: 'DeadlineExceeded', expires: true },
  { how: 'over-quota', reason: 'DeadlineExceeded', expires: true },
] as const;
type How = (typeof FAILURES)[number]['how'];
const hows = FAILURES.map((failure) => failure.how);

const namespace = 'bad-releases';
const fullNamespace = 'bad-releases-full';
const patientNamespace = 'bad-releases-patient';
/** The deadline is long enough for a working release, however busy the machine. */
const CONFIG = 'defaults: {progressDeadlineSeconds: 60, stableSeconds: 0}';
/** A short deadline for releases that fail. It is removed from the spec before a good release comes. */
const IMPATIENT = { rollback: { progressDeadlineSeconds: 10 } };
/** The number of pods in the tier `standard`. */
const REPLICAS = 2;

const namespaceOf = (how: How) => (how === 'over-quota' ? fullNamespace : namespace);
const auto = (how: How) => `${namespaceOf(how)}/${how}-auto`;
const manual = (how: How) => `${namespaceOf(how)}/${how}-manual`;
const bad = (how: How) => release('1.1.0', { image: `registry.example.com/acme/${how}:1.1.0` });

let operator: RunningOperator;
let witness: Witness;

describe.skipIf(!inject('controlPlane').disposable)('a release that does not work', () => {
  beforeAll(async () => {
    await prepare(namespace);
    await Promise.all([fullNamespace, patientNamespace].map(addNamespace));
    witness = await startWitness();
    operator = await startOperator({}, CONFIG);
    await refuseImages(namespace);
    const installations = (upgrade?: object) =>
      hows.flatMap((how) => [
        installation(namespaceOf(how), `${how}-auto`, { provider: `${how}/web`, upgradePolicy: 'auto', upgrade }),
        installation(namespaceOf(how), `${how}-manual`, { provider: `${how}/web`, version: '1.0.0', upgrade }),
      ]);
    await apply(...hows.map((how) => provider(how, '1.0.0')), ...installations());
    const keys = hows.flatMap((how) => [auto(how), manual(how)]);
    await Promise.all(keys.map((key) => witness.until(key, (i) => conditionOf(i, 'Ready') === 'True UpToDate')));
    await apply(...installations(IMPATIENT));
    await setQuota(fullNamespace, { pods: String(2 * REPLICAS) });
    await apply(...hows.map((how) => provider(how, '1.0.0', bad(how))));
  });
  // Hooks run in reverse order, so the operator ends last, even if another hook fails.
  afterAll(() => operator.stop());
  afterAll(() => witness.stop());
  afterAll(() =>
    Promise.all([namespace, fullNamespace, patientNamespace, SOFTWARE_NAMESPACE, ...NAMESPACES].map(cleanUp)),
  );
  afterAll(() => allowImages(namespace));

  it.concurrent.each(FAILURES)(
    'and that automation chose ($how): is taken back once, and what runs is Ready',
    async ({ how, reason, expires }) => {
      const { status } = await witness.until(auto(how), isBack);

      expect(status).toMatchObject({
        currentVersion: '1.0.0',
        installedVersion: '1.0.0',
        failedVersions: [{ version: '1.1.0', reason, attempts: 1 }],
      });
      expect(status.failedVersions?.[0]?.retryAfter !== undefined).toBe(expires);
      expect(await versionsOf(witness, auto(how))).toEqual(['1.0.0', '1.1.0', '1.0.0']);
      expect(await witness.fewestReady(auto(how), REPLICAS)).toBe(REPLICAS);
    },
  );

  it.concurrent.each(FAILURES)(
    'and that somebody asked for ($how): is taken back once and held, whatever is said of it',
    async ({ how, reason }) => {
      await patch(manual(how), { spec: { version: '1.1.0' } });
      const held = await witness.until(manual(how), isHeld);
      await patch(manual(how), { spec: { description: 'No change of what is asked for' } });
      await witness.until(manual(how), isHeld);

      expect(['Stalled', 'Available', 'UpgradeHealthy'].map((type) => conditionOf(held, type))).toEqual([
        'True RolledBack',
        'True PodsAvailable',
        'False RolledBack',
      ]);
      expect(held.status).toMatchObject({
        currentVersion: '1.0.0',
        failedVersions: [{ version: '1.1.0', reason, attempts: 1 }],
      });
      expect(await versionsOf(witness, manual(how))).toEqual(['1.0.0', '1.1.0', '1.0.0']);
      expect(await witness.fewestReady(manual(how), REPLICAS)).toBe(REPLICAS);
    },
  );

  it('is not tried again by another process, nor where the status was lost', async () => {
    await operator.stop();
    const keys = hows.flatMap((how) => [auto(how), manual(how)]);
    await Promise.all(
      keys.map(async (key) => {
        const [where = '', name = ''] = key.split('/');
        await kubectl([
          'patch',
          'pi',
          name,
          '-n',
          where,
          '--subresource=status',
          '--type=merge',
          '-p',
          '{"status":null}',
        ]);
      }),
    );
    operator = await startOperator({}, CONFIG);
    const seen = await Promise.all(
      keys.map((key) => witness.until(key, (i) => conditionOf(i, 'UpgradeHealthy') !== undefined)),
    );

    expect(seen.map((i) => i.status.failedVersions)).toEqual(
      keys.map(() => [expect.objectContaining({ version: '1.1.0', attempts: 1 })]),
    );
    expect(seen.map((i) => conditionOf(i, 'Ready'))).toEqual(
      hows.flatMap(() => ['True UpgradeAvailable', 'False RolledBack']),
    );
    expect(await Promise.all(keys.map((key) => versionsOf(witness, key)))).toEqual(
      keys.map(() => ['1.0.0', '1.1.0', '1.0.0']),
    );
  });

  it.concurrent('is tried again everywhere when its Provider is annotated', async () => {
    const keys = [auto('refused'), manual('refused')];
    await allowImages(namespace);
    await Promise.all(keys.map((key) => patch(key, { spec: { upgrade: null } })));
    await kubectl(['annotate', 'provider', 'refused.web', 'provider-operator.io/retry=allowed now']);
    const seen = await Promise.all(keys.map((key) => witness.until(key, (i) => i.status.currentVersion === '1.1.0')));

    expect(seen.map((i) => [conditionOf(i, 'Ready'), conditionOf(i, 'UpgradeHealthy')])).toEqual([
      ['True UpToDate', 'True Succeeded'],
      ['True UpToDate', 'True Succeeded'],
    ]);
  });

  it.concurrent('whose pods cannot be created is given up long before its deadline', async () => {
    const key = `${patientNamespace}/patient`;
    const spec = {
      provider: 'patient/web',
      upgradePolicy: 'auto',
      upgrade: { rollback: { progressDeadlineSeconds: 600 } },
    };
    await apply(provider('patient', '1.0.0'), installation(patientNamespace, 'patient', spec));
    await witness.until(key, runs('1.0.0'));
    await setQuota(patientNamespace, { pods: String(REPLICAS) });
    await apply(provider('patient', '1.0.0', '1.1.0'));
    const { status } = await witness.until(key, isBack);

    expect(status.failedVersions).toMatchObject([{ version: '1.1.0', reason: 'PodsRefused', attempts: 1 }]);
    expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
  });

  it.concurrent('is tried again by the command that the operator tells', async () => {
    const key = manual('over-quota');
    await setQuota(fullNamespace, { pods: '20' });
    await patch(key, { spec: { upgrade: null } });
    const { status } = await witness.until(key, isHeld);
    const [command = ''] =
      /kubectl .* --overwrite/.exec(findCondition(status.conditions, 'Ready')?.message ?? '') ?? [];
    await asTyped(command);
    await witness.until(key, runs('1.1.0'));

    expect(await versionsOf(witness, key)).toEqual(['1.0.0', '1.1.0', '1.0.0', '1.1.0']);
  });

  describe('beside', () => {
    describeFailingEdits(() => witness);
    describeFailingSoftware(() => witness);
  });

  it('gives way to a newer one', async () => {
    const keys = hows.flatMap((how) => [auto(how), manual(how)]);
    await Promise.all(keys.map((key) => patch(key, { spec: { upgrade: null } })));
    await apply(...hows.map((how) => provider(how, '1.0.0', bad(how), '1.2.0')));
    await Promise.all(hows.map((how) => patch(manual(how), { spec: { version: '1.2.0' } })));
    const seen = await Promise.all(keys.map((key) => witness.until(key, (i) => i.status.currentVersion === '1.2.0')));

    // Where a failed rollout had been mended before, nothing is left to report.
    const mended = [auto('refused'), manual('refused'), manual('over-quota')];
    expect(
      seen.map((i) => [conditionOf(i, 'Ready'), conditionOf(i, 'UpgradeHealthy'), i.status.failedVersions]),
    ).toEqual(keys.map((key) => ['True UpToDate', mended.includes(key) ? undefined : 'True Succeeded', undefined]));
    expect(await Promise.all(keys.map((key) => witness.fewestReady(key, REPLICAS)))).toEqual(keys.map(() => REPLICAS));
  });
});
