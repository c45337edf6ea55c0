import { beforeAll, describe, expect, it } from 'vitest';
import { installation, provider, release, software, softwareRelease } from '../support/cluster.ts';
import { apply, get, type DeploymentObject } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { isBack, isHeld, patch, runs } from '../support/outcome.ts';
import { conditionOf, type SeenInstallation, type Witness } from '../support/witness.ts';

/** System software that does not work: the serving pods go on, whoever asked for it. */

export const SOFTWARE_NAMESPACE = 'failing-software';
/** The number of pods in the tier `standard`. */
const REPLICAS = 2;
const IMPATIENT = { rollback: { progressDeadlineSeconds: 12 } };

/** The fault of a version: a variable that it gives to the process, or files that are not there. */
const FAULTS = {
  environment: { env: [{ name: 'MODE', value: 'never-ready' }] },
  image: { image: 'registry.example.com/software/no-such-image:1', path: '/opt/it', mountPath: '/opt/it' },
} as const;

let witness: Witness;

/** Adds tests that share the caller's operator and disposable cluster, since both are idle most of the time. */
export function describeFailingSoftware(witnessOf: () => Witness): void {
  beforeAll(async () => {
    witness = witnessOf();
    await addNamespace(SOFTWARE_NAMESPACE);
  });

  describe.concurrent('an edit of systemSoftware that does not work', () => {
    it.each([
      ['manual', 'environment'],
      ['auto', 'environment'],
      ['manual', 'image'],
    ] as const)('is taken back and held, under %s (%s)', async (policy, fault) => {
      const name = `${policy}-${fault}`;
      const key = `${SOFTWARE_NAMESPACE}/${name}`;
      await install(key, [softwareRelease(name, '8.3.0', { provides: FAULTS[fault] })], {
        upgradePolicy: policy,
        systemSoftware: [{ name, version: '8.2.0', updatePolicy: 'none' }],
      });
      await patch(key, { spec: { systemSoftware: [{ name, version: '8.3.0', updatePolicy: 'none' }] } });
      const held = await witness.until(key, isHeld);
      await patch(key, { spec: { description: 'No change of what is asked for' } });
      await witness.until(key, isHeld);

      expect(['Stalled', 'Available'].map((type) => conditionOf(held, type))).toEqual([
        'True RolledBack',
        'True PodsAvailable',
      ]);
      expect(held.status.systemSoftware).toMatchObject([{ name, currentVersion: '8.2.0', targetVersion: '8.2.0' }]);
      expect(await softwareOf(key)).toEqual([`${name}=8.2.0`, `${name}=8.3.0`, `${name}=8.2.0`]);
      expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);

      await patch(key, { spec: { systemSoftware: [{ name, version: '8.2.1', updatePolicy: 'none' }], upgrade: null } });
      const ready = await witness.until(key, runs('1.0.0'));
      expect([conditionOf(ready, 'UpgradeHealthy'), (await softwareOf(key)).at(-1)]).toEqual([
        'True Succeeded',
        `${name}=8.2.1`,
      ]);
    });
  });

  describe.concurrent('software that its own policy moves', () => {
    it('goes back once, also under manual, and is Ready: a newer version is taken', async () => {
      const name = 'patches';
      const key = `${SOFTWARE_NAMESPACE}/${name}`;
      await install(key, [], { systemSoftware: [{ name, version: '8.2.0', updatePolicy: 'patchLevel' }] });
      const bad = softwareRelease(name, '8.2.2', { provides: FAULTS.environment });
      await publish(name, [bad]);
      await witness.untilTemplate(key, (template) => template.software === `${name}=8.2.2`);
      const back = await witness.until(key, isBack);

      expect(back.status).toMatchObject({
        failedVersions: [{ software: `${name}=8.2.2`, attempts: 1 }],
        history: [{ trigger: 'Rollback' }, { trigger: 'SystemSoftware' }, { trigger: 'Install' }],
      });
      await publish(name, [bad, softwareRelease(name, '8.2.3')]);
      const ready = await witness.until(key, has('8.2.3'));
      expect([conditionOf(ready, 'Ready'), conditionOf(ready, 'UpgradeHealthy')]).toEqual([
        'True UpToDate',
        'True Succeeded',
      ]);
      expect(await softwareOf(key)).toEqual(
        ['8.2.1', '8.2.2', '8.2.1', '8.2.3'].map((version) => `${name}=${version}`),
      );
      expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
    });

    it('reaches the process as variables and as files that it cannot write', async () => {
      const name = 'files';
      await install(`${SOFTWARE_NAMESPACE}/${name}`, [], {});
      const { spec } = await get<DeploymentObject>('deployment', name, SOFTWARE_NAMESPACE);

      expect(spec.template.spec).toMatchObject({
        initContainers: [
          { image: 'registry.example.com/software/files:8.2.1', command: ['cp', '-R', '/opt/files/.', '/software'] },
        ],
        containers: [
          {
            env: [{ name: 'FILES_VERSION', value: '8.2.1' }],
            volumeMounts: [{ name: 'software-files', mountPath: '/opt/files', readOnly: true }],
          },
        ],
      });
    });
  });
}

/**
 * Installs 1.0.0 of a provider that needs a software of the same name, with the versions 8.2.0, 8.2.1 and `more`. Waits
 * until it runs, however long that takes, and then sets the short deadline.
 */
async function install(key: string, more: readonly object[], spec: object): Promise<void> {
  const [where = '', name = ''] = key.split('/');
  const systemSoftwareDependencies = [{ name, range: '>=8.2.0' }];
  await publish(name, more);
  await apply(
    provider(name, release('1.0.0', { systemSoftwareDependencies })),
    installation(where, name, { provider: `${name}/web`, ...spec }),
  );
  await witness.until(key, runs('1.0.0'));
  await patch(key, { spec: { upgrade: IMPATIENT } });
}

async function publish(name: string, more: readonly object[]): Promise<void> {
  await apply(software(name, '8.2.0', '8.2.1', ...more));
}

async function softwareOf(key: string): Promise<string[]> {
  return (await witness.templatesOf(key)).map((template) => template.software);
}

/** Whether its software has been rolled out in this version, which the written template alone does not tell. */
function has(version: string): (seen: SeenInstallation) => boolean {
  return ({ status }) => status.systemSoftware?.[0]?.currentVersion === version;
}
