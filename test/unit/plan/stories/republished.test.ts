import { describe, expect, it } from 'vitest';
import type { Release } from '../../../../src/api/provider.ts';
import type { SoftwareCatalogue } from '../../../../src/plan/catalogue/software-catalogue.ts';
import type { RolloutRecord } from '../../../../src/plan/state/observed.ts';
import { catalogue, config, release, software } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/**
 * Other content is published as a version that runs, as by deleting a Provider and creating it again. Nobody who runs it asked for
 * that, whatever else they ask for. Elsewhere an edit, a restart or a new pod brings it: knative/serving 2210, fleetdm/fleet 35993,
 * coreruleset/modsecurity-crs-docker 87, actions/actions-runner-controller 4130, openshift/openshift-docs 52907.
 */

const PHP = [{ name: 'php', range: '*' }];
const AS_IT_WAS = release('1.0.0', { image: 'a/web:1', systemSoftwareDependencies: PHP });
const OTHER = release('1.0.0', {
  image: 'evil/web:1',
  documentRoot: '/other',
  runtime: { ports: [{ name: 'http', containerPort: 9999 }] },
  systemSoftwareDependencies: [...PHP, { name: 'nginx', range: '*' }],
  userInputs: [{ name: 'region', dataType: 'text', required: true }],
});

const condition = (world: World, type: string) => world.status.conditions?.find((c) => c.type === type);
const rollouts = (world: World) => world.journal.filter((line) => line === 'record ControllerRevision').length;

const shelves = (...more: SoftwareCatalogue[]) => [software('php', '8.2.0'), ...more] as const;

function running(spec: ConstructorParameters<typeof World>[1] = {}, published: Release = AS_IT_WAS): World {
  const world = new World(catalogue(published), spec, shelves());
  world.converge();
  world.publish(catalogue(OTHER));
  world.converge();
  return world;
}

const ASKED: readonly { readonly what: string; readonly does: (world: World) => void }[] = [
  { what: 'another variable', does: (world) => world.edit({ config: { LEVEL: 'debug' } }) },
  { what: 'another tier', does: (world) => world.edit({ resourceTier: 'performance' }) },
  { what: 'new pods', does: (world) => world.restart('2') },
  { what: 'other software', does: (world) => moveSoftware(world) },
  {
    what: 'what the other content asks for',
    does: (world) => world.edit({ userInputs: [{ name: 'region', value: 'eu' }], config: { A: '1' } }),
  },
  { what: 'automation', does: (world) => world.edit({ upgradePolicy: 'auto', config: { LEVEL: 'debug' } }) },
  { what: 'this version by name', does: (world) => world.edit({ version: '1.0.0', config: { LEVEL: 'debug' } }) },
];

function moveSoftware(world: World): void {
  world.shelve(...shelves(), software('php', '8.2.0', '8.3.0'));
  world.edit({ systemSoftware: [{ name: 'php', version: '8.3.0' }] });
}

describe('a tenant who runs it and asks for', () => {
  it.each(ASKED)('$what gets it on the content that runs', ({ does }) => {
    const world = running();
    does(world);
    world.converge();

    expect(rollouts(world)).toBe(2);
    expect(world.head).toMatchObject({ number: 2, image: 'a/web:1', content: { systemSoftwareDependencies: PHP } });
    expect(world.ready()).toBe('True UpToDate');
    expect(condition(world, 'UpdateAvailable')?.reason).toBe('ContentChanged');
  });

  it.each(ASKED)('$what, in vain, goes back and gets it on the content that runs when he tries again', ({ does }) => {
    const world = running();
    does(world);
    world.settle();
    world.fail();
    world.converge();
    world.retry('again');
    world.converge();

    expect(rollouts(world)).toBe(3);
    expect([world.head?.number, world.head?.image]).toEqual([3, 'a/web:1']);
  });

  it('another version, and this one again, asks for what is published by then', () => {
    const world = running({ version: '1.0.0' });
    world.publish(
      catalogue(release('1.0.0', { image: 'b/web:1' }), release('1.1.0', { image: 'a/web:2', downgradableTo: '*' })),
    );
    world.edit({ version: '1.1.0' });
    world.converge();
    world.edit({ version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } });
    world.converge();

    expect([world.head?.version, world.head?.image, world.ready()]).toEqual([
      '1.0.0',
      'b/web:1',
      'True UpgradeAvailable',
    ]);
    expect(condition(world, 'UpdateAvailable')?.reason).not.toBe('ContentChanged');
  });
});

describe('the platform', () => {
  it('gives new pods of a tier the content that runs', () => {
    const world = running();
    world.observed = { ...world.observed, config: { ...config, tiers: { standard: { replicas: 3 } } } };
    world.converge();

    expect([world.head?.trigger, world.head?.image, world.observed.deployment?.replicas]).toEqual([
      'Tier',
      'a/web:1',
      3,
    ]);
  });

  it('moves software under the content that runs', () => {
    const systemSoftware = [{ name: 'php', version: '8.2.0', updatePolicy: 'all' as const }];
    const world = running({ systemSoftware });
    world.shelve(software('php', '8.2.0', '8.3.0'));
    world.converge();

    expect([world.head?.trigger, world.head?.image, world.head?.committed.software]).toEqual([
      'SystemSoftware',
      'a/web:1',
      'php=8.3.0',
    ]);
  });

  it('that allows its image no more keeps what runs, and says so to who edits', () => {
    const world = running();
    world.observed = { ...world.observed, config: { ...config, allowedImagePrefixes: ['evil'] } };
    world.edit({ config: { LEVEL: 'debug' } });
    world.converge();

    expect([rollouts(world), world.ready()]).toEqual([1, 'False ImageNotAllowed']);
  });
});

describe('what is mended needs no read of the record', () => {
  it.each(['kubectl set image', 'kubectl scale'])('after %s', (manager) => {
    const world = running();
    world.journal.length = 0;
    world.tamper(manager, 'spec.template');
    world.settle();

    expect(world.journal).toEqual(['apply Deployment']);
    expect(world.state.isPristine).toBe(true);
  });
});

describe('a version that is on its way when it is published again', () => {
  it('ends as it began, and gives an edit what is published by then: nothing of it has proven itself', () => {
    const world = new World(catalogue('1.0.0', release('1.1.0', { image: 'a/mistake:2' })), { version: '1.0.0' });
    world.converge();
    world.edit({ version: '1.1.0' });
    world.settle();
    world.publish(catalogue('1.0.0', release('1.1.0', { image: 'a/web:2' })));
    world.settle();
    expect([world.head?.image, rollouts(world)]).toEqual(['a/mistake:2', 2]);

    world.edit({ config: { LEVEL: 'debug' } });
    world.converge();
    expect([world.head?.image, rollouts(world), world.ready()]).toEqual(['a/web:2', 3, 'True UpToDate']);
  });
});

describe('a first install that failed', () => {
  it('gives an edit what is published by then: nothing runs that could be kept', () => {
    const world = new World(catalogue(release('1.0.0', { image: 'a/mistake:1' })));
    world.settle();
    world.fail();
    world.settle();
    world.publish(catalogue(release('1.0.0', { image: 'a/web:1' })));
    world.edit({ config: { LEVEL: 'debug' } });
    world.converge();

    expect([world.head?.image, world.ready()]).toEqual(['a/web:1', 'True UpToDate']);
  });
});

/** What a record may say of its content: as an operator before this one wrote it, and as somebody edited it. */
const DAMAGED: readonly [what: string, content: RolloutRecord['content']][] = [
  ['nothing', undefined],
  ['less than there was', {}],
  ['something else', { runtime: { ports: 3 } }],
];

describe('a record that says of its content', () => {
  it.each(DAMAGED)('%s gives an edit what is published, and nobody else', (_, content) => {
    const world = running();
    const forget = () => {
      const revisions = world.observed.revisions.map((r) => (r.kind === 'record' ? { ...r, content } : r));
      world.observed = { ...world.observed, revisions };
    };
    forget();
    world.observed = { ...world.observed, config: { ...config, tiers: { standard: { replicas: 3 } } } };
    world.converge();
    expect([rollouts(world), world.head?.image]).toEqual([1, 'a/web:1']);

    world.publish(catalogue(release('1.0.0', { image: 'b/web:1' })));
    world.edit({ config: { LEVEL: 'debug' } });
    world.converge();
    expect([rollouts(world), world.head?.image]).toEqual([2, 'b/web:1']);
  });
});
