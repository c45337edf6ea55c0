import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it, vi } from 'vitest';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import type { UserInput } from '../../../../src/api/user-input.ts';
import { catalogueOf, release, software, softwareRelease } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

/** Releases ask, tenants answer, and no upgrade fails for a missing answer. */

type Ask = Partial<UserInput> & { readonly name: string };
type Give = NonNullable<InstallationSpec['userInputs']>;

const asking = (...inputs: readonly Ask[]) => ({
  userInputs: inputs.map((one): UserInput => ({ dataType: 'text', ...one })),
});
const give = (values: Record<string, string>): Give => Object.entries(values).map(([name, value]) => ({ name, value }));
const releases = (versions: Record<string, readonly Ask[]>) =>
  catalogueOf({ versions: Object.entries(versions).map(([version, asks]) => release(version, asking(...asks))) });

const email: Ask = { name: 'adminEmail', format: 'email', required: true };
const region: Ask = { name: 'region', dataType: 'select', options: ['eu', 'us'], required: true };

function condition(world: World, type: string) {
  return world.status.conditions?.find((c) => c.type === type);
}

const message = (world: World, type = 'Ready') => condition(world, type)?.message ?? '';
const runs = (world: World) => world.observed.deployment?.version;
/** How often pods were made anew. */
const rollouts = (world: World) => world.journal.filter((write) => write === 'record ControllerRevision').length;

function installed(versions: Record<string, readonly Ask[]>, spec: Partial<InstallationSpec> = {}): World {
  const world = new World(releases(versions), spec);
  world.converge();
  return world;
}

const candidate = (world: World, version: string) => world.status.updateCandidates?.find((c) => c.version === version);

describe('an upgrade that asks', () => {
  const versions = { '1.0.0': [], '1.1.0': [email, region] };
  const auto = { upgradePolicy: 'auto', version: '1.0.0' } as const;

  // https://github.com/rancher/dashboard/issues/15710, https://github.com/RocketChat/helm-charts/issues/170
  it('is a blocked candidate that names each input, and the old pods run', () => {
    const world = installed({ '1.0.0': [] }, auto);
    world.publish(releases(versions));
    world.converge();

    expect(candidate(world, '1.1.0')).toMatchObject({
      blockedBy: ['MissingUserInputs'],
      missingUserInputs: ['adminEmail', 'region'],
      takeable: false,
      eligible: false,
    });
    expect([world.ready(), runs(world), rollouts(world)]).toEqual(['True UpgradeAvailable', '1.0.0', 1]);
    expect(message(world, 'UpdateAvailable')).toBe(
      'Answer in userInputs what 1.1.0 asks for: "adminEmail" must be an email address such as ann@example.com; "region" must be one of "eu", "us"',
    );
  });

  // https://github.com/replicatedhq/kots/pull/4983: what is asked for can be answered while the upgrade is blocked.
  it('is taken by automation once it is answered, without any other edit', () => {
    const world = installed({ '1.0.0': [] }, auto);
    world.publish(releases(versions));
    world.converge();
    world.edit({ userInputs: give({ adminEmail: 'a@b.c', region: 'eu' }) });
    world.converge();

    expect([world.ready(), runs(world), rollouts(world)]).toEqual(['True UpToDate', '1.1.0', 2]);
  });

  it('may be answered early, and nothing is said or done before', () => {
    const world = installed({ '1.0.0': [] }, auto);
    world.publish(releases({ '1.0.0': [], '1.1.0': [{ ...email, pattern: '@example' }] }));
    world.edit({ upgradePolicy: 'manual', userInputs: give({ adminEmail: 'a@example.com' }) });
    world.converge();

    expect([world.ready(), rollouts(world), condition(world, 'InputsUnused')]).toEqual([
      'True UpgradeAvailable',
      1,
      undefined,
    ]);
  });

  it.each([
    ['nothing', [], 'MissingUserInputs'],
    ['what does not fit', give({ adminEmail: 'nobody', region: 'mars' }), 'InvalidUserInput'],
    ['only a part', give({ region: 'eu' }), 'MissingUserInputs'],
  ] as const)('by name, with %s answered, stalls and says all at once', (_, userInputs, reason) => {
    const world = installed(versions, { version: '1.0.0' });
    world.edit({ version: '1.1.0', userInputs: [...userInputs] });
    world.converge();

    expect([world.ready(), runs(world), rollouts(world)]).toEqual([`False ${reason}`, '1.0.0', 1]);
    expect(message(world)).toContain('"adminEmail" must be an email address');
    expect(message(world)).toMatch(/1\.0\.0 stays$/);
    expect(message(world).includes('"region" must be one of')).toBe(userInputs.every((i) => i.value !== 'eu'));
    world.edit({ userInputs: give({ adminEmail: 'a@b.c', region: 'us' }) });
    world.converge();
    expect([world.ready(), runs(world)]).toEqual(['True UpToDate', '1.1.0']);
  });

  it('on the way to what was named is named itself', () => {
    const world = installed({ '1.0.0': [], '2.0.0': [] }, { version: '1.0.0' });
    world.publish(
      catalogueOf({
        versions: [release('1.0.0'), release('1.5.0', { required: true, ...asking(email) }), release('2.0.0')],
      }),
    );
    world.edit({ version: '2.0.0' });
    world.converge();

    expect(world.ready()).toBe('False MissingUserInputs');
    expect(message(world)).toMatch(/what 1\.5\.0 asks for.*"adminEmail".*on the way to 2\.0\.0$/);
  });

  // https://github.com/demisto/demisto-sdk/pull/5006
  it('asks also where an input was optional before and is required now', () => {
    const world = installed({ '1.0.0': [{ ...email, required: false }] }, auto);
    world.publish(releases({ '1.0.0': [{ ...email, required: false }], '1.1.0': [email] }));
    world.converge();

    expect(candidate(world, '1.1.0')?.missingUserInputs).toEqual(['adminEmail']);
  });

  it('holds nobody up for what a software asks for that it does not run on', () => {
    const php = software('php', { version: '8.3.0', ...asking({ name: 'phpKey', required: true }) });
    const world = new World(releases({ '1.0.0': [] }), {}, [php]);
    world.converge();

    expect(world.ready()).toBe('True UpToDate');
  });

  it('asks for what its system software asks for', () => {
    const php = software(
      'php',
      { ...softwareRelease('php', '8.2.0') },
      { ...softwareRelease('php', '8.3.0'), ...asking({ name: 'phpKey', required: true }) },
    );
    const needs = (range: string) => ({ systemSoftwareDependencies: [{ name: 'php', range }] });
    const older = release('1.0.0', needs('8.2.0'));
    const world = new World(catalogueOf({ versions: [older] }), { upgradePolicy: 'auto' }, [php]);
    world.converge();
    world.publish(catalogueOf({ versions: [older, release('1.1.0', needs('8.3.0'))] }));
    world.converge();
    const before = [runs(world), candidate(world, '1.1.0')?.missingUserInputs];
    world.edit({ userInputs: give({ phpKey: 'k' }) });
    world.converge();

    expect([...before, runs(world)]).toEqual(['1.0.0', ['phpKey'], '1.1.0']);
  });
});

describe('a first install that asks', () => {
  it.each([
    ['by itself', {}],
    ['under automation', { upgradePolicy: 'auto' }],
    ['above a floor', { upgradePolicy: 'auto', version: '1.0.0' }],
    ['by name', { version: '1.1.0' }],
  ] as const)('%s stalls at once, and takes no older release instead', (_, spec) => {
    const world = installed({ '1.0.0': [], '1.1.0': [email] }, spec);

    expect([world.ready(), runs(world)]).toEqual(['False MissingUserInputs', undefined]);
    expect(condition(world, 'Stalled')?.message).toContain('"adminEmail"');
    world.edit({ userInputs: give({ adminEmail: 'a@b.c' }) });
    world.converge();
    expect([world.ready(), runs(world)]).toEqual(['True UpToDate', '1.1.0']);
  });

  // https://github.com/nuonco/nuon/pull/2355, https://github.com/replicatedhq/kots/pull/3824
  it.each<[what: string, ask: Ask, spec: Partial<InstallationSpec>, ready: string]>([
    ['required, with a default', { ...region, default: 'eu' }, {}, 'True UpToDate'],
    ['optional', { ...region, required: false }, {}, 'True UpToDate'],
    ['required', region, {}, 'False MissingUserInputs'],
    ['required and generated', { name: 'key', generate: {}, required: true }, {}, 'True UpToDate'],
    ['required and secret', { name: 'key', secret: true, required: true }, {}, 'False MissingUserInputs'],
    [
      'secret, given as a value',
      { name: 'key', secret: true },
      { userInputs: give({ key: 'k' }) },
      'False InvalidUserInput',
    ],
    [
      'generated, given as a value',
      { name: 'key', generate: {} },
      { userInputs: give({ key: 'k' }) },
      'False InvalidUserInput',
    ],
    [
      'secret, given by reference',
      { name: 'key', secret: true, required: true },
      { userInputs: [{ name: 'key', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      'True UpToDate',
    ],
    ['answered by config', { ...region, env: 'REGION' }, { config: { REGION: 'eu' } }, 'True UpToDate'],
    ['answered badly by config', { ...region, env: 'REGION' }, { config: { REGION: 'x' } }, 'False InvalidUserInput'],
    ['secret, answered by config', { name: 'key', secret: true }, { config: { KEY: 'x' } }, 'False InvalidUserInput'],
    [
      'secret, answered by configFrom',
      { name: 'key', secret: true, required: true },
      { configFrom: [{ name: 'KEY', secretKeyRef: { name: 's', key: 'k' } }] },
      'True UpToDate',
    ],
    [
      'answered badly, and by config as well',
      { ...region, env: 'REGION' },
      { config: { REGION: 'eu' }, userInputs: give({ region: 'x' }) },
      'True UpToDate',
    ],
  ])('for what is %s', (_, ask, spec, ready) => {
    expect(installed({ '1.0.0': [ask] }, spec).ready()).toBe(ready);
  });

  it('waits a minute for a Secret that Git may still deliver, and for nothing else', () => {
    const userInputs = [{ name: 'key', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    const world = new World(releases({ '1.0.0': [{ name: 'key', secret: true }] }), { userInputs });
    world.observed = { ...world.observed, references: { content: () => ({ kind: 'missing' }) } };
    world.settle();
    const before = [world.ready(), condition(world, 'Stalled')];
    world.pass(60_000);
    world.settle();

    expect([...before, condition(world, 'Stalled')?.message]).toEqual([
      'False MissingUserInputs',
      undefined,
      'Answer in userInputs what 1.0.0 asks for: "key" needs key "k" of Secret "s", which is not there',
    ]);
  });

  it('says the rule of what is missing and of what does not fit in one message', () => {
    const world = installed({ '1.0.0': [email, region] }, { userInputs: give({ region: 'x' }) });

    expect(message(world)).toBe(
      'Answer in userInputs what 1.0.0 asks for: "adminEmail" must be an email address such as ann@example.com; "region" must be one of "eu", "us"',
    );
  });

  it('never repeats a value', () => {
    const world = installed(
      { '1.0.0': [email, region, { name: 'key', secret: true }] },
      { userInputs: give({ adminEmail: 'CANARY', region: 'CANARY', key: 'CANARY' }) },
    );

    expect(JSON.stringify(world.status)).not.toContain('CANARY');
  });
});

describe('an edit of an answer', () => {
  const given = (lifecycle: UserInput['lifecycle']) => ({
    world: installed(
      { '1.0.0': [{ ...region, lifecycle }], '1.1.0': [{ ...region, lifecycle }] },
      { version: '1.0.0', userInputs: give({ region: 'eu' }) },
    ),
  });

  it.each<[lifecycle: UserInput['lifecycle'], edit: Give, ready: string, rollouts: number, unused: string | undefined]>(
    [
      ['reconfigure', give({ region: 'us' }), 'True UpgradeAvailable', 2, undefined],
      [undefined, give({ region: 'us' }), 'True UpgradeAvailable', 2, undefined],
      ['reconfigure', give({ region: 'x' }), 'False InvalidUserInput', 1, undefined],
      ['reconfigure', [], 'False MissingUserInputs', 1, undefined],
      ['update', give({ region: 'us' }), 'True UpgradeAvailable', 1, 'WaitsForUpgrade'],
      ['update', [], 'True UpgradeAvailable', 1, undefined],
      ['installation', give({ region: 'us' }), 'False InvalidUserInput', 1, undefined],
      ['installation', [], 'True UpgradeAvailable', 1, undefined],
    ],
  )('of the lifecycle %s to %j: %s', (lifecycle, userInputs, ready, count, unused) => {
    const { world } = given(lifecycle);
    world.edit({ userInputs });
    world.converge();

    expect([world.ready(), rollouts(world), condition(world, 'InputsUnused')?.reason]).toEqual([ready, count, unused]);
    world.edit({ userInputs: give({ region: 'eu' }) });
    world.converge();
    expect([world.ready(), condition(world, 'InputsUnused')]).toEqual(['True UpgradeAvailable', undefined]);
  });

  it.each<[lifecycle: UserInput['lifecycle'], edit: Give, ready: string, value: string | undefined]>([
    ['reconfigure', [], 'False MissingUserInputs', 'eu'],
    ['reconfigure', give({ region: 'us' }), 'True UpToDate', 'us'],
    ['update', [], 'False MissingUserInputs', 'eu'],
    ['update', give({ region: 'us' }), 'True UpToDate', 'us'],
    ['installation', [], 'True UpToDate', 'eu'],
    ['installation', give({ region: 'us' }), 'False InvalidUserInput', 'eu'],
  ])('of the lifecycle %s to %j, together with an upgrade: %s', (lifecycle, userInputs, ready, value) => {
    const { world } = given(lifecycle);
    world.edit({ version: '1.1.0', userInputs });
    world.converge();

    expect([world.ready(), world.head?.inputs?.[0]?.value]).toEqual([ready, value]);
  });

  it.each<[lifecycle: UserInput['lifecycle'], rollouts: number]>([
    ['reconfigure', 2],
    ['update', 1],
    ['installation', 1],
  ])('in a Secret that is watched is one, too, for the lifecycle %s', (lifecycle, count) => {
    const userInputs = [{ name: 'key', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    const world = new World(releases({ '1.0.0': [{ name: 'key', secret: true, lifecycle }] }), { userInputs });
    const holds = (hash: string) => {
      world.observed = { ...world.observed, references: { content: () => ({ kind: 'hash', hash }) } };
      world.converge();
    };
    holds('a');
    holds('b');

    expect([world.ready(), rollouts(world)]).toEqual(['True UpToDate', count]);
  });

  it('that is asked for at the installation is not asked for by a later release', () => {
    const asked: Ask = { ...email, lifecycle: 'installation' };
    const world = installed({ '1.0.0': [], '1.1.0': [asked] }, { version: '1.0.0' });
    world.edit({ version: '1.1.0' });
    world.converge();

    expect(world.ready()).toBe('True UpToDate');
  });

  // The present release's lifecycle counts, whatever it was before: https://github.com/kudobuilder/kudo/pull/1485.
  it('goes by the lifecycle that the release has by now', () => {
    const world = installed(
      { '1.0.0': [{ ...region, lifecycle: 'installation' }], '1.1.0': [{ ...region, lifecycle: 'reconfigure' }] },
      { version: '1.0.0', userInputs: give({ region: 'eu' }) },
    );
    world.edit({ version: '1.1.0', userInputs: give({ region: 'us' }) });
    world.converge();

    expect([world.ready(), world.head?.inputs?.[0]?.value]).toEqual(['True UpToDate', 'us']);
  });

  it('goes on in the midst of the first install, which nothing has begun with yet', () => {
    const world = new World(releases({ '1.0.0': [{ ...region, lifecycle: 'installation' }] }), {
      userInputs: give({ region: 'eu' }),
    });
    world.settle();
    world.edit({ userInputs: give({ region: 'us' }) });
    world.converge();

    expect([world.ready(), world.head?.inputs?.[0]?.value]).toEqual(['True UpToDate', 'us']);
  });
});

describe('nobody is restarted', () => {
  it('by a new release with one more input that has a default', () => {
    const world = installed({ '1.0.0': [] }, { version: '1.0.0' });
    world.publish(releases({ '1.0.0': [], '1.1.0': [{ ...region, default: 'eu' }] }));
    world.converge();

    expect(rollouts(world)).toBe(1);
  });

  // https://github.com/Graylog2/graylog2-server/issues/1211
  it.each<[what: string, userInputs: Give]>([
    ['nobody answered', []],
    ['was answered early', give({ region: 'eu' })],
    ['was answered badly', give({ region: 'x' })],
  ])('by a release that is published again and asks for what %s', (_, userInputs) => {
    const world = installed({ '1.0.0': [] }, { version: '1.0.0', userInputs });
    world.publish(releases({ '1.0.0': [region] }));
    world.converge();

    expect([condition(world, 'Ready')?.status, rollouts(world)]).toEqual(['True', 1]);
    expect(condition(world, 'UpdateAvailable')?.reason).toBe('ContentChanged');
  });

  it('by an answer that nobody asks for, in whatever order, which is told once', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['a', 'b', 'c', 'region', 'adminEmail'], { minLength: 1 }), (names) => {
        const world = installed({ '1.0.0': [] }, {});
        world.publish(releases({ '1.0.0': [], '0.9.0': [region, email] }));
        world.edit({ userInputs: names.map((name) => ({ name, value: 'x' })) });
        world.converge();

        const unknown = names.filter((name) => name.length === 1);
        expect(rollouts(world)).toBe(1);
        expect(condition(world, 'InputsUnused')?.reason).toBe(unknown.length > 0 ? 'UnknownUserInput' : undefined);
        expect(unknown.every((name) => message(world, 'InputsUnused').includes(`"${name}"`))).toBe(true);
      }),
    );
  });

  it('by the order of the answers', () => {
    const asks: Ask[] = [region, email, { name: 'title' }];
    const answers = give({ region: 'eu', adminEmail: 'a@b.c', title: 't' });
    fc.assert(
      fc.property(fc.shuffledSubarray([...answers], { minLength: 3 }), (userInputs) => {
        const world = installed({ '1.0.0': asks }, { userInputs: answers });
        world.edit({ userInputs });
        world.converge();
        expect([world.ready(), rollouts(world)]).toEqual(['True UpToDate', 1]);
      }),
    );
  });

  it('by a wiped status or a lost record: what is kept comes from what runs', () => {
    const world = installed(
      { '1.0.0': [{ ...region, lifecycle: 'installation' }] },
      { userInputs: give({ region: 'eu' }) },
    );
    world.loseStatus();
    world.converge();

    expect(rollouts(world)).toBe(1);
  });

  it('by what automation would move, where its new software asks for something first', () => {
    const php = (...more: Parameters<typeof software>[1][]) =>
      software('php', softwareRelease('php', '8.2.0'), ...more);
    const world = new World(
      catalogueOf({ versions: [release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] })] }),
      { upgradePolicy: 'auto' },
      [php()],
    );
    world.converge();
    world.shelve(php({ ...softwareRelease('php', '8.2.1'), ...asking({ name: 'key', required: true }) }));
    world.converge();

    expect([condition(world, 'Ready')?.status, rollouts(world)]).toEqual(['True', 1]);
    world.edit({ userInputs: give({ key: 'k' }) });
    world.converge();
    world.converge();
    expect(world.observed.deployment?.software).toBe('php=8.2.1');
  });
});

describe('going back', () => {
  it('across a release that asks more brings back what ran, with the answers of that time', () => {
    const world = installed({ '1.0.0': [] }, { upgradePolicy: 'auto' });
    world.publish(releases({ '1.0.0': [], '1.1.0': [region] }));
    world.edit({ userInputs: give({ region: 'eu' }) });
    world.settle();
    world.fail();
    world.settle();
    world.rollOut();
    world.settle();

    expect([runs(world), world.head?.inputs, condition(world, 'UpgradeHealthy')?.reason]).toEqual([
      '1.0.0',
      undefined,
      'RolledBack',
    ]);
    expect(candidate(world, '1.1.0')?.blockedBy).toEqual(['PreviouslyFailed']);
  });

  it('an answer that failed is held until it changes', () => {
    const world = installed({ '1.0.0': [region] }, { userInputs: give({ region: 'eu' }) });
    world.edit({ userInputs: give({ region: 'us' }) });
    world.settle();
    world.fail();
    world.converge();
    const held = [world.ready(), world.head?.inputs?.[0]?.value];
    world.edit({ description: 'again' });
    world.converge();
    const still = world.ready();
    world.edit({ userInputs: give({ region: 'eu' }) });
    world.converge();

    expect([...held, still, world.ready()]).toEqual(['False RolledBack', 'eu', 'False RolledBack', 'True UpToDate']);
  });
});

describe('a generated secret', () => {
  const key: Ask = { name: 'encryptionKey', generate: { length: 40 } };
  const generated = (world: World) => world.journal.filter((write) => write === 'generate ControllerRevision').length;

  it('is made before the record of the first rollout that needs it, and is the same in every later one', () => {
    const world = installed({ '1.0.0': [key], '1.1.0': [key] }, { version: '1.0.0' });
    const first = world.head?.inputs?.[0]?.generated;
    world.edit({ version: '1.1.0' });
    world.converge();
    world.edit({ config: { A: '1' } });
    world.converge();

    expect(world.journal[0]).toBe('generate ControllerRevision');
    expect(first?.name).toMatch(/^web-encryptionkey-[0-9a-f]{16}$/);
    expect(world.head?.inputs?.[0]?.generated).toEqual(first);
    expect(world.observed.revisions.filter((r) => r.kind === 'generated')).toHaveLength(1);
    // Each later rollout sees first that it is still there.
    expect(generated(world)).toBe(3);
  });

  // https://github.com/soundspan/soundspan/pull/25
  it('is left to whoever gives a value, and is found again afterwards', () => {
    const world = installed({ '1.0.0': [key] });
    const first = world.head?.inputs?.[0]?.generated;
    world.edit({ userInputs: [{ name: 'encryptionKey', valueFrom: { secretKeyRef: { name: 'own', key: 'k' } } }] });
    world.converge();
    const own = world.head?.inputs?.[0];
    world.edit({ userInputs: [] });
    world.converge();

    expect(own).toMatchObject({ secretKeyRef: { name: 'own', key: 'k' } });
    expect(world.head?.inputs?.[0]?.generated).toEqual(first);
    expect(rollouts(world)).toBe(3);
  });

  it('is reported as lost where a node says so', () => {
    const world = installed({ '1.0.0': [key] });
    const name = world.head?.inputs?.[0]?.generated?.name;
    const { deployment } = world.observed;
    world.observed = { ...world.observed, deployment: deployment && { ...deployment, available: 0 } };
    world.pod({ waiting: { reason: 'CreateContainerConfigError', message: `secret "${name}" not found` } });
    world.settle();

    expect([world.ready(), condition(world, 'Stalled')?.message]).toEqual([
      'False GeneratedSecretLost',
      expect.stringContaining(`Restore Secret "${name}"`),
    ]);
  });
});

describe('what is asked for by one name', () => {
  const needs = { systemSoftwareDependencies: [{ name: 'php', range: '*' }] };
  const php = (...asks: readonly Ask[]) => software('php', { ...softwareRelease('php', '8.3.0'), ...asking(...asks) });

  function both(ofRelease: Ask, ofSoftware: Ask, spec: Partial<InstallationSpec> = {}): World {
    const versions = [release('1.0.0', { ...asking(ofRelease), ...needs })];
    const world = new World(catalogueOf({ versions }), spec, [php(ofSoftware)]);
    world.converge();
    return world;
  }

  it('by a release and its system software is one input, as the release says it', () => {
    const world = both(
      region,
      { ...region, env: 'PHP_REGION', options: ['mars'] },
      { userInputs: give({ region: 'eu' }) },
    );

    expect([world.ready(), world.head?.inputs]).toEqual(['True UpToDate', [{ name: 'region', value: 'eu' }]]);
  });

  it.each<[what: string, ofRelease: Ask, ofSoftware: Ask]>([
    ['has a default of the release', { ...region, default: 'eu' }, region],
    ['is generated for the release', { name: 'region', generate: {} }, { name: 'region', required: true }],
    ['is generated for both', { name: 'region', generate: {} }, { name: 'region', generate: {} }],
  ])('is answered where it %s', (_, ofRelease, ofSoftware) => {
    expect(both(ofRelease, ofSoftware).ready()).toBe('True UpToDate');
  });

  it('is named once where it is missing', () => {
    expect(message(both(region, region))).toBe(
      'Answer in userInputs what 1.0.0 asks for: "region" must be one of "eu", "us"',
    );
  });

  it('by a system software alone is said to be its own', () => {
    expect(message(both({ name: 'title' }, { name: 'phpKey', required: true }))).toContain(
      '"phpKey" of php 8.3.0 must not be empty',
    );
  });
});

describe('an answer that pods were given once', () => {
  const once: Ask = { ...region, lifecycle: 'installation' };
  const value = (world: World) => world.head?.inputs?.find((input) => input.name === 'region')?.value;

  it('by config is asked for when that is gone, and the pods stay', () => {
    const world = installed({ '1.0.0': [once] }, { config: { REGION: 'eu' } });
    world.edit({ config: {} });
    world.converge();

    expect([world.ready(), rollouts(world)]).toEqual(['False MissingUserInputs', 1]);
  });

  it('is there again where a release in between did not ask for it', () => {
    const world = installed(
      { '1.0.0': [once], '1.1.0': [], '1.2.0': [once] },
      { version: '1.0.0', userInputs: give({ region: 'eu' }) },
    );
    world.edit({ version: '1.1.0', userInputs: [] });
    world.converge();
    world.edit({ version: '1.2.0' });
    world.converge();

    expect([world.ready(), runs(world), value(world)]).toEqual(['True UpToDate', '1.2.0', 'eu']);
  });

  it('is asked for where nobody knows any more what it was', () => {
    const world = installed({ '1.0.0': [once] }, { userInputs: give({ region: 'eu' }) });
    world.edit({ userInputs: [] });
    world.converge();
    world.observed = { ...world.observed, revisions: [] };
    world.converge();

    expect([world.ready(), world.journal.filter((write) => write === 'apply Deployment')]).toEqual([
      'False MissingUserInputs',
      ['apply Deployment'],
    ]);
  });

  it.each<[lifecycle: UserInput['lifecycle'], ready: string, unused: string | undefined]>([
    ['installation', 'False InvalidUserInput', undefined],
    ['update', 'True UpToDate', 'WaitsForUpgrade'],
  ])(
    'of the lifecycle %s by a default stays that, whatever is given or published later',
    (lifecycle, ready, unused) => {
      const asked: Ask = { ...region, default: 'eu', lifecycle };
      const world = installed({ '1.0.0': [asked] });
      world.edit({ userInputs: give({ region: 'us' }) });
      world.converge();
      const told = [world.ready(), condition(world, 'InputsUnused')?.reason];
      world.edit({ userInputs: [], config: { A: '1' } });
      world.publish(releases({ '1.0.0': [{ ...asked, default: 'us' }] }));
      world.converge();

      expect([...told, value(world)]).toEqual([ready, unused, 'eu']);
    },
  );

  it('is asked for anew where a release does not take it any more', () => {
    const world = installed(
      { '1.0.0': [once], '1.1.0': [{ ...once, options: ['us', 'de'] }] },
      { version: '1.0.0', userInputs: give({ region: 'eu' }) },
    );
    world.edit({ version: '1.1.0' });
    world.converge();
    const told = message(world);
    world.edit({ userInputs: give({ region: 'de' }) });
    world.converge();

    expect(told).toBe('Answer in userInputs what 1.1.0 asks for: "region" must be one of "us", "de"; 1.0.0 stays');
    expect([world.ready(), value(world)]).toEqual(['True UpToDate', 'de']);
  });

  it('that is asked for anew may be corrected, too, until the rollout is done', () => {
    const world = installed(
      { '1.0.0': [once], '1.1.0': [{ ...once, options: ['us', 'de'] }] },
      { version: '1.0.0', userInputs: give({ region: 'eu' }) },
    );
    world.edit({ version: '1.1.0', userInputs: give({ region: 'us' }) });
    world.settle();
    world.edit({ userInputs: give({ region: 'de' }) });
    world.converge();

    expect([world.ready(), value(world)]).toEqual(['True UpToDate', 'de']);
  });

  it('as nothing at all is none that a Secret may bring later', () => {
    const world = installed({ '1.0.0': [{ name: 'key', lifecycle: 'installation' }] });
    world.edit({ userInputs: [{ name: 'key', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] });
    world.converge();

    expect([world.ready(), rollouts(world)]).toEqual(['False InvalidUserInput', 1]);
  });

  it.each([true, false])('may be corrected as long as no rollout with it was done (going back is %s)', (enabled) => {
    const world = installed({ '1.0.0': [], '1.1.0': [once] }, { version: '1.0.0', upgrade: { rollback: { enabled } } });
    world.edit({ version: '1.1.0', userInputs: give({ region: 'us' }) });
    world.settle();
    if (!enabled) {
      world.fail();
      world.settle();
    }
    world.edit({ userInputs: give({ region: 'eu' }) });
    world.converge();

    expect([world.ready(), value(world)]).toEqual(['True UpToDate', 'eu']);
  });

  it.each(['installation', 'update', 'reconfigure'] as const)(
    'of the lifecycle %s as a generated secret gives way to one of the tenant',
    (lifecycle) => {
      const world = installed({ '1.0.0': [{ name: 'key', generate: {}, lifecycle }] });
      const secretKeyRef = { name: 'own', key: 'k' };
      world.edit({ userInputs: [{ name: 'key', valueFrom: { secretKeyRef } }] });
      world.converge();

      expect([world.ready(), world.head?.inputs?.[0]?.secretKeyRef]).toEqual(['True UpToDate', secretKeyRef]);
    },
  );
});

describe('an input of two variables', () => {
  const php = software('php', { ...softwareRelease('php', '8.3.0'), ...asking({ ...region, env: 'PHP_REGION' }) });
  const needs = { systemSoftwareDependencies: [{ name: 'php', range: '*' }] };

  it.each<[config: Record<string, string>, ready: string, inputs: object[]]>([
    [{ PHP_REGION: 'us' }, 'True UpToDate', [{ name: 'region', value: 'eu' }]],
    [{ PHP_REGION: 'us', REGION: 'us' }, 'True UpToDate', [{ name: 'region', by: 'config' }]],
  ])('is answered by config only where that has both: %j', (config, ready, inputs) => {
    const versions = [release('1.0.0', { ...asking(region), ...needs })];
    const world = new World(catalogueOf({ versions }), { config, userInputs: give({ region: 'eu' }) }, [php]);
    world.converge();

    expect([world.ready(), world.head?.inputs]).toEqual([ready, inputs]);
  });
});

describe('config that answers an input badly', () => {
  it.each<[what: string, ask: Ask, config: Record<string, string>, words: string]>([
    ['is named', region, { REGION: 'x' }, '"region", which config sets as REGION, must be one of "eu", "us"'],
    [
      'is named where it is no place for a secret',
      { name: 'key', secret: true },
      { KEY: 'x' },
      '"key", which config sets as KEY, must come from a Secret: remove it from there',
    ],
  ])('%s', (_, ask, config, words) => {
    expect(message(installed({ '1.0.0': [ask] }, { config }))).toContain(words);
  });
});

describe('an optional answer of the installation', () => {
  const license = (required: boolean): Ask => ({ name: 'license', lifecycle: 'installation', required });

  it('is asked for by a later release that requires it', () => {
    const world = installed({ '1.0.0': [license(false)], '1.1.0': [license(true)] }, { version: '1.0.0' });
    world.edit({ version: '1.1.0' });
    world.converge();
    const told = world.ready();
    world.edit({ userInputs: give({ license: 'L' }) });
    world.converge();

    expect([told, world.ready(), world.head?.inputs?.[0]?.value]).toEqual([
      'False MissingUserInputs',
      'True UpToDate',
      'L',
    ]);
  });

  it('is not asked for by upgrades, if the first of them came without it', () => {
    const world = installed({ '1.0.0': [], '1.1.0': [license(true)], '1.2.0': [license(true)] }, { version: '1.0.0' });
    for (const version of ['1.1.0', '1.2.0']) {
      world.edit({ version });
      world.converge();
    }

    expect([world.ready(), runs(world)]).toEqual(['True UpToDate', '1.2.0']);
  });

  it('is what it was where config took its place for a while', () => {
    const asked: Ask = { ...region, lifecycle: 'installation' };
    const world = installed({ '1.0.0': [asked] }, { userInputs: give({ region: 'eu' }) });
    for (const config of [{ REGION: 'us' }, {}]) {
      world.edit({ config, userInputs: [] });
      world.converge();
    }

    expect([world.ready(), world.head?.inputs]).toEqual([
      'True UpToDate',
      [{ name: 'region', lifecycle: 'installation', value: 'eu' }],
    ]);
  });

  it('is the default of then, also after a release that did not ask', () => {
    const asked = (value: string): Ask => ({ ...region, lifecycle: 'installation', default: value });
    const world = installed({ '1.0.0': [asked('eu')], '1.1.0': [], '1.2.0': [asked('us')] }, { version: '1.0.0' });
    for (const version of ['1.1.0', '1.2.0']) {
      world.edit({ version });
      world.converge();
    }

    expect(world.head?.inputs?.[0]?.value).toBe('eu');
  });
});

it('an update of system software that waits for an answer holds up no change of the platform', () => {
  const php = (...more: Parameters<typeof software>[1][]) => software('php', softwareRelease('php', '8.2.0'), ...more);
  const versions = [release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] })];
  const world = new World(catalogueOf({ versions }), { upgradePolicy: 'auto' }, [php()]);
  world.converge();
  world.shelve(php({ ...softwareRelease('php', '8.2.1'), ...asking({ name: 'key', required: true }) }));
  world.publish(catalogueOf({ versions, tiers: { standard: { replicas: 4 } } }));
  world.converge();

  expect(world.observed.deployment?.replicas).toBe(4);
});

it('where the platform generates nothing, a release that asks for it is blocked, and another one is taken', () => {
  const world = new World(releases({ '1.0.0': [] }), { upgradePolicy: 'auto' });
  world.observed = { ...world.observed, mayGenerate: false };
  world.converge();
  world.publish(releases({ '1.0.0': [], '1.0.1': [], '1.1.0': [{ name: 'key', generate: {} }] }));
  world.converge();

  expect([runs(world), candidate(world, '1.1.0')?.missingUserInputs]).toEqual(['1.0.1', ['key']]);
});

it('a Secret that is mended after it failed is tried again', () => {
  const userInputs = [{ name: 'key', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const world = new World(releases({ '1.0.0': [{ name: 'key', secret: true }] }), { userInputs });
  const holds = (hash: string) => {
    world.observed = { ...world.observed, references: { content: () => ({ kind: 'hash', hash }) } };
  };
  holds('good');
  world.converge();
  holds('bad');
  world.settle();
  world.fail();
  world.converge();
  const held = world.ready();
  holds('good');
  world.converge();

  expect([held, world.ready()]).toEqual(['False RolledBack', 'True UpToDate']);
});

it('the same answer to the same question is judged once, however many releases ask', () => {
  const key: Ask = { name: 'key', pattern: '^([A-Z0-9]{5}-){24}[A-Z0-9]{5}$' };
  const versions = Array.from({ length: 190 }, (_, i) => [`1.${i}.0`, [key, { ...key, name: 'other' }]] as const);
  const value = Array.from({ length: 25 }, () => 'ABCDE').join('-');
  const world = installed(Object.fromEntries(versions), { version: '1.0.0', userInputs: give({ key: value }) });
  world.edit({ version: '1.3.0' });
  world.converge();

  expect([world.ready(), runs(world)]).toEqual(['True UpgradeAvailable', '1.3.0']);
});

it('what keeps a first install back is told only where an answer is enough', () => {
  const preview = release('2.0.0', { lifecycle: { stage: 'preview' }, ...asking(region) });
  const world = new World(catalogueOf({ versions: [release('1.0.0'), preview] }), {
    upgrade: { skipVersions: ['1.0.0'] },
  });
  world.converge();

  expect(world.ready()).toBe('False NoRelease');
});

it('setting the version back cancels an upgrade, also where the answer went with it', () => {
  const world = installed({ '1.0.0': [region], '1.1.0': [] }, { version: '1.0.0', userInputs: give({ region: 'eu' }) });
  world.edit({ version: '1.1.0', userInputs: [] });
  world.settle();
  world.edit({ version: '1.0.0' });
  world.converge();

  expect([runs(world), world.ready(), rollouts(world)]).toEqual(['1.0.0', 'False MissingUserInputs', 2]);
});

it('an answer to a release that is not published any more is no typing error', () => {
  const world = installed({ '1.0.0': [region] }, { userInputs: give({ region: 'eu' }) });
  world.publish(releases({ '1.1.0': [] }));
  world.converge();

  expect(condition(world, 'InputsUnused')).toBeUndefined();
});

it('answers that no object could hold are refused', () => {
  const userInputs = Array.from({ length: 9 }, (_, i) => ({ name: `a${i}`, value: 'x'.repeat(8000) }));

  expect(installed({ '1.0.0': [] }, { userInputs }).ready()).toBe('False ConfigTooLarge');
});

it('names every input, however many are wrong at once', () => {
  const asks = Array.from({ length: 32 }, (_, i): Ask => ({
    name: `input${i}`,
    pattern: `^${'a'.repeat(200)}${i}$`,
    required: true,
  }));
  const world = installed({ '1.0.0': asks });

  expect(asks.filter(({ name }) => !message(world).includes(`"${name}"`))).toEqual([]);
  expect(message(world)).not.toMatch(/\.\.\.$/);
});

// A hostile catalogue: each release costs a second to judge, and there are 200.
it('a catalogue of patterns holds nobody up', () => {
  const hostile = (version: number) =>
    Array.from({ length: 32 }, (_, i): Ask => ({ name: `i${i}`, pattern: `(\\pL{40}){5}q${version}x${i}` }));
  const versions = Array.from({ length: 200 }, (_, v) => [`1.${v}.0`, hostile(v)] as const);
  const world = installed({ '0.9.0': [] });
  const userInputs = give(Object.fromEntries(hostile(0).map(({ name }) => [name, 'a'.repeat(1024)])));
  let judged = 0;
  vi.spyOn(RE2JS.prototype, 'matcher').mockImplementation(() => {
    judged += 1;
    return { find: () => false } as ReturnType<RE2JS['matcher']>;
  });
  world.publish(releases(Object.fromEntries(versions)));
  world.edit({ userInputs });
  world.reconcile();
  vi.restoreAllMocks();

  expect(judged).toBeLessThan(200);
  expect(candidate(world, '1.199.0')?.blockedBy).toContain('InvalidUserInput');
});
