import { describe, expect, it } from 'vitest';
import { OperatorConfig } from '../../../../src/api/operator-config.ts';
import { catalogue, release, software } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** 1.0.0 ran well, and 1.1.0 is being rolled out by name. */
function underWay(published = catalogue('1.0.0', '1.1.0'), shelf = [software('php', '8.2.0', '8.3.0')]): World {
  const world = new World(published, { version: '1.0.0' }, shelf);
  world.converge();
  world.edit({ version: '1.1.0' });
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.1.0');
  return world;
}

const needs = (version: string, range: string) =>
  release(version, { systemSoftwareDependencies: [{ name: 'php', range }] });
const mirrored = release('1.0.0', { image: 'old.example.com/acme/web:1.0.0' });
const onlyOurs = OperatorConfig.parse({ allowedImagePrefixes: ['registry.example.com'] });

describe('to name what ran before, in the midst of a rollout, brings it back just as it was', () => {
  it.each<[string, () => World, (world: World) => void]>([
    ['', underWay, () => undefined],
    ['although it is not published any more', underWay, (world) => world.publish(catalogue('1.1.0'))],
    ['although its Provider is gone', underWay, (world) => world.publish(undefined)],
    [
      'although its image is not allowed any more',
      () => underWay(catalogue(mirrored, '1.1.0')),
      (world) => (world.observed = { ...world.observed, config: onlyOurs }),
    ],
    [
      'although its software is not published any more',
      () => underWay(catalogue(needs('1.0.0', '<8.3.0'), needs('1.1.0', '>=8.3.0'))),
      (world) => world.shelve(software('php', '8.3.0')),
    ],
    [
      'and not what was published as the same version since',
      underWay,
      (world) => world.publish(catalogue(release('1.0.0', { image: 'registry.example.com/acme/web:other' }), '1.1.0')),
    ],
  ])('%s', (_, begin, happen) => {
    const world = begin();
    const image = world.observed.catalogue?.releases.find((r) => r.version === '1.0.0')?.image;
    happen(world);
    world.edit({ version: '1.0.0' });
    world.settle();

    expect(world.head).toMatchObject({ number: 1, version: '1.0.0', image });
    expect(world.ready()).toBe('Unknown RollingOut');
    world.converge();
    expect(world.status.history?.map(({ version, result }) => `${version} ${result}`)).toEqual([
      '1.0.0 Succeeded',
      '1.1.0 Superseded',
      '1.0.0 Succeeded',
    ]);
    expect(world.status.failedVersions).toBeUndefined();
  });

  it('with the new configuration, where that was edited, too', () => {
    const world = underWay();
    world.edit({ version: '1.0.0', config: { GREETING: 'hello' } });
    world.settle();
    expect(world.head).toMatchObject({ number: 3, version: '1.0.0', trigger: 'Spec' });
    world.converge();
    expect(world.status.effective?.configHash).toBe(world.head?.effective.configHash);
  });

  it('the next wish is a rollout of its own, with a number that none had before', () => {
    const world = underWay(catalogue('1.0.0', '1.1.0', '1.2.0'));
    world.edit({ version: '1.0.0' });
    world.converge();
    world.edit({ version: '1.2.0' });
    world.settle();
    expect(world.head).toMatchObject({ number: 3, version: '1.2.0' });
  });

  it('nothing comes back while it is suspended', () => {
    const world = underWay();
    world.publish(catalogue('1.1.0'));
    world.edit({ version: '1.0.0', suspend: true });
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.1.0');
    expect(world.ready()).toBe('False Suspended');
  });
});
