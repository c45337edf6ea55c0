import { beforeAll, describe, expect, it } from 'vitest';
import { installation, provider, release } from '../support/cluster.ts';
import { apply, get, run, type DeploymentObject } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { isHeld, patch, runs } from '../support/outcome.ts';
import { setQuota } from '../support/quota.ts';
import { conditionOf, type Witness } from '../support/witness.ts';

/** Edits of everything but the version: they are rolled back like a release, and blamed on whoever asked. */

const namespace = 'failing-edits';
const smallNamespace = 'failing-edits-small';
export const NAMESPACES = [namespace, smallNamespace];
/** The number of pods in the tier `standard`. */
const REPLICAS = 2;
const bad = release('1.1.0', { image: 'registry.example.com/acme/never-ready:1.1.0' });

/** A short deadline, since these rollouts fail. */
const IMPATIENT = { rollback: { progressDeadlineSeconds: 12 } };

let witness: Witness;

/** Adds tests that share the caller's operator and disposable cluster, since both are idle most of the time. */
export function describeFailingEdits(witnessOf: () => Witness): void {
  beforeAll(async () => {
    witness = witnessOf();
    await Promise.all(NAMESPACES.map(addNamespace));
  });

  describe.concurrent('an edit that does not work', () => {
    it.each(['manual', 'auto'])('of the configuration, under %s, is taken back and held', async (policy) => {
      const key = `${namespace}/config-${policy}`;
      await install(key, { upgradePolicy: policy, config: { MODE: 'good' } });
      await patch(key, { spec: { config: { MODE: 'never-ready' } } });
      const held = await witness.until(key, isHeld);
      await patch(key, { spec: { description: 'No change of what is asked for' } });
      await witness.until(key, isHeld);

      expect(['Stalled', 'Available'].map((type) => conditionOf(held, type))).toEqual([
        'True RolledBack',
        'True PodsAvailable',
      ]);
      expect(await modesOf(key)).toEqual(['1.0.0 good', '1.0.0 never-ready', '1.0.0 good']);
      expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);

      await patch(key, { spec: { config: { MODE: 'better' }, upgrade: null } });
      const ready = await witness.until(key, runs('1.0.0'));
      expect([conditionOf(ready, 'UpgradeHealthy'), (await modesOf(key)).at(-1)]).toEqual([
        'True Succeeded',
        '1.0.0 better',
      ]);
    });

    it('of the tier is taken back with all that came with it, and held', async () => {
      const key = `${smallNamespace}/tier`;
      await install(key, { version: '1.0.0' });
      // Two pods of `standard` request 500m in all. One pod of `performance` requests 1000m more, which the quota does
      // not allow.
      await setQuota(smallNamespace, { 'requests.cpu': '1200m' });
      await patch(key, { spec: { resourceTier: 'performance' } });
      await witness.until(key, isHeld);

      expect((await witness.templatesOf(key)).map(({ cpu }) => cpu)).toEqual(['250m', '1', '250m']);
      expect((await get<DeploymentObject>('deployment', 'tier', smallNamespace)).spec.replicas).toBe(REPLICAS);
      expect(await witness.fewestReady(key, REPLICAS)).toBe(REPLICAS);
      expect((await run(['get', 'poddisruptionbudget', 'tier', '-n', smallNamespace])).stderr).toContain('not found');

      await patch(key, { spec: { resourceTier: 'standard' } });
      const ready = await witness.until(key, runs('1.0.0'));
      expect([conditionOf(ready, 'Stalled'), conditionOf(ready, 'UpgradeHealthy')]).not.toContain('False RolledBack');
      expect(await witness.templatesOf(key)).toHaveLength(3);
    });

    it('of a floor and the configuration together is taken back whole, also under auto', async () => {
      const key = `${namespace}/floor`;
      const upgrade = { ...IMPATIENT, range: '<1.1.0' };
      await install(key, { upgradePolicy: 'auto', config: { MODE: 'old' } }, upgrade);
      await apply(provider('floor', '1.0.0', bad));
      await patch(key, { spec: { version: '1.1.0', config: { MODE: 'new' } } });
      await witness.until(key, isHeld);

      expect(await modesOf(key)).toEqual(['1.0.0 old', '1.1.0 new', '1.0.0 old']);
    });
  });
}

/**
 * Installs 1.0.0 of a provider of its own, waits until it runs, however long that takes, and then sets the short
 * deadline.
 */
async function install(key: string, spec: object, upgrade: object = IMPATIENT): Promise<void> {
  const [where = '', name = ''] = key.split('/');
  await apply(provider(name, '1.0.0'), installation(where, name, { provider: `${name}/web`, ...spec }));
  await witness.until(key, runs('1.0.0'));
  await patch(key, { spec: { upgrade } });
}

/** Returns the version and the variable MODE of every template that there was, as `1.0.0 old`. */
async function modesOf(key: string): Promise<string[]> {
  return (await witness.templatesOf(key)).map(({ version, env }) => `${version} ${env['MODE'] ?? '-'}`);
}
