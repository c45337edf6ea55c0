import { describe, expect, it } from 'vitest';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import type { Release } from '../../../../src/api/provider.ts';
import { foreignEnv } from '../../../../src/plan/pods/tenant-env.ts';
import { catalogue, config, release } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/**
 * A publisher says which variables its tenants may set: an allow-list, where any list of what is forbidden has holes
 * (argoproj/argo-cd#8986, confidential-dot-ai/c8s#550, openclaw/openclaw#91765, tektoncd/pipeline#5699, navikt/cplt#51).
 */

const from = (name: string) => ({ name, configMapKeyRef: { name: 'settings', key: 'a' } });
const region = { name: 'region', dataType: 'text' as const };

it.each<[what: string, release: Partial<Release>, spec: Partial<InstallationSpec>, foreign: string[]]>([
  ['anything where it says nothing', {}, { config: { A: '', B: '' } }, []],
  ['what it names', { tenantEnv: ['A'] }, { config: { A: '', B: '' } }, ['B']],
  [
    'what begins as it says',
    { tenantEnv: ['LOG_*'] },
    { config: { LOG_LEVEL: '', LOG_: '', LOG: '', MY_LOG_: '' } },
    ['LOG', 'MY_LOG_'],
  ],
  ['nothing', { tenantEnv: [] }, { config: { A: '' }, configFrom: [from('B')] }, ['A', 'B']],
  ['it by reference as well', { tenantEnv: ['A'] }, { configFrom: [from('A'), from('B')] }, ['B']],
  ['what it asks for', { tenantEnv: [], userInputs: [region] }, { config: { REGION: 'eu' } }, []],
  ['in the very letters', { tenantEnv: ['A'] }, { config: { a: '' } }, ['a']],
])('a release lets tenants set %s', (_, published, spec, foreign) => {
  expect(foreignEnv(release('1.0.0', published), spec)).toEqual(foreign);
});

const OPEN = release('1.0.0');
const STRICT = release('1.1.0', { tenantEnv: ['LOG_*', 'TZ'] });
const SAYS = 'Remove "DEBUG" from config and configFrom: 1.1.0 lets its tenants set only "LOG_*", "TZ"';

const message = (world: World, type: string) => world.status.conditions?.find((c) => c.type === type)?.message;
const runs = (world: World) => [world.observed.deployment?.version, world.ready()];

function running(spec: Partial<InstallationSpec>, ...published: Release[]): World {
  const world = new World(catalogue('1.0.0'), { config: { DEBUG: '1' }, ...spec });
  world.converge();
  world.publish(catalogue(...published));
  world.converge();
  return world;
}

describe('a tenant who sets something else', () => {
  it('is not moved there by automation, is told, and goes on when that is removed', () => {
    const world = running({ upgradePolicy: 'auto' }, OPEN, STRICT);
    expect(runs(world)).toEqual(['1.0.0', 'True UpgradeAvailable']);
    expect(world.status.updateCandidates?.[0]?.blockedBy).toEqual(['EnvNotAllowed']);
    expect(message(world, 'UpdateAvailable')).toBe(SAYS);

    world.edit({ config: { LOG_LEVEL: 'debug' } });
    world.converge();
    world.converge();
    expect(runs(world)).toEqual(['1.1.0', 'True UpToDate']);
  });

  it('is refused who names it, and what runs goes on', () => {
    const world = running({}, OPEN, STRICT);
    world.edit({ version: '1.1.0' });
    world.converge();
    expect(runs(world)).toEqual(['1.0.0', 'False EnvNotAllowed']);
    expect(message(world, 'Ready')).toBe(`${SAYS}; 1.0.0 stays`);
  });

  it('cannot install it', () => {
    const world = new World(catalogue(STRICT), { config: { DEBUG: '1' }, version: '1.1.0' });
    world.converge();
    expect(runs(world)).toEqual([undefined, 'False EnvNotAllowed']);
    const unnamed = new World(catalogue(STRICT), { config: { DEBUG: '1' } });
    unnamed.converge();
    expect(runs(unnamed)).toEqual([undefined, 'False EnvNotAllowed']);
  });

  it('gets no more of it by an edit', () => {
    const world = new World(catalogue(STRICT), { config: { TZ: 'UTC' } });
    world.converge();
    world.edit({ config: { TZ: 'UTC', DEBUG: '1' } });
    world.converge();
    expect(runs(world)).toEqual(['1.1.0', 'False EnvNotAllowed']);
    expect(world.journal.filter((line) => line === 'record ControllerRevision')).toHaveLength(1);
  });
});

describe('a publisher who says so of what runs already', () => {
  const tightened = () => running({}, release('1.0.0', { tenantEnv: ['TZ'] }));

  it('disturbs nobody', () => {
    const world = tightened();
    expect(runs(world)).toEqual(['1.0.0', 'True UpToDate']);
    expect(world.journal.filter((line) => line === 'record ControllerRevision')).toHaveLength(1);
  });

  it('holds up no healing, and the platform brings no new pods', () => {
    const world = tightened();
    world.tamper('kubectl-set', 'spec.template');
    world.observed = { ...world.observed, config: { ...config, tiers: { standard: { replicas: 3 } } } };
    world.converge();
    expect([runs(world), world.observed.deployment?.replicas, world.state.isPristine]).toEqual([
      ['1.0.0', 'True UpToDate'],
      2,
      true,
    ]);
  });
});
