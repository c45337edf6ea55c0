import { expect, it } from 'vitest';
import type { InstallationStatus } from '../../src/api/installation.ts';
import { LABEL } from '../../src/api/names.ts';
import type { Release } from '../../src/api/provider.ts';
import { selectorOf } from '../../src/plan/pods/children.ts';
import { release } from '../support/builders.ts';
import { KINDS } from './cluster/kinds.ts';
import type { ApiServer } from './cluster/server.ts';
import { Narrator } from './narrator/narrator.ts';
import { containerOf } from './simulation/people/deployments.ts';
import {
  bad,
  disown,
  edit,
  install,
  PROVIDER,
  publish,
  published,
  relabel,
  restart,
  retry,
  scale,
  statusOf,
  undo,
  wipeStatus,
  wishRestart,
  type Wish,
} from './simulation/people/people.ts';

/** People change children by accident or on purpose, in the midst of something else. Each of these went wrong once. */

/** An installation of 1.0.0 that is at rest. */
async function installed(title: string, wish: Wish): Promise<Narrator> {
  const story = new Narrator({ title });
  await story.when('publishes and installs 1.0.0', (server) => {
    publish(server, '1.0.0');
    install(server, 'web', wish);
  });
  await story.pass('1m');
  return story;
}

async function publishes(story: Narrator, ...releases: readonly Release[]): Promise<void> {
  await story.when('publishes', (server) => publish(server, ...published(server), ...releases));
}

async function edits(story: Narrator, wish: Wish): Promise<void> {
  await story.when(JSON.stringify(wish), (server) => edit(server, 'web', wish));
  await story.pass('2m');
}

function status({ server }: Narrator): InstallationStatus {
  return statusOf(server.get(KINDS.ProviderInstallation, 'shop/web')!);
}

function ready(story: Narrator): string {
  const { status: is, reason } = status(story).conditions?.find(({ type }) => type === 'Ready') ?? {};
  return `${is} ${reason}`;
}

/** The history in the status, one line per rollout, newest first. */
function told(story: Narrator): string[] | undefined {
  return status(story).history?.map(({ trigger, version, result, message }) =>
    [`${trigger} ${version}: ${result}`, ...(message === undefined ? [] : [message])].join(', '),
  );
}

function environment(server: ApiServer) {
  return containerOf(server.get(KINDS.Deployment, 'shop/web')!)?.env;
}

it('a Deployment deleted while a wish is held comes back as it ran last, also where that ran before something else', async () => {
  const story = await installed('A, B, A', { version: '1.0.0', config: { X: 'A' } });
  await edits(story, { config: { X: 'B' } });
  await edits(story, { config: { X: 'A' } });
  await publishes(story, bad('1.1.0', 'never-ready'));
  await edits(story, { version: '1.1.0' });
  await story.pass('1h');
  await story.when('deletes the Deployment', (server) => server.remove(KINDS.Deployment, 'shop/web', 'intruder'));
  await story.pass('1h');
  await story.end();

  expect(ready(story)).toBe('False RolledBack');
  expect(environment(story.server)).toEqual([{ name: 'X', value: 'A' }]);
});

it('what somebody undoes in its midst goes on as what it was: automation is to blame if it fails', async () => {
  const story = await installed('undo', { upgradePolicy: 'auto' });
  await publishes(story, bad('1.1.0', 'never-ready'));
  await story.pass('1m');
  await story.when('kubectl rollout undo', (server) => undo(server, 'web'));
  await story.pass('1h');
  await story.end();

  expect([status(story).currentVersion, ready(story)]).toEqual(['1.0.0', 'True UpgradeAvailable']);
  expect(told(story)).toEqual([
    'Rollback 1.0.0: Succeeded',
    'Policy 1.1.0: RolledBack, the new pods were not available within 600 s (they run and are not ready)',
    'Policy 1.1.0: Superseded',
    'Install 1.0.0: Succeeded',
  ]);
});

it('what fails after somebody undid it goes back to what ran last, also where that ran before something else', async () => {
  const story = await installed('A, B, A, undo', { upgradePolicy: 'auto', config: { X: 'A' } });
  await edits(story, { config: { X: 'B' } });
  await edits(story, { config: { X: 'A' } });
  await publishes(story, bad('1.1.0', 'never-ready'));
  await story.pass('1m');
  await story.when('kubectl rollout undo', (server) => undo(server, 'web'));
  await story.pass('1h');
  await story.end();

  expect([status(story).currentVersion, ready(story)]).toEqual(['1.0.0', 'True UpgradeAvailable']);
  expect(environment(story.server)).toEqual([{ name: 'X', value: 'A' }]);
});

it('what was done long ago is not taken back when its status is lost and it is scaled in the same moment', async () => {
  const story = await installed('wiped and scaled', { version: '1.0.0', config: { X: 'A' } });
  await edits(story, { config: { X: 'B' } });
  await story.pass('1h');
  await story.when('wipes the status and scales', (server) => {
    wipeStatus(server, 'web');
    scale(server, 'web', 5);
  });
  await story.pass('1h');
  await story.end();

  expect(ready(story)).toBe('True UpToDate');
  expect(told(story)).toEqual(['Spec 1.0.0: Succeeded', 'Install 1.0.0: Succeeded']);
});

it('what was done is neither taken back nor blamed when its status is lost and it fails after a restart by hand', async () => {
  const story = await installed('restarted', { upgradePolicy: 'auto' });
  await publishes(story, release('1.1.0'));
  await story.pass('1h');
  await story.when('lets nobody make more pods', () => (story.simulation.deployments.quota = 2));
  await story.when('kubectl rollout restart', (server) => restart(server, 'web'));
  await story.when('wipes the status', (server) => wipeStatus(server, 'web'));
  await story.pass('2h');
  await story.end();

  expect(status(story).currentVersion).toBe('1.1.0');
  expect(status(story).failedVersions).toBeUndefined();
  expect(told(story)?.[0]).toBe('Policy 1.1.0: Succeeded');
});

it('a restart that nothing has room for goes back and is held, is withdrawn by removing it, and goes well with another value', async () => {
  const story = await installed('restart', { upgradePolicy: 'auto' });
  const asks = async (what: string, value: string | undefined) => {
    await story.when(what, (server) => wishRestart(server, 'web', value));
    await story.pass('2m');
    return ready(story);
  };
  await story.when('lets nobody make more pods', () => (story.simulation.deployments.quota = 2));
  const during = [await asks('asks for a restart', 'a'), await asks('takes that back', undefined)];
  await story.when('lets them', () => (story.simulation.deployments.quota = Infinity));
  during.push(await asks('asks for another', 'b'));
  await story.end();

  expect(during).toEqual(['False RolledBack', 'True UpToDate', 'True UpToDate']);
  expect(told(story)).toEqual([
    'Spec 1.0.0: Succeeded',
    'Rollback 1.0.0: Succeeded',
    expect.stringContaining('Spec 1.0.0: RolledBack, '),
    'Install 1.0.0: Succeeded',
  ]);
});

// kubectl refuses it: https://github.com/robusta-dev/robusta/pull/972
it('a restart of a Deployment that somebody paused waits until it is resumed', async () => {
  const story = await installed('paused', { version: '1.0.0' });
  const pause = (paused: boolean) => (server: ApiServer) =>
    server.edit(KINDS.Deployment, 'shop/web', { manager: 'kubectl-rollout' }, (live) => ({
      ...live,
      spec: { ...(live['spec'] as object), paused },
    }));
  await story.when('kubectl rollout pause', pause(true));
  await story.when('asks for a restart', (server) => wishRestart(server, 'web', 'a'));
  await story.pass('5m');
  const during = told(story)?.[0];
  await story.when('kubectl rollout resume', pause(false));
  await story.pass('2m');
  await story.end();

  expect([during, told(story)?.[0]]).toEqual(['Spec 1.0.0: undefined', 'Spec 1.0.0: Succeeded']);
});

it('a Deployment that loses the label by which it is watched, in the midst of a rollout, was not deleted', async () => {
  const story = await installed('label', { version: '1.0.0' });
  await publishes(story, bad('1.1.0', 'never-ready'));
  await story.when('1.1.0', (server) => edit(server, 'web', { version: '1.1.0' }));
  await story.pass('1m');
  await story.when('removes a label', (server) => relabel(server, KINDS.Deployment, 'web', LABEL.installation));
  await story.pass('2m');
  const { labels } = story.server.get(KINDS.Deployment, 'shop/web')!.metadata;
  const during = told(story)?.[0];
  await story.pass('1h');
  await story.end();

  expect(labels).toHaveProperty([LABEL.installation]);
  expect(during).toBe('Spec 1.1.0: undefined');
  expect(told(story)).toEqual([
    'Rollback 1.0.0: Succeeded',
    'Spec 1.1.0: RolledBack, the new pods were not available within 600 s (they run and are not ready)',
    'Install 1.0.0: Succeeded',
  ]);
});

it('what an earlier installation of the name saved and left behind is in the way of nobody', async () => {
  const story = await installed('orphans', { version: '1.0.0' });
  await story.when('1.0.1', (server) => publish(server, ...published(server), '1.0.1'));
  await edits(story, { version: '1.0.1' });
  await story.when('kubectl delete --cascade=orphan, and installs it again', (server) => {
    const orphans = [KINDS.Deployment, KINDS.Service, KINDS.ControllerRevision].flatMap((kind) =>
      server.list(kind).map(({ metadata }) => ({ kind, name: metadata.name })),
    );
    orphans.forEach(({ kind, name }) => disown(server, kind, name));
    server.remove(KINDS.ProviderInstallation, 'shop/web', 'tenant');
    install(server, 'web', { version: '1.0.1' });
  });
  await story.pass('2m');
  await edits(story, { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } });
  await edits(story, { version: '1.0.1' });
  await story.end();

  expect([status(story).currentVersion, ready(story)]).toEqual(['1.0.1', 'True UpToDate']);
});

it('a Service that another object controls, and no label shows, is named and left alone', async () => {
  const story = new Narrator({ title: 'controlled' });
  await story.when('publishes and installs 1.0.0 where there is a Service', (server) => {
    install(server, 'other', { version: '1.0.0', suspend: true });
    const {
      apiVersion,
      kind,
      metadata: { name, uid },
    } = server.get(KINDS.ProviderInstallation, 'shop/other')!;
    const owner = { apiVersion, kind, name, uid, controller: true };
    const metadata = { namespace: 'shop', name: 'web', ownerReferences: [owner] };
    server.create(KINDS.Service, { metadata, spec: {} }, 'tenant');
    publish(server, '1.0.0');
    install(server, 'web', { version: '1.0.0' });
  });
  await story.pass('2m');
  const { status: is, reason, message } = status(story).conditions?.find(({ type }) => type === 'Ready') ?? {};
  await story.end();

  expect(`${is} ${reason}: ${message}`).toMatch(
    /^False NameConflict: Service "web" belongs to ProviderInstallation "other" and is left alone/,
  );
});

it('a Service that a tenant made for the pods, as kubectl expose does, stays as it is', async () => {
  const story = new Narrator({ title: 'exposed' });
  const spec = {
    type: 'NodePort',
    selector: selectorOf('web'),
    ports: [{ name: 'mine', port: 443, targetPort: 8080 }],
  };
  await story.when('exposes and installs', (server) => {
    publish(server, '1.0.0');
    server.create(KINDS.Service, { metadata: { namespace: 'shop', name: 'web' }, spec }, 'kubectl-expose');
    install(server, 'web');
  });
  await story.pass('5m');
  await story.end();

  expect(ready(story)).toBe('False NameConflict');
  expect(story.server.get(KINDS.Service, 'shop/web')?.['spec']).toMatchObject({
    type: 'NodePort',
    ports: [{ port: 443 }],
  });
});

it('what failed while its Provider was gone is not tried again when that comes back as it was', async () => {
  const story = await installed('Provider gone', { upgradePolicy: 'auto' });
  await story.when('asks for a retry', (server) => retry(server, 'once'));
  await publishes(story, bad('1.1.0', 'never-ready'));
  await story.pass('1m');
  const { metadata, spec } = story.server.get(KINDS.Provider, PROVIDER)!;
  const { name, annotations = {} } = metadata;
  await story.when('deletes the Provider', (server) => server.remove(KINDS.Provider, PROVIDER, 'git'));
  await story.pass('1h');
  await story.when('brings it back', (server) => {
    server.create(KINDS.Provider, { metadata: { name, annotations }, spec }, 'git');
  });
  await story.pass('1h');
  expect(status(story).failedVersions).toMatchObject([{ version: '1.1.0', attempts: 1 }]);

  await story.when('asks for another', (server) => retry(server, 'twice'));
  await story.pass('1h');
  await story.end();

  expect(status(story).failedVersions).toMatchObject([{ version: '1.1.0', attempts: 2 }]);
});
