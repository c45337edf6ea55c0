import { describe, expect, it } from 'vitest';
import { eventsBetween } from '../../../../src/plan/tell/events.ts';
import type { Observed } from '../../../../src/plan/state/observed.ts';
import { catalogue, catalogueOf, config, release } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** A mistake in the wish is told, and switches off no protection of what runs. */

const message = (world: World, type: string) => world.status.conditions?.find((c) => c.type === type)?.message;
const seeInstallation = (world: World, more: object) => {
  world.observed = { ...world.observed, installation: { ...world.observed.installation, ...more } };
};

interface Fault {
  readonly name: string;
  readonly makes: (world: World) => void;
  readonly told: string;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a range that is none',
    makes: (world) => {
      seeInstallation(world, { generation: 2, invalid: 'upgrade.range: Must be an npm-semver range' });
    },
    told: 'False InvalidSpec',
  },
  {
    name: 'a ConfigMap that is gone',
    makes: (world) => {
      world.edit({ configFrom: [{ name: 'A', configMapKeyRef: { name: 'settings', key: 'a' } }] });
    },
    told: 'False ConfigMapNotFound',
  },
  {
    name: 'a name that the platform reserves since',
    makes: (world) => {
      world.observed = { ...world.observed, config: { ...config, reservedEnvNames: ['LEVEL'] } };
    },
    told: 'False ReservedEnvName',
  },
  {
    name: 'a version that nobody publishes',
    makes: (world) => {
      world.edit({ version: '9.0.0' });
    },
    told: 'False VersionNotFound',
  },
  {
    name: 'a downgrade without consent, and another config',
    makes: (world) => {
      world.edit({ version: '1.1.1', config: { LEVEL: 'debug' } });
    },
    told: 'False DowngradeRefused',
  },
];

const DAMAGES: readonly {
  readonly name: string;
  readonly does: (world: World) => void;
  readonly isMended: (seen: Observed) => boolean;
}[] = [
  {
    name: 'a deleted Service',
    does: (world) => {
      world.observed = { ...world.observed, service: undefined };
    },
    isMended: ({ service }) => service !== undefined,
  },
  {
    name: 'a deleted Deployment',
    does: (world) => {
      world.deleteDeployment();
    },
    isMended: ({ deployment }) => deployment?.version === '1.4.3',
  },
  {
    name: 'another image',
    does: (world) => {
      world.tamper('kubectl-set', 'spec.template.spec.containers');
    },
    isMended: ({ deployment }) => deployment?.owned === deployment?.applied,
  },
];

// fluxcd/kustomize-controller#1180, fluxcd/flux2#3378: a ConfigMap with a hash in its name is pruned with the commit that fails
describe('what came back and reads a ConfigMap that is gone', () => {
  const of = (name: string) => ({ configFrom: [{ name: 'A', configMapKeyRef: { name, key: 'a' } }] });
  const told = (world: World) => world.status.conditions?.find((c) => c.type === 'ReferencesMissing')?.message;
  const keep = (world: World, ...names: string[]) => {
    world.observed = {
      ...world.observed,
      references: {
        content: (_, name, key) =>
          names.includes(name) ? { kind: 'hash', hash: `${name}/${key}` } : { kind: 'missing' },
      },
    };
  };

  it('is named, until it is put back', () => {
    const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0', ...of('settings-a') });
    keep(world, 'settings-a', 'settings-b');
    world.converge();
    expect(told(world)).toBeUndefined();

    world.edit({ version: '1.1.0', ...of('settings-b') });
    keep(world, 'settings-b');
    world.settle();
    world.pod({ restarts: 3, waiting: { reason: 'CrashLoopBackOff', message: '' } });
    world.settle();
    world.rollOut();
    world.settle();
    expect([world.ready(), world.observed.deployment?.version]).toEqual(['False RolledBack', '1.0.0']);
    expect(told(world)).toBe(
      'Put back ConfigMap "settings-a" with key "a": the pods that run read it, and none that starts anew would work',
    );

    keep(world, 'settings-a', 'settings-b');
    world.settle();
    expect(told(world)).toBeUndefined();
  });

  it('is said once, as a Warning', () => {
    const is = (text: string) => ({
      observedGeneration: 1,
      conditions: [
        {
          type: 'ReferencesMissing',
          status: 'True' as const,
          reason: 'PodsCannotRestart',
          message: text,
          lastTransitionTime: '',
        },
      ],
    });
    expect(eventsBetween({ observedGeneration: 1 }, is('a'))).toEqual([
      { type: 'Warning', reason: 'ReferencesMissing', action: 'Reconcile', note: 'a' },
    ]);
    expect(eventsBetween(is('a'), is('a'))).toEqual([]);
    expect(eventsBetween(is('a'), { observedGeneration: 1 })).toEqual([]);
  });
});

describe.each(FAULTS)('with $name', ({ makes, told }) => {
  const faulty = () => {
    const world = new World(catalogue('1.1.1', '1.4.3'), { version: '1.4.3', config: { LEVEL: 'info' } });
    world.converge();
    makes(world);
    world.settle();
    world.pass(61_000);
    world.settle();
    return world;
  };

  it('what is wrong is told, and what runs is what ran', () => {
    const world = faulty();
    expect([world.ready(), world.observed.deployment?.version]).toEqual([told, '1.4.3']);
    expect(message(world, 'UpdateAvailable')).not.toContain('""');
  });

  it.each(DAMAGES)('$name is healed', ({ does, isMended }) => {
    const world = faulty();
    does(world);
    world.settle();
    expect(isMended(world.observed)).toBe(true);
  });

  it('what was changed and is not of the spec any more is healed as it was recorded', () => {
    const world = faulty();
    // Its release is gone as well.
    world.publish(catalogueOf({ versions: [release('2.0.0')] }));
    world.tamper('kubectl-set', 'spec.template.spec.containers');
    world.settle();
    expect(world.observed.deployment?.owned).toBe(world.observed.deployment?.applied);
    expect(world.observed.deployment?.version).toBe('1.4.3');
  });
});
