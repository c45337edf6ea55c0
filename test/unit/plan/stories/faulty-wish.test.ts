import { describe, expect, it } from 'vitest';
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
