import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release, software } from '../support/cluster.ts';
import { apply, eventually, kubectl, run } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { patch, runs, versionsOf } from '../support/outcome.ts';
import { setQuota } from '../support/quota.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

/** What the operator decides about versions, in the words that people read with kubectl. */
const namespace = 'decisions';
const CONFIG = 'defaults: {progressDeadlineSeconds: 120, stableSeconds: 0}';

let operator: RunningOperator;
let witness: Witness;

beforeAll(async () => {
  await prepare(namespace);
  witness = await startWitness();
  operator = await startOperator({}, CONFIG);
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

const of = (name: string) => `${namespace}/${name}`;
const messageOf = ({ status }: SeenInstallation, type: string) =>
  status.conditions?.find((c) => c.type === type)?.message;
const isReady = (verdict: string) => (seen: SeenInstallation) => conditionOf(seen, 'Ready') === verdict;

/** Applies an installation of a provider of its own. */
async function install(name: string, spec: object, ...releases: readonly (string | object)[]): Promise<string> {
  await apply(provider(name, ...releases), installation(namespace, name, { provider: `${name}/web`, ...spec }));
  return of(name);
}

/** Installs the first release, and publishes the others when it runs. */
async function start(name: string, spec: object, first: string, ...newer: readonly (string | object)[]) {
  await install(name, { version: first, ...spec }, first);
  await witness.until(of(name), runs(first));
  await apply(provider(name, first, ...newer));
  return of(name);
}

/** Waits for something, and returns each message of a condition that was there until then. */
async function toldUntil(key: string, type: string, isIt: (seen: SeenInstallation) => boolean): Promise<string[]> {
  const told = new Set<string>();
  await witness.until(key, (seen) => {
    told.add(messageOf(seen, type) ?? '');
    return isIt(seen);
  });
  return [...told];
}

const AUTO = { upgradePolicy: 'auto' };
const MAJOR = { ...AUTO, upgrade: { level: 'major' } };
const OLD = { lifecycle: { stage: 'deprecated' } };
const breaking = (note: string, more: object = {}) => ({ breaking: { note }, ...more });

describe('what is breaking', { concurrent: true }, () => {
  it('is not passed by automation to a release behind it, until somebody names that', async () => {
    const key = await start('passed', AUTO, '1.21.0', release('1.22.0', breaking('needs Java 21')), '1.22.1');
    const stays = await witness.until(key, (seen) => conditionOf(seen, 'UpdateAvailable') === 'True Breaking');
    expect(messageOf(stays, 'UpdateAvailable')).toBe(
      'Set version 1.22.1 to take it, it passes what is breaking: 1.22.0 (needs Java 21)',
    );

    await patch(key, { spec: { version: '1.22.1' } });
    await witness.until(key, runs('1.22.1'));
    expect(await versionsOf(witness, key)).toEqual(['1.21.0', '1.22.1']);
  });

  it('is named where it is a step that must not be left out', async () => {
    const stone = release('1.5.0', breaking('move your files', { required: true }));
    const key = await start('stone', MAJOR, '1.0.0', stone, '2.0.0');
    const stays = await witness.until(key, (seen) => conditionOf(seen, 'UpdateAvailable') === 'True Breaking');
    expect(messageOf(stays, 'UpdateAvailable')).toBe(
      'Set version 2.0.0 to take it, it passes what is breaking: 1.5.0 (move your files); it goes by 1.5.0',
    );
    expect(await versionsOf(witness, key)).toEqual(['1.0.0']);
  });
});

describe('a way of several steps', () => {
  const CHAIN = [
    release('22.0.5', { required: true }),
    release('23.0.7', { required: true, upgradesFrom: '>=22.0.5' }),
    release('24.0.0', { upgradesFrom: '>=23.0.7' }),
  ];

  it('is told before it is asked for, and while it is gone', async () => {
    const key = await start('chain', {}, '22.0.0', ...CHAIN);
    const before = await witness.until(key, (seen) => conditionOf(seen, 'UpdateAvailable') === 'True NewerRelease');
    expect(messageOf(before, 'UpdateAvailable')).toBe('Set version 24.0.0 to take it; it goes by 22.0.5, 23.0.7');

    await patch(key, { spec: { version: '24.0.0' } });
    const told = await toldUntil(key, 'UpdateAvailable', runs('24.0.0'));
    expect(await versionsOf(witness, key)).toEqual(['22.0.0', '22.0.5', '23.0.7', '24.0.0']);
    expect(told).toContain('22.0.5 is a step on the way to 24.0.0; it goes by 23.0.7');
    expect(told).toContain('23.0.7 is a step on the way to 24.0.0');
    expect(told).not.toContainEqual(expect.stringMatching(/on the way, none leads/));
  });
});

describe('a deadline', () => {
  it('that leaves no room for stableSeconds is refused by the API server', async () => {
    const rollback = { progressDeadlineSeconds: 20, stableSeconds: 19 };
    const { code, stderr } = await run(
      ['apply', '-f', '-'],
      installation(namespace, 'hurried', { provider: 'acme/web', upgrade: { rollback } }),
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /spec\.upgrade\.rollback\.progressDeadlineSeconds: .*progressDeadlineSeconds must be greater than 4 times stableSeconds/,
    );
  });
});

describe('a first install under automation', { concurrent: true }, () => {
  it.skipIf(!inject('controlPlane').disposable)(
    'that fails is followed by its floor, and by what lies between',
    async () => {
      const crashing = release('1.2.0', { image: 'registry.example.com/acme/crash-loop:1.2.0' });
      const key = await install('floor', { ...AUTO, version: '1.0.0' }, '1.0.0', '1.1.0', crashing);
      const seen = await witness.until(key, runs('1.1.0'));
      expect(await versionsOf(witness, key)).toEqual(['1.2.0', '1.0.0', '1.1.0']);
      expect(seen.status.failedVersions?.map((f) => f.version)).toEqual(['1.2.0']);
    },
  );

  it('into an older line chooses once', async () => {
    const key = await install(
      'older-line',
      { ...AUTO, version: '1.4.2' },
      release('1.4.2', OLD),
      release('1.4.3', OLD),
      '2.0.0',
    );
    const seen = await witness.until(key, runs('1.4.3'));
    expect(await versionsOf(witness, key)).toEqual(['1.4.3']);
    expect(await revisionsOf('older-line')).toBe(1);
    expect(seen.status.history).toHaveLength(1);
  });

  it('promises nothing that its level forbids', async () => {
    const key = await install('forbidden', { ...AUTO, version: '1.0.0' }, '1.0.0', '2.0.0');
    const told = await toldUntil(key, 'UpdateAvailable', runs('1.0.0'));
    expect(told).not.toContainEqual(expect.stringContaining('taken automatically'));
    expect(told.at(-1)).toBe('Set version 2.0.0 to take it, or set upgrade.level major');

    await patch(key, { spec: { configFrom: [{ name: 'A', configMapKeyRef: { name: 'none', key: 'a' } }] } });
    const faulty = await witness.until(key, isReady('False ConfigMapNotFound'));
    expect(messageOf(faulty, 'UpdateAvailable')).toBe('Release 2.0.0 is published');
  });
});

async function revisionsOf(name: string): Promise<number> {
  const selector = `provider-operator.io/installation=${name}`;
  const names = await kubectl(['get', 'controllerrevisions', '-n', namespace, '-l', selector, '-o', 'name']);
  return names.trim().split('\n').length;
}

describe('what is suspended', () => {
  it('says so also where something newer is published', async () => {
    const key = await start('suspended', { suspend: false }, '1.0.0', '1.1.0');
    await patch(key, { spec: { suspend: true } });
    const seen = await witness.until(key, isReady('True UpgradeAvailable'));
    expect(messageOf(seen, 'Ready')).toBe('Runs 1.0.0, suspended; 1.1.0 is published');
  });
});

describe('what somebody did to the Deployment is told by a Warning:', { concurrent: true }, () => {
  it('that it was deleted', async () => {
    await witness.until(await install('deleted', { version: '1.0.0' }, '1.0.0'), runs('1.0.0'));
    await kubectl(['delete', 'deployment', 'deleted', '-n', namespace]);
    expect(await healOf('deleted')).toBe('Warning Restored Deployment: somebody deleted it');
  });

  it('which field was undone by kubectl', async () => {
    const key = await start('undone', {}, '1.0.0', '1.1.0');
    await patch(key, { spec: { version: '1.1.0' } });
    await witness.until(key, runs('1.1.0'));
    await kubectl(['rollout', 'undo', 'deployment/undone', '-n', namespace]);
    const heal = await healOf('undone');
    expect(heal).toMatch(/^Warning Restored Deployment: spec\.template\.spec\.\S+ was changed by "kubectl"$/);
    await witness.until(key, runs('1.1.0'));
  });
});

/** The event of what was undone, with its type. */
function healOf(name: string): Promise<string> {
  const which = `--field-selector=reason=DriftHealed,involvedObject.name=${name}`;
  const path = 'jsonpath={range .items[*]}{.type} {.message}{"\\n"}{end}';
  return eventually(
    async () => (await kubectl(['get', 'events', '-n', namespace, which, '-o', path])).trim() || undefined,
  );
}

describe('who publishes is told', () => {
  interface Published {
    readonly status?: {
      readonly conditions?: readonly { readonly type: string; readonly message: string }[];
      readonly firstSeen?: Readonly<Record<string, string>>;
    };
  }
  const published = async (kind: string, name: string) =>
    JSON.parse(await kubectl(['get', kind, name, '-o', 'json'])) as Published;

  /** The message of `Ready`, once it is that one; or the last one. */
  async function said(kind: string, name: string, message: string): Promise<string | undefined> {
    let last: string | undefined;
    await eventually(async () => {
      const { status } = await published(kind, name);
      last = status?.conditions?.find((c) => c.type === 'Ready')?.message;
      return last === message;
    });
    return last;
  }

  it('which valid releases nobody gets, and what surprises, until that is over', async () => {
    const needs = { systemSoftwareDependencies: [{ name: 'told-php', range: '>=8' }] };
    const yanked = { lifecycle: { stage: 'yanked' } };
    const floating = { image: 'registry.example.com/acme/web' };
    await apply(
      provider(
        'told',
        '1.0.0',
        release('1.1.0', yanked),
        release('1.2.0', needs),
        release('1.3.0', floating),
        '7.1.1-38',
      ),
    );
    const remarks =
      '; 1.3.0 names an image without a tag of its own, which may change unseen: name one tag or digest for it' +
      '; 7.1.1-38 counts as a prerelease: automation takes it only where upgrade.prereleases is true';
    const before = `Every release can be installed, except 1.1.0 (yanked) and 1.2.0 (needs "told-php" in ">=8", which nobody publishes)${remarks}`;
    expect(await said('provider', 'told.web', before)).toBe(before);
    await apply(software('told-php', '8.3.0'));
    const after = `Every release can be installed, except 1.1.0 (yanked)${remarks}`;
    expect(await said('provider', 'told.web', after)).toBe(after);
  });

  it('that a number of a build is no prerelease where the vendor says so', async () => {
    await apply(software('told-mysql', '8.0.1-3', '8.0.1-12'));
    const names = 'only who names it gets it, unless prereleasesAreReleases is true';
    await said(
      'systemsoftware',
      'told-mysql',
      `Every version can be used; 8.0.1-12 and 1 more count as a prerelease: ${names}`,
    );
    await patchSoftware('told-mysql', { prereleasesAreReleases: true });
    await said('systemsoftware', 'told-mysql', 'Every version can be used');
    const needs = { systemSoftwareDependencies: [{ name: 'told-mysql', range: '>=8' }] };
    const key = await install('builds', { version: '1.0.0' }, release('1.0.0', needs));
    const seen = await witness.until(key, runs('1.0.0'));
    expect(seen.status.systemSoftware?.map((s) => s.currentVersion)).toEqual(['8.0.1-12']);
  });

  it('by a new age that a version was added again with other content, also while the operator was away', async () => {
    const stages: Record<string, string>[] = [];
    const seenAt = async () => {
      const { status } = await eventually(async () => {
        const now = await published('provider', 'aged.web');
        return now.status?.firstSeen !== undefined && now;
      });
      return status?.firstSeen ?? {};
    };
    await apply(provider('aged', '1.0.0', '1.1.0'));
    stages.push(await seenAt());
    await operator.stop();
    await new Promise((resolve) => void setTimeout(resolve, 1100));
    await kubectl([
      'patch',
      'provider',
      'aged.web',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/versions/1"}]',
    ]);
    await apply(provider('aged', '1.0.0', release('1.1.0', { image: 'registry.example.com/acme/other:1.1.0' })));
    operator = await startOperator({}, CONFIG);
    await eventually(async () => (await seenAt())['1.1.0'] !== stages[0]?.['1.1.0']);
    expect((await seenAt())['1.0.0']).toBe(stages[0]?.['1.0.0']);
  });
});

const patchSoftware = (name: string, spec: object) =>
  kubectl(['patch', 'systemsoftware', name, '--type=merge', '-p', JSON.stringify({ spec })]);

describe('a quota that leaves no room for a record', () => {
  const full = `${namespace}-full`;

  beforeAll(() => addNamespace(full));
  afterAll(() => cleanUp(full));

  it('is told as waiting, after a minute as a matter for people, and is over when it is raised', async () => {
    const key = `${full}/held`;
    await apply(
      provider('held', '1.0.0', '1.1.0'),
      installation(full, 'held', { provider: 'held/web', version: '1.0.0' }),
    );
    await witness.until(key, runs('1.0.0'));
    await setQuota(full, { 'count/controllerrevisions.apps': '1' });
    await patch(key, { spec: { version: '1.1.0' } });
    await witness.until(key, (seen) => conditionOf(seen, 'Reconciling') === 'True QuotaExceeded');
    const stalled = await witness.until(key, (seen) => conditionOf(seen, 'Stalled') === 'True QuotaExceeded');
    expect(messageOf(stalled, 'Ready')).toMatch(
      /^Raise the quota of the namespace, or remove what it does not need: .*controllerrevisions.* exceeded quota: all/,
    );
    expect([stalled.status.currentVersion, conditionOf(stalled, 'Available')]).toEqual(['1.0.0', 'True PodsAvailable']);

    await setQuota(full, { 'count/controllerrevisions.apps': '9' });
    // It would be tried again by itself within a minute; an edit is looked at now.
    await patch(key, { spec: { config: { LEVEL: 'debug' } } });
    await witness.until(key, runs('1.1.0'));
  });
});

describe('what was never installed', { concurrent: true }, () => {
  it('has no pods that could be too few', async () => {
    const key = await install('nothing', { version: '9.9.9' }, '1.0.0');
    const seen = await witness.until(key, isReady('False VersionNotFound'));
    expect(messageOf(seen, 'Available')).toBe('Nothing is installed');
    expect(seen.status.conditions?.map((c) => c.message)).not.toContainEqual(expect.stringContaining('Fewer pods'));
    expect(seen.status.installedVersion).toBeUndefined();
  });

  it.skipIf(!inject('controlPlane').disposable)('has no installed version where that failed', async () => {
    const crashing = release('1.0.0', { image: 'registry.example.com/acme/crash-loop:1.0.0' });
    const seen = await witness.until(
      await install('failed', { version: '1.0.0' }, crashing),
      isReady('False InstallFailed'),
    );
    expect([seen.status.installedVersion, seen.status.currentVersion]).toEqual([undefined, undefined]);
  });
});
