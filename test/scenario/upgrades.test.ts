import { describe, expect, it } from 'vitest';
import { release } from '../support/builders.ts';
import { KINDS } from './cluster/kinds.ts';
import { Narrator, type NarratorOptions } from './narrator/narrator.ts';
import {
  bad,
  badSoftware,
  edit,
  install,
  publish,
  published,
  publishedSoftware,
  publishSoftware,
  retry,
  specOf,
  wipeStatus,
  yank,
  type Wish,
} from './simulation/people/people.ts';
import type { Release } from '../../src/api/provider.ts';
import type { SoftwareRelease } from '../../src/api/software.ts';
import type { InstallationStatus } from '../../src/api/installation.ts';

/**
 * Each test compares a whole upgrade with its transcript in `transcripts/`. If a transcript changes, read the difference:
 * it is what a tenant will see. `vitest run --project scenario -u test/scenario/upgrades.test.ts` writes them again.
 */

const AUTO: Wish = { upgradePolicy: 'auto' };

/** An installation of 1.0.0 that is at rest. */
async function installed(title: string, wish: Wish, options: Omit<NarratorOptions, 'title'> = {}): Promise<Narrator> {
  const story = new Narrator({ title, ...options });
  await story.when(`the publisher publishes 1.0.0; the tenant installs web with ${JSON.stringify(wish)}`, (server) => {
    publish(server, '1.0.0');
    install(server, 'web', wish);
  });
  await story.pass('1m');
  return story;
}

/** Publishes releases in addition to those that are published. */
async function publishes(story: Narrator, ...releases: readonly (Release | string)[]): Promise<void> {
  const names = releases.map((r) => (typeof r === 'string' ? r : described(r)));
  await story.when(`the publisher publishes ${names.join(', ')}`, (server) =>
    publish(server, ...published(server), ...releases),
  );
}

function described({ version, image, required }: Release): string {
  const fate = image.split(`${version}-`)[1];
  return [version, required ? 'a stepping stone' : '', fate ? `which is ${fate}` : ''].filter(Boolean).join(', ');
}

/** An installation of 1.0.0 on php 8.2.0 that is at rest. */
async function installedOnPhp(
  title: string,
  wish: Wish,
  options: Omit<NarratorOptions, 'title'> = {},
): Promise<Narrator> {
  const story = new Narrator({ title, ...options });
  const what = 'publishes php 8.2.0 and 1.0.0, which needs it';
  await story.when(`the publisher ${what}; the tenant installs web with ${JSON.stringify(wish)}`, (server) => {
    publishSoftware(server, 'php', '8.2.0');
    publish(server, release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '>=8.2.0 <8.4.0' }] }));
    install(server, 'web', wish);
  });
  await story.pass('1m');
  return story;
}

/** Publishes versions of php in addition to those that are published. */
async function publishesPhp(story: Narrator, ...versions: readonly (SoftwareRelease | string)[]): Promise<void> {
  const names = versions.map((v) => (typeof v === 'string' ? v : softwareInWords(v)));
  await story.when(`the publisher publishes php ${names.join(', ')}`, (server) =>
    publishSoftware(server, 'php', ...publishedSoftware(server, 'php'), ...versions),
  );
}

function softwareInWords({ version, provides }: SoftwareRelease): string {
  const fate = provides?.image?.split(`${version}-`)[1];
  return fate ? `${version}, which is ${fate}` : version;
}

async function edits(story: Narrator, what: string, wish: Parameters<typeof edit>[2]): Promise<void> {
  await story.when(`the tenant edits the spec: ${what}`, (server) => edit(server, 'web', wish));
}

function statusOf({ server }: Narrator): InstallationStatus {
  return server.get(KINDS.ProviderInstallation, 'shop/web')?.['status'] as InstallationStatus;
}

/** The result of each rollout in the history, oldest first. */
function results(story: Narrator): string[] {
  return (statusOf(story).history ?? [])
    .toReversed()
    .map(({ trigger, version, result = 'under way' }) => `${trigger} ${version} ${result}`);
}

async function expectToRead(story: Narrator, name: string, fewestReady = 2): Promise<void> {
  expect(story.simulation.violations).toEqual([]);
  expect(story.fewestReady, 'ready pods at any time').toBe(fewestReady);
  await expect(await story.end()).toMatchFileSnapshot(`transcripts/${name}.txt`);
}

/** Whether stories of several days are played. They are slow, so a check leaves them to `.ci/run`, which sets SEEDS. */
const isThorough = process.env['SEEDS'] !== undefined;

describe('an upgrade that automation chose', () => {
  it('goes well', async () => {
    const story = await installed('An automatic upgrade that goes well', AUTO);
    await publishes(story, '1.1.0');
    await story.pass('10m');

    expect(results(story)).toEqual(['Install 1.0.0 Succeeded', 'Policy 1.1.0 Succeeded']);
    await expectToRead(story, 'happy-path');
  });

  it('never becomes ready', async () => {
    const story = await installed('An automatic upgrade whose pods never become ready', AUTO);
    await publishes(story, bad('1.1.0', 'never-ready'));
    await story.pass('12h');

    expect(results(story).slice(1)).toEqual(['Policy 1.1.0 RolledBack', 'Rollback 1.0.0 Succeeded']);
    await expectToRead(story, 'never-ready');
  });

  it('has an image that nobody can pull, and is published again with another', async () => {
    const story = await installed('An automatic upgrade whose image cannot be pulled', AUTO);
    await publishes(story, bad('1.1.0', 'no-such-image'));
    await story.pass('1h');
    await publishes(story, '1.1.1');
    await story.pass('10m');

    expect(results(story).slice(1)).toEqual([
      'Policy 1.1.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
      'Policy 1.1.1 Succeeded',
    ]);
    await expectToRead(story, 'bad-image');
  });

  it('crashes again and again, twice, and then automation waits', async () => {
    const story = await installed('Automatic upgrades that crash', AUTO);
    await publishes(story, bad('1.1.0', 'crash-loop'));
    await story.pass('1h');
    await publishes(story, bad('1.2.0', 'crash-loop'));
    await story.pass('1h');
    await publishes(story, '1.1.5');
    await story.pass('1h');
    await publishes(story, '1.2.1');
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual([
      'Policy 1.1.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
      'Policy 1.2.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
      'Policy 1.2.1 Succeeded',
    ]);
    await expectToRead(story, 'crash-loop');
  });

  it.skipIf(!isThorough)('finds no room in the quota, and is tried again after 6, 12 and 24 hours', async () => {
    const story = await installed('An automatic upgrade for which the quota has no room', AUTO);
    await story.when('the platform team allows two pods in the namespace', () => {
      story.simulation.deployments.quota = 2;
    });
    await publishes(story, '1.1.0');
    await story.pass('60h');

    expect(results(story).filter((result) => result.startsWith('Policy'))).toHaveLength(4);
    await expectToRead(story, 'quota');
  });

  it('is skipped', async () => {
    const story = await installed('A release that the tenant skips', { ...AUTO, upgrade: { skipVersions: ['1.1.0'] } });
    await publishes(story, '1.1.0');
    await story.pass('1h');
    await edits(story, 'skips nothing', { upgrade: undefined });
    await story.pass('10m');

    expect(results(story)).toEqual(['Install 1.0.0 Succeeded', 'Policy 1.1.0 Succeeded']);
    await expectToRead(story, 'skip');
  });

  it('waits until the release is old enough', async () => {
    const story = await installed('A release that has to be two hours old', {
      ...AUTO,
      upgrade: { minReleaseAge: '2h' },
    });
    await publishes(story, '1.1.0');
    await story.pass('1h');
    await publishes(story, '1.1.1');
    await story.pass('3h');

    expect(results(story).slice(1)).toEqual(['Policy 1.1.0 Succeeded', 'Policy 1.1.1 Succeeded']);
    await expectToRead(story, 'soak');
  });

  it('rests on a healthy hop when a later one fails', async () => {
    const story = await installed('A path of three hops, of which the second one fails', {
      ...AUTO,
      upgrade: { level: 'major' },
    });
    await publishes(
      story,
      release('1.4.0', { required: true }),
      bad('1.6.0', 'crash-loop', { required: true }),
      '2.0.0',
    );
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual([
      'Policy 1.4.0 Succeeded',
      'Policy 1.6.0 RolledBack',
      'Rollback 1.4.0 Succeeded',
    ]);
    await expectToRead(story, 'failing-hop');
  });
});

describe('windows', () => {
  it('close between two hops, and the next one waits for the next window', async () => {
    const story = await installed(
      'A window that closes between two hops',
      {
        ...AUTO,
        upgrade: {
          windows: [{ kind: 'allow', schedule: '0 2 * * *', duration: '30m', timeZone: 'UTC' }],
          rollback: { stableSeconds: 900, progressDeadlineSeconds: 7200 },
        },
      },
      { startsAt: '2026-03-02T22:00:00Z', timeZone: 'UTC' },
    );
    await publishes(story, release('1.1.0', { required: true }), '1.2.0');
    await story.pass('30h');

    expect(results(story).slice(1)).toEqual(['Policy 1.1.0 Succeeded', 'Policy 1.2.0 Succeeded']);
    await expectToRead(story, 'window-closes');
  });

  it.each([
    [
      'spring',
      '2026-03-28T22:00:00Z',
      'The night in which 02:30 does not exist',
      ['Install 1.0.0 Succeeded', 'Policy 1.2.0 Succeeded', 'Policy 1.3.0 Succeeded'],
    ],
    [
      'autumn',
      '2026-10-24T22:00:00Z',
      'The night in which 02:30 comes twice',
      ['Install 1.0.0 Succeeded', 'Policy 1.1.0 Succeeded', 'Policy 1.3.0 Succeeded'],
    ],
  ])('keep their time in the night of the clocks: %s', async (season, startsAt, title, expected) => {
    const windows = [{ kind: 'allow', schedule: '30 2 * * *', duration: '30m', timeZone: 'Europe/Berlin' } as const];
    const story = await installed(title, { ...AUTO, upgrade: { windows } }, { startsAt, timeZone: 'Europe/Berlin' });
    await publishes(story, '1.1.0');
    await story.pass('3h');
    await publishes(story, '1.2.0');
    await story.pass('90m');
    await publishes(story, '1.3.0');
    await story.pass('24h');

    expect(results(story)).toEqual(expected);
    await expectToRead(story, `clocks-${season}`);
  });
});

describe('what people do in the midst of a rollout', () => {
  it('edits the configuration: a bad automatic release goes, the configuration stays', async () => {
    const story = await installed('The configuration is edited in the midst of a bad automatic upgrade', {
      ...AUTO,
      config: { GREETING: 'hello' },
    });
    await publishes(story, bad('1.1.0', 'crash-loop'));
    await edits(story, 'GREETING good day', { config: { GREETING: 'good day' } });
    await story.pass('1h');

    expect(statusOf(story).currentVersion).toBe('1.0.0');
    await expectToRead(story, 'config-edited');
  });

  it('asks for another version', async () => {
    const story = await installed('Another version is asked for in the midst of an upgrade', { version: '1.0.0' });
    await publishes(story, bad('1.1.0', 'never-ready'), '1.2.0');
    await edits(story, 'version 1.1.0', { version: '1.1.0' });
    await story.pass('2m');
    await edits(story, 'version 1.2.0', { version: '1.2.0' });
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual(['Spec 1.1.0 Superseded', 'Spec 1.2.0 Succeeded']);
    await expectToRead(story, 'version-edited');
  });

  it('takes what needs a newer Kubernetes when the cluster is upgraded, and nobody says so', async () => {
    const story = await installed('The cluster is upgraded', AUTO);
    await publishes(story, release('1.1.0', { requires: { kubernetes: '>=1.37.0' } }));
    await story.pass('1h');
    expect(statusOf(story).currentVersion).toBe('1.0.0');
    story.server.gitVersion = 'v1.37.0';
    await story.pass('62m');
    expect(statusOf(story).currentVersion).toBe('1.1.0');
    await story.end();
  });

  it('cancels', async () => {
    const story = await installed('An upgrade is cancelled', { version: '1.0.0' });
    await publishes(story, bad('1.1.0', 'never-ready'));
    await edits(story, 'version 1.1.0', { version: '1.1.0' });
    await story.pass('2m');
    await edits(story, 'version 1.0.0', { version: '1.0.0' });
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual(['Spec 1.1.0 Superseded', 'Spec 1.0.0 Succeeded']);
    await expectToRead(story, 'cancel');
  });

  it('switches the policy', async () => {
    const story = await installed('The policy is switched to manual in the midst of a bad automatic upgrade', AUTO);
    await publishes(story, bad('1.1.0', 'never-ready'));
    await story.pass('2m');
    await edits(story, 'manual', { upgradePolicy: 'manual' });
    await story.pass('1h');
    await edits(story, 'auto', { upgradePolicy: 'auto' });
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual(['Policy 1.1.0 RolledBack', 'Rollback 1.0.0 Succeeded']);
    await expectToRead(story, 'policy-switched');
  });

  it('yanks the release', async () => {
    const story = await installed('The release is yanked in the midst of its upgrade', AUTO);
    await publishes(story, bad('1.1.0', 'never-ready'));
    await story.pass('2m');
    await story.when('the publisher yanks 1.1.0: it loses orders', (server) =>
      yank(server, '1.1.0', 'it loses orders'),
    );
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual(['Policy 1.1.0 RolledBack', 'Rollback 1.0.0 Succeeded']);
    await expectToRead(story, 'yanked');
  });

  it('suspends: the rollout under way ends, and nothing else begins', async () => {
    const story = await installed('The installation is suspended in the midst of a bad automatic upgrade', AUTO);
    await publishes(story, bad('1.1.0', 'never-ready'));
    await story.pass('2m');
    await edits(story, 'suspend', { suspend: true });
    await story.pass('1h');
    await publishes(story, '1.2.0');
    await story.pass('1h');
    await edits(story, 'do not suspend', { suspend: undefined });
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual([
      'Policy 1.1.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
      'Policy 1.2.0 Succeeded',
    ]);
    await expectToRead(story, 'suspended');
  });
});

describe('system software', () => {
  it('that the tenant asks for and that fails is held until something else is asked for', async () => {
    const story = await installedOnPhp('The tenant asks for system software that cannot be pulled', {});
    await publishesPhp(story, '8.2.1', badSoftware('php', '8.3.0', 'no-such-image'));
    await edits(story, 'php 8.3.0', { systemSoftware: [{ name: 'php', version: '8.3.0' }] });
    await story.pass('1h');
    await edits(story, 'description', { description: 'Ask Ann' });
    await story.pass('1h');
    await edits(story, 'php 8.2.1', { systemSoftware: [{ name: 'php', version: '8.2.1' }] });
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual([
      'Spec 1.0.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
      'Spec 1.0.0 Succeeded',
    ]);
    expect(statusOf(story).systemSoftware).toMatchObject([{ name: 'php', currentVersion: '8.2.1' }]);
    await expectToRead(story, 'software-edited');
  });

  it.skipIf(!isThorough)('moves by its own policy in a window, and never again to what failed', async () => {
    const story = await installedOnPhp(
      'System software that moves by its own policy while the release stays',
      {
        upgradePolicy: 'manual',
        systemSoftware: [{ name: 'php', updatePolicy: 'patchLevel' }],
        upgrade: { windows: [{ kind: 'allow', schedule: '0 2 * * *', duration: '30m', timeZone: 'UTC' }] },
      },
      { startsAt: '2026-03-02T22:00:00Z', timeZone: 'UTC' },
    );
    await publishesPhp(story, '8.2.1', '8.3.0');
    await story.pass('8h');
    await publishesPhp(story, badSoftware('php', '8.2.2', 'crash-loop'));
    await story.pass('46h');

    expect(results(story).slice(1)).toEqual([
      'SystemSoftware 1.0.0 Succeeded',
      'SystemSoftware 1.0.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
    ]);
    expect(statusOf(story).systemSoftware).toMatchObject([{ name: 'php', currentVersion: '8.2.1' }]);
    await expectToRead(story, 'software-updated');
  });
});

describe('a release that asks', () => {
  const email = { name: 'adminEmail', dataType: 'text', format: 'email', required: true } as const;
  const key = { name: 'encryptionKey', dataType: 'text', generate: {} } as const;
  const answers = [{ name: 'adminEmail', value: 'ann@example.com' }];

  it('waits for the answer in an automatic upgrade, and what runs goes on', async () => {
    const story = await installed('An automatic upgrade that asks', AUTO);
    await story.when('the publisher publishes 1.1.0, which asks for adminEmail and generates a key', (server) =>
      publish(server, '1.0.0', release('1.1.0', { userInputs: [email, key] })),
    );
    await story.pass('1h');
    await edits(story, 'adminEmail is no address', { userInputs: [{ name: 'adminEmail', value: 'ann' }] });
    await story.pass('1h');
    await edits(story, 'adminEmail is ann@example.com', { userInputs: answers });
    await story.pass('1h');

    expect(results(story)).toEqual(['Install 1.0.0 Succeeded', 'Policy 1.1.0 Succeeded']);
    await expectToRead(story, 'asks-upgrade');
  });

  it('waits for the answer in a first install, and no older release is taken instead', async () => {
    const story = new Narrator({ title: 'An install that asks' });
    await story.when(
      'the publisher publishes 1.0.0, and 1.1.0, which asks; the tenant installs web: auto',
      (server) => {
        publish(server, '1.0.0', release('1.1.0', { userInputs: [email] }));
        install(server, 'web', AUTO);
      },
    );
    await story.pass('1h');
    await edits(story, 'adminEmail, and adminMail by mistake', {
      userInputs: [...answers, { name: 'adminMail', value: 'ann@example.com' }],
    });
    await story.pass('1h');

    expect(results(story)).toEqual(['Install 1.1.0 Succeeded']);
    await expectToRead(story, 'asks-install');
  });

  it('comes back with the answer that it had, although nobody asks for it any more', async () => {
    const story = new Narrator({ title: 'A rollback across a release that asks less' });
    await story.when(
      'the publisher publishes 1.0.0, which asks; the tenant answers and installs web: auto',
      (server) => {
        publish(server, release('1.0.0', { userInputs: [email] }));
        install(server, 'web', { ...AUTO, userInputs: answers });
      },
    );
    await story.pass('1m');
    await story.when('the publisher publishes 1.1.0, which asks for nothing and crashes', (server) =>
      publish(server, release('1.0.0', { userInputs: [email] }), bad('1.1.0', 'crash-loop')),
    );
    await edits(story, 'no answers any more', { userInputs: undefined });
    await story.pass('1h');
    await edits(story, 'the answers again', { userInputs: answers });
    await story.pass('1h');

    expect(results(story)).toEqual(['Install 1.0.0 Succeeded', 'Policy 1.1.0 RolledBack', 'Rollback 1.0.0 Succeeded']);
    await expectToRead(story, 'asks-less');
  });
});

describe('what failed', () => {
  it('is not tried again because the status was lost', async () => {
    const story = await installed('The status is wiped after a rollback', AUTO);
    await publishes(story, bad('1.1.0', 'crash-loop'));
    await story.pass('1h');
    await story.when('somebody wipes the status', (server) => wipeStatus(server, 'web'));
    await story.pass('12h');

    expect(statusOf(story)).toMatchObject({ currentVersion: '1.0.0', failedVersions: [{ version: '1.1.0' }] });
    await expectToRead(story, 'status-wiped');
  });

  it('is tried again when somebody asks for it', async () => {
    const story = await installed('What failed is tried again by an annotation', AUTO);
    await publishes(story, bad('1.1.0', 'crash-loop'));
    await story.pass('1h');
    await story.when('the tenant annotates web with retry=1', (server) => retry(server, '1', 'web'));
    await story.pass('1h');
    await story.when('the publisher annotates the Provider with retry=2', (server) => retry(server, '2'));
    await story.pass('1h');

    expect(results(story).filter((result) => result === 'Policy 1.1.0 RolledBack')).toHaveLength(3);
    await expectToRead(story, 'retry');
  });

  it('is held until the wish changes, if the spec asked for it', async () => {
    const story = await installed('A version and a configuration that the tenant asks for fail', {
      version: '1.0.0',
      config: { GREETING: 'hello' },
    });
    await publishes(story, bad('1.1.0', 'crash-loop'), '1.1.1');
    await edits(story, 'version 1.1.0, GREETING good day', { version: '1.1.0', config: { GREETING: 'good day' } });
    await story.pass('1h');
    await edits(story, 'description', { description: 'Ask Ann' });
    await story.pass('1h');
    await edits(story, 'version 1.1.1', { version: '1.1.1' });
    await story.pass('1h');

    expect(results(story).slice(1)).toEqual([
      'Spec 1.1.0 RolledBack',
      'Rollback 1.0.0 Succeeded',
      'Spec 1.1.1 Succeeded',
    ]);
    await expectToRead(story, 'held');
  });

  it('as a first install gives way to a newer release', async () => {
    const story = new Narrator({ title: 'A first install that fails, and a newer release' });
    await story.when('the publisher publishes 1.0.0, which crashes; the tenant installs web: auto', (server) => {
      publish(server, bad('1.0.0', 'crash-loop'));
      install(server, 'web', AUTO);
    });
    await story.pass('1h');
    await publishes(story, '1.0.1');
    await story.pass('1h');

    expect(results(story)).toEqual(['Install 1.0.0 Failed', 'Policy 1.0.1 Succeeded']);
    expect(specOf(story.server.get(KINDS.ProviderInstallation, 'shop/web')!)).toMatchObject(AUTO);
    await expectToRead(story, 'first-install-fails');
  });
});
