import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import { catalogue } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** Somebody sets the annotation `…/restart`, and somebody else removes it. */

type Deed = (world: World) => void;

const set =
  (value: string): Deed =>
  (world) =>
    world.restart(value);
const remove: Deed = (world) => world.restart();
const edit =
  (spec: Partial<InstallationSpec>): Deed =>
  (world) =>
    world.edit(spec);
const rollsOut: Deed = (world) => world.converge();
const begins: Deed = (world) => world.settle();
/** Somebody deletes every record. */
const forget: Deed = (world) => {
  world.observed = { ...world.observed, revisions: [] };
};
const fails: Deed = (world) => {
  world.settle();
  world.pod({ hasStarted: true });
  world.fail();
  world.converge();
  world.observed = { ...world.observed, pods: [] };
};

/** An installation of 1.0.0 at rest, and then this. */
function life(...deeds: readonly Deed[]): World {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0', config: { A: '1' } });
  world.converge();
  world.journal.length = 0;
  deeds.forEach((deed) => deed(world));
  world.settle();
  return world;
}

const rollouts = ({ journal }: World) => journal.filter((write) => write === 'record ControllerRevision').length;
const told = (world: World) => world.status.history?.map(({ trigger, result }) => `${trigger} ${result}`);
const healthy = (world: World) => world.status.conditions?.find((c) => c.type === 'UpgradeHealthy')?.reason;

describe('pods are made anew', () => {
  it.each<[what: string, deeds: readonly Deed[], value: string | undefined, count: number]>([
    // https://github.com/bookingcom/shipper/issues/89, https://github.com/elastic/cloud-on-k8s/pull/9172
    ['once by a value', [set('a'), rollsOut], 'a', 1],
    ['once more by another', [set('a'), rollsOut, set('b'), rollsOut], 'b', 2],
    ['with the newest value, where one is under way', [set('a'), begins, set('b'), rollsOut], 'b', 2],
    ['once by a value together with an edit', [set('a'), edit({ config: { A: '2' } }), rollsOut], 'a', 1],
    ['never while it is suspended', [edit({ suspend: true }), set('a'), rollsOut], undefined, 0],
    ['once that is over', [edit({ suspend: true }), set('a'), rollsOut, edit({ suspend: false }), rollsOut], 'a', 1],
    // https://github.com/fluxcd/flux2/issues/2526, https://github.com/derailed/k9s/issues/3285
    ['no second time by a tool that removes the annotation', [set('a'), rollsOut, remove, rollsOut], 'a', 1],
    // https://github.com/aptakube/aptakube/issues/233
    ['nor by one that brings it back', [set('a'), rollsOut, remove, rollsOut, set('a'), rollsOut], 'a', 1],
    // https://github.com/travisghansen/argo-cd-helmfile/issues/31, https://github.com/elastic/docs-content/pull/5838
    ['to the end, where it is removed in the midst', [set('a'), begins, remove, rollsOut], 'a', 1],
    ['never, where it is removed before anything began', [set('a'), remove, rollsOut], undefined, 0],
    [
      'never, where it is removed while suspended',
      [edit({ suspend: true }), set('a'), rollsOut, remove, edit({ suspend: false }), rollsOut],
      undefined,
      0,
    ],
    [
      'by an edit after that, and keep the value',
      [set('a'), rollsOut, remove, edit({ config: { A: '2' } }), rollsOut],
      'a',
      2,
    ],
    [
      'by an upgrade after that, and keep the value',
      [set('a'), rollsOut, remove, edit({ version: '1.1.0' }), rollsOut],
      'a',
      2,
    ],
    [
      'from the record, where somebody deleted the Deployment',
      [set('a'), rollsOut, remove, (world) => world.deleteDeployment(), rollsOut],
      'a',
      1,
    ],
    // https://github.com/grafana/agent/issues/4495, https://github.com/VictoriaMetrics/operator/issues/1215
    [
      'by healing of their template alone, where somebody changed that',
      [set('a'), rollsOut, (world) => world.tamper('kubectl', 'spec.template'), rollsOut],
      'a',
      1,
    ],
    // Their record is written again, and no template.
    ['never, where their record is lost', [set('a'), rollsOut, forget, rollsOut], 'a', 1 + 1],
    [
      'never, where the annotation is lost with their record',
      [set('a'), rollsOut, remove, forget, rollsOut],
      'a',
      1 + 1,
    ],
    [
      'once by another value, where their record is lost',
      [set('a'), rollsOut, forget, set('b'), rollsOut, rollsOut],
      'b',
      2 + 1,
    ],
  ])('%s', (_, deeds, value, count) => {
    const world = life(...deeds);

    expect([world.observed.deployment?.restart, rollouts(world)]).toEqual([value, count]);
  });
});

it('is a rollout of the spec at the version that runs, newer ones or not', () => {
  const world = life(set('a'), rollsOut);

  expect([world.observed.deployment?.version, told(world), world.head?.restart]).toEqual([
    '1.0.0',
    ['Spec Succeeded', 'Install Succeeded'],
    'a',
  ]);
});

it('takes no version that only waits for its window', () => {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto', upgrade: { minReleaseAge: '72h' } });
  world.converge();
  world.publish(catalogue('1.0.0', '1.0.1'));
  world.converge();
  world.restart('a');
  world.converge();

  expect([world.observed.deployment?.version, world.observed.deployment?.restart]).toEqual(['1.0.0', 'a']);
});

it('needs the content of its release', () => {
  const gone: Deed = (world) => world.publish(catalogue('1.1.0'));

  expect(life(set('a'), rollsOut, gone, set('b'), rollsOut).ready()).toBe('False ReleaseMissing');
  expect(life(set('a'), rollsOut, gone, remove, rollsOut).ready()).toMatch(/^True/);
});

describe('a restart that fails', () => {
  const afterA = [set('a'), rollsOut];

  it.each<
    [
      what: string,
      deeds: readonly Deed[],
      ready: string,
      health: string | undefined,
      value: string | undefined,
      count: number,
    ]
  >([
    ['goes back and is held', [set('a'), fails], 'False RolledBack', 'RolledBack', undefined, 1],
    ['goes back to the value before it', [...afterA, set('b'), fails], 'False RolledBack', 'RolledBack', 'a', 2],
    [
      'is held however often it is set',
      [set('a'), fails, set('a'), rollsOut],
      'False RolledBack',
      'RolledBack',
      undefined,
      1,
    ],
    [
      'is tried again with another value',
      [set('a'), fails, set('b'), rollsOut],
      'True UpgradeAvailable',
      'Succeeded',
      'b',
      2,
    ],
    [
      'is tried again with another config',
      [set('a'), fails, edit({ config: { A: '2' } }), rollsOut],
      'True UpgradeAvailable',
      'Succeeded',
      'a',
      2,
    ],
    [
      'is withdrawn by removing it',
      [set('a'), fails, remove, rollsOut],
      'True UpgradeAvailable',
      'Withdrawn',
      undefined,
      1,
    ],
    [
      'is withdrawn by the value before it',
      [...afterA, set('b'), fails, set('a'), rollsOut],
      'True UpgradeAvailable',
      'Withdrawn',
      'a',
      2,
    ],
    [
      'is withdrawn by removing it before it fails',
      [...afterA, set('b'), begins, remove, fails],
      'True UpgradeAvailable',
      'Withdrawn',
      'a',
      2,
    ],
    [
      'is withdrawn also while its pods go',
      [set('a'), begins, (world) => world.fail(), begins, remove, rollsOut],
      'True UpgradeAvailable',
      'Withdrawn',
      undefined,
      1,
    ],
  ])('%s', (_, deeds, ready, health, value, count) => {
    const world = life(...deeds);

    expect([world.ready(), healthy(world), world.observed.deployment?.restart, rollouts(world)]).toEqual([
      ready,
      health,
      value,
      count,
    ]);
  });
});

it('nobody lets go of an edit that failed by removing the annotation of a restart before it', () => {
  const world = life(set('a'), rollsOut, edit({ config: { A: 'bad' } }), fails, remove, rollsOut);

  expect([world.ready(), rollouts(world)]).toEqual(['False RolledBack', 2]);
});

it('an edit that is taken back in its midst goes back, also where the annotation is gone by then', () => {
  const world = life(set('a'), edit({ config: { A: '2' } }), begins, remove, edit({ config: { A: '1' } }), rollsOut);

  expect([world.observed.deployment?.restart, rollouts(world), world.journal.at(-1)]).toEqual([
    undefined,
    1,
    'restore Deployment',
  ]);
});

it('an edit that failed together with a restart is tried once alone, when that is withdrawn', () => {
  const both = [set('a'), edit({ config: { A: 'bad' } }), fails];
  const again = life(...both, remove, fails, rollsOut);

  expect([life(...both, rollsOut).ready(), again.ready(), rollouts(again)]).toEqual([
    'False RolledBack',
    'False RolledBack',
    2,
  ]);
});

it('whatever happened before, who removes the annotation begins nothing, and all comes to rest', () => {
  const deeds: Readonly<Record<string, Deed>> = {
    a: set('a'),
    b: set('b'),
    remove,
    rollsOut,
    begins,
    fails,
    forgetAndFind: (world) => {
      // The world uses no number twice.
      const [newest] = world.state.records;
      if (newest && newest === world.head && world.observed.installation.spec.suspend !== true) {
        forget(world);
        world.settle();
      }
    },
    A2: edit({ config: { A: '2' } }),
    A1: edit({ config: { A: '1' } }),
    suspend: edit({ suspend: true }),
    resume: edit({ suspend: false }),
    relabel: (world) => world.relabel(),
    tamper: (world) => world.tamper('kubectl', 'spec.template'),
    delete: (world) => world.deleteDeployment(),
    undo: (world) => world.undo('1'),
  };
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(deeds)), { maxLength: 12 }), (names) => {
      const world = life(...names.map((name) => deeds[name]!), rollsOut, rollsOut);
      fc.pre(world.ready() !== 'False RolledBack');
      const before = rollouts(world);
      remove(world);
      world.converge();

      expect(rollouts(world)).toBe(before);
    }),
  );
});
