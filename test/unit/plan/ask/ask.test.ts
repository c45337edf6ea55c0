import { describe, expect, it } from 'vitest';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import type { Release } from '../../../../src/api/provider.ts';
import { askDowngrade, askUpgrade, type Ask } from '../../../../src/plan/ask/ask.ts';
import { missingFor } from '../../../../src/plan/ask/missing.ts';
import { outcomeOf } from '../../../../src/plan/ask/outcome.ts';
import { prospectOf } from '../../../../src/plan/ask/prospect.ts';
import { successorsOf } from '../../../../src/plan/ask/successors.ts';
import { catalogue, release, software, softwareRelease } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** Requests by people and portals, as changes of a spec. */

const email = { name: 'adminEmail', dataType: 'text', format: 'email', required: true } as const;

function installed(spec: Partial<InstallationSpec>, ...releases: readonly (string | Release)[]): World {
  const world = new World(catalogue('1.0.0'), { version: '1.0.0', ...spec });
  world.converge();
  world.publish(catalogue('1.0.0', ...releases));
  world.converge();
  return world;
}

/** The change in a line: what is written, what is refused, or nothing. */
function told(ask: ReturnType<typeof askUpgrade>): string {
  if (ask.kind === 'problem') {
    return ask.reason;
  }
  const { version, upgrade } = ask.spec;
  const parts = [version, upgrade && `consent ${upgrade.allowDowngradeTo}`, ask.retries && 'again'];
  return parts.filter(Boolean).join(', ') || 'nothing';
}

const upgrade = (world: World, version?: string) => told(askUpgrade(world.observed, version, world.now));
const downgrade = (world: World, version: string) => told(askDowngrade(world.observed, version, world.now));

describe('an upgrade', () => {
  const breaking = release('2.0.0', { breaking: { note: 'Read this' } });
  const yanked = release('1.2.0', { lifecycle: { stage: 'yanked' } });
  const preview = release('1.3.0', { lifecycle: { stage: 'preview' } });
  const stepping = release('3.0.0', { upgradesFrom: '>=2.0.0' });

  it.each<{ to?: string; spec?: Partial<InstallationSpec>; of: (string | Release)[]; is: string }>([
    { of: [], is: 'nothing' },
    { of: ['1.1.0', '1.2.0'], is: '1.2.0' },
    { to: '1.1.0', of: ['1.1.0', '1.2.0'], is: '1.1.0' },
    { to: '1.0.0', of: ['1.1.0'], is: 'nothing' },
    { to: '9.9.9', of: ['1.1.0'], is: 'VersionNotFound' },
    { to: '0.9.0', of: ['0.9.0'], is: 'UseDowngrade' },
    // Unnamed only what every tenant may have without a thought.
    { of: ['1.1.0', breaking], is: '1.1.0' },
    { of: [breaking], is: 'NothingTakeable' },
    { to: '2.0.0', of: [breaking], is: '2.0.0' },
    { of: [yanked], is: 'NothingTakeable' },
    { to: '1.2.0', of: [yanked], is: 'Yanked' },
    { of: [preview, '1.1.0'], is: '1.1.0' },
    { to: '1.3.0', of: [preview], is: '1.3.0' },
    { to: '3.0.0', of: ['2.0.0', stepping], is: '3.0.0' },
    { to: '3.0.0', of: [stepping], is: 'PathMissing' },
    { spec: { upgrade: { skipVersions: ['1.2.0'] } }, of: ['1.1.0', '1.2.0'], is: '1.1.0' },
    { spec: { upgrade: { range: '<1.2.0' } }, of: ['1.1.0', '1.2.0'], is: '1.1.0' },
    { spec: { suspend: true }, of: ['1.1.0'], is: '1.1.0' },
    { to: '1.1.0', of: [release('1.1.0', { userInputs: [email] })], is: 'MissingUserInputs' },
    {
      to: '1.1.0',
      of: [release('1.1.0', { systemSoftwareDependencies: [{ name: 'php', range: '^8' }] })],
      is: 'SoftwareNotFound',
    },
    // Under automation the floor is raised.
    { spec: { upgradePolicy: 'auto' }, to: '2.0.0', of: [breaking], is: '2.0.0' },
    { spec: { upgradePolicy: 'auto' }, to: '1.0.0', of: [], is: 'nothing' },
  ])('to $to with $of is $is', ({ to, spec = {}, of, is }) => {
    expect(upgrade(installed(spec, ...of), to)).toBe(is);
  });

  it('that was asked for already is nothing, until it has failed: then it is tried again', () => {
    const world = installed({}, '1.1.0');
    world.edit({ version: '1.1.0' });
    expect(upgrade(world, '1.1.0')).toBe('nothing');
    world.settle();
    expect(upgrade(world, '1.1.0')).toBe('nothing');
    world.fail();
    world.converge();
    expect([world.ready(), upgrade(world, '1.1.0'), upgrade(world)]).toEqual([
      'False RolledBack',
      '1.1.0, again',
      'NothingTakeable',
    ]);
  });

  it('back to what is stable cancels the one that is under way', () => {
    const world = installed({}, '1.1.0');
    world.edit({ version: '1.1.0' });
    world.settle();
    expect(upgrade(world, '1.0.0')).toBe('1.0.0');
  });

  it('of what was never installed names what would be', () => {
    const world = new World(catalogue('1.0.0', '1.1.0'), { version: '9.9.9' });
    world.converge();
    expect([upgrade(world), upgrade(world, '1.0.0')]).toEqual(['1.1.0', '1.0.0']);
  });

  it('is not refused for what was wrong before', () => {
    const world = installed({}, '1.1.0');
    world.edit({ configFrom: [{ name: 'A', configMapKeyRef: { name: 'gone', key: 'a' } }] });
    world.settle();
    expect(world.ready()).toContain('ConfigMapNotFound');
    expect([upgrade(world, '1.1.0'), upgrade(world, '9.9.9')]).not.toContain('ConfigMapNotFound');
  });
});

describe('a downgrade', () => {
  const open = release('1.1.0', { downgradableTo: '>=1.0.0' });

  function at(version: string, spec: Partial<InstallationSpec>, ...releases: readonly (string | Release)[]): World {
    const world = new World(catalogue(...releases), { version, ...spec });
    world.converge();
    return world;
  }

  it.each<{ to: string; spec?: Partial<InstallationSpec>; of: (string | Release)[]; is: string }>([
    { to: '1.0.0', of: ['1.0.0', open], is: '1.0.0, consent 1.0.0' },
    { to: '1.0.0', of: ['1.0.0', '1.1.0'], is: 'DowngradeRefused' },
    { to: '1.1.0', of: ['1.0.0', open], is: 'NotLower' },
    { to: '0.1.0', of: ['1.0.0', open], is: 'VersionNotFound' },
    { to: '1.0.0', spec: { upgradePolicy: 'auto' }, of: ['1.0.0', open], is: 'SwitchToManual' },
  ])('to $to is $is', ({ to, spec = {}, of, is }) => {
    expect(downgrade(at('1.1.0', spec, ...of), to)).toBe(is);
  });

  it('of what was never installed is none', () => {
    expect(downgrade(new World(catalogue('1.0.0'), {}), '1.0.0')).toBe('NothingInstalled');
  });

  it('that the spec then asks for is one that the operator makes', () => {
    const world = at('1.1.0', {}, '1.0.0', open);
    world.edit((askDowngrade(world.observed, '1.0.0', world.now) as Ask).spec);
    world.converge();
    expect(world.status.currentVersion).toBe('1.0.0');
  });
});

describe('the outcome of a change', () => {
  it('names the path, the software that moves and the variables, and no value', () => {
    const needs = { systemSoftwareDependencies: [{ name: 'php', range: '^8.0.0' }] };
    const env = (...names: string[]) => ({ runtime: { env: names.map((name) => ({ name, value: 'secret' })) } });
    const php = software(
      'php',
      softwareRelease('php', '8.3.0', { provides: { env: [{ name: 'PHP', value: 'secret' }] } }),
    );
    const versions = [
      release('1.0.0', env('A', 'B')),
      release('2.0.0', env('A')),
      release('3.0.0', { upgradesFrom: '>=2.0.0', ...needs }),
    ];
    const world = new World(catalogue(...versions), { version: '1.0.0', config: { OWN: 'secret' } }, [php]);
    world.converge();
    const before = prospectOf(world.observed, world.now);
    world.edit({ version: '3.0.0', config: { OWN: 'other', NEW: 'secret' } });
    const outcome = outcomeOf(before, prospectOf(world.observed, world.now));

    expect(outcome).toEqual({
      version: '3.0.0',
      path: ['2.0.0', '3.0.0'],
      software: [],
      env: { added: ['NEW'], changed: ['OWN'], removed: ['B'] },
    });
    expect(JSON.stringify(outcome)).not.toContain('secret');

    world.converge();
    world.publish(catalogue(...versions, release('4.0.0', env())));
    const then = prospectOf(world.observed, world.now);
    world.edit({ version: '4.0.0' });
    expect(outcomeOf(then, prospectOf(world.observed, world.now))).toMatchObject({
      software: [{ name: 'php', from: '8.3.0' }],
      env: { removed: ['PHP'] },
    });
  });
});

describe('what a version needs', () => {
  it('is the software and the answers that are not there', () => {
    const needs = release('1.1.0', {
      systemSoftwareDependencies: [{ name: 'php', range: '^8.0.0' }],
      userInputs: [email, { name: 'title', dataType: 'text', required: true }],
    });
    const world = new World(catalogue('1.0.0', needs), { version: '1.0.0' }, [software('php', '8.3.0')]);
    world.converge();
    world.edit({ userInputs: [{ name: 'title', value: 'Shop' }] });
    const { software: missing, inputs } = missingFor(prospectOf(world.observed, world.now), needs);

    expect(missing).toEqual([{ name: 'php', range: '^8.0.0' }]);
    expect(inputs.map(({ name, input }) => [name, input?.format])).toEqual([['adminEmail', 'email']]);
  });
});

describe('the successors of a version', () => {
  it.each<{ of: string; is: string[] }>([
    { of: '1.0.0', is: ['1.1.0', '2.0.0', '3.0.0'] },
    { of: '2.0.0', is: ['3.0.0'] },
    { of: '3.0.0', is: [] },
  ])('$of are $is', ({ of, is }) => {
    const published = catalogue(
      '1.0.0',
      '1.1.0',
      '2.0.0',
      release('2.1.0', { lifecycle: { stage: 'yanked' } }),
      release('2.2.0', { lifecycle: { stage: 'preview' } }),
      release('3.0.0', { upgradesFrom: '>=2.0.0 <3.0.0' }),
      release('4.0.0', { upgradesFrom: '>=3.5.0' }),
    );
    expect(successorsOf(published, of).map(({ version }) => version)).toEqual(is);
  });
});
