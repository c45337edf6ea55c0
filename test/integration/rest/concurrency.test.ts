import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, get, kubectl, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { launchOperator, startOperator, type RunningOperator } from '../support/operator.ts';
import { runs } from '../support/outcome.ts';
import { addAccount, apiOf, ask, create, followWrites, inShort, type Answer, type Writes } from '../support/rest.ts';
import { startWitness, type Witness } from '../support/witness.ts';
import type { AuditEvent } from '../../control-plane/audit.ts';

/** Many requests at once, the same one again, and a process that ends in between. */
const namespace = 'rest-concurrency';
const VERSIONS = Array.from({ length: 60 }, (_, i) => `1.0.${i}`);
const NAMES = ['many', 'once', 'reused', 'kept', 'matched', 'busy', 'killed'];
let operator: RunningOperator;
let witness: Witness;
let token: string;
let colleague: string;

beforeAll(async () => {
  await prepare(namespace);
  token = await addAccount(namespace, 'portal');
  colleague = await addAccount(namespace, 'colleague');
  operator = await startOperator();
  witness = await startWitness();
  await apply(provider('acme', ...VERSIONS.map((version) => release(version))));
  const spec = { provider: 'acme/web', version: '1.0.0', upgradePolicy: 'manual', resourceTier: 'free' };
  await create(...NAMES.map((name) => installation(namespace, name, spec)));
  await Promise.all(NAMES.map((name) => waitFor('Ready', `pi/${name}`, namespace)));
});
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

interface Given {
  readonly body?: object;
  readonly key?: string;
  readonly by?: string;
  readonly ifMatch?: string;
  readonly at?: string;
}

function asked(verb: string, name: string, { body = {}, key, by = token, ifMatch, at = apiOf(operator) }: Given = {}) {
  const headers = { ...(key && { 'idempotency-key': key }), ...(ifMatch && { 'if-match': ifMatch }) };
  const path = `/providers/installed/acme/web${verb && `/${verb}`}?installation=${name}`;
  return ask(at, `${verb === '' ? 'GET' : 'POST'} ${path}`, { token: by, headers, ...(verb !== '' && { body }) });
}

/** The writes of callers to one installation that were accepted. */
async function accepted(writes: Writes): Promise<readonly AuditEvent[]> {
  return (await writes.list()).filter(({ code }) => code >= 200 && code < 300);
}

function follow(name: string): Promise<Writes> {
  return followWrites(
    (event) =>
      event.resource === 'providerinstallations' &&
      event.subresource === '' &&
      event.namespace === namespace &&
      event.name === name,
  );
}

const stored = (name: string) => get<InstallationObject>('pi', name, namespace);
const isReplay = ({ headers }: Answer) => headers['idempotency-replayed'] === 'true';

describe('at once', () => {
  it('50 upgrades to 50 versions: each is written or refused cleanly, and none is lost', async () => {
    const writes = await follow('many');

    const answers = await Promise.all(
      VERSIONS.slice(1, 51).map(async (version) => ({
        version,
        answer: await asked('upgrade', 'many', { body: { version } }),
      })),
    );

    const won = answers.filter(({ answer }) => answer.status === 200);
    const lost = answers.filter(({ answer }) => answer.status !== 200).map(({ answer }) => inShort(answer));
    expect(won.length).toBeGreaterThan(0);
    expect(new Set(lost)).toEqual(new Set(lost.map(() => '409 Conflict')));
    for (const { version, answer } of won) {
      expect(answer.body.installed_version).toBe(version);
    }
    expect(await accepted(writes)).toHaveLength(won.length);
    const { version } = (await stored('many')).spec as { version: string };
    expect(won.map((one) => one.version)).toContain(version);
    await witness.until(`${namespace}/many`, runs(version));
    expect((await asked('', 'many')).body).toMatchObject({ installed_version: version, current_version: version });
  });

  // zonelessdev/zoneless#134, jcagarcia/grape-idempotency#10: looked, then wrote, and so wrote twice
  // idempot-dev/idempot-js#186: who came second got 503
  it('20 requests with one key are one write, and 20 times the same answer', async () => {
    const writes = await follow('once');

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => asked('upgrade', 'once', { body: { version: '1.0.1' }, key: 'one' })),
    );

    expect(new Set(answers.map(inShort))).toEqual(new Set(['200']));
    expect(new Set(answers.map(({ body }) => body.installed_version))).toEqual(new Set(['1.0.1']));
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(await accepted(writes)).toHaveLength(1);
  });

  it('10 requests with one key to install are one installation', async () => {
    const writes = await followWrites((event) => event.namespace === namespace && event.verb === 'create');
    const body = { provider_name: 'acme/web', version: '1.0.0', upgrade_policy: 'manual', resource_tier: 'free' };
    const install = () =>
      ask(apiOf(operator), 'POST /providers/install?installation=new', {
        token,
        body,
        headers: { 'idempotency-key': 'new' },
      });

    const answers = await Promise.all(Array.from({ length: 10 }, install));
    await waitFor('Ready', 'pi/new', namespace);
    const later = await install();

    expect(new Set(answers.map(inShort))).toEqual(new Set(['201']));
    // ulsklyc/yuvomi#822: the retry made another
    expect([inShort(later), isReplay(later)]).toEqual(['201', true]);
    const own = (await accepted(writes)).filter(({ resource }) => resource === 'providerinstallations');
    expect(own).toHaveLength(1);
  });

  it('what others write beside the spec never makes a request fail', async () => {
    const status = ['patch', 'pi', 'busy', '-n', namespace, '--subresource=status', '--type=merge', '-p'];
    const noise = (async () => {
      for (let i = 0; i < 12; i += 1) {
        await kubectl([...status, JSON.stringify({ status: { latestVersion: `9.0.${i}` } })]);
        await kubectl(['annotate', 'pi', 'busy', '-n', namespace, '--overwrite', `example.com/noise=${i}`]);
      }
    })();

    const answers: Answer[] = [];
    for (let i = 0; i < 20; i += 1) {
      answers.push(await asked(i % 2 === 0 ? 'suspend' : 'resume', 'busy'));
    }
    await noise;

    expect(new Set(answers.map(inShort))).toEqual(new Set(['200']));
  });
});

describe('a key', () => {
  it.each<[what: string, verb: string, given: Given, answer: string]>([
    ['the same once more', 'upgrade', { body: { version: '1.0.2' }, key: 'a' }, '200 again'],
    // ietf-wg-httpapi/idempotency#22: a key that was told from another by less than all that is asked
    ['with another body', 'upgrade', { body: { version: '1.0.3' }, key: 'a' }, '422 KeyReused'],
    ['on another path', 'suspend', { key: 'a' }, '422 KeyReused'],
    ['of somebody else', 'upgrade', { body: { version: '1.0.2' }, key: 'a', by: '' }, '200'],
    ['the same after that', 'upgrade', { body: { version: '1.0.2' }, key: 'a' }, '200 again'],
  ])('%s: %s %j', async (_, verb, given, answer) => {
    if (!isReplay(await asked('upgrade', 'reused', { body: { version: '1.0.2' }, key: 'a' }))) {
      await witness.until(`${namespace}/reused`, runs('1.0.2'));
    }
    const generation = async () => (await stored('reused')).metadata.generation;
    const before = await generation();

    const found = await asked(verb, 'reused', { ...given, ...(given.by === '' && { by: colleague }) });

    expect(`${inShort(found)}${isReplay(found) ? ' again' : ''}`).toBe(answer);
    expect(await generation()).toBe(before);
  });

  // ikyriak/IdempotentAPI#37: what was refused once could never be asked for again
  it('whose request was refused is free', async () => {
    expect(inShort(await asked('upgrade', 'kept', { body: { version: '9.9.9' }, key: 'refused' }))).toBe(
      '404 VersionNotFound',
    );
    expect(inShort(await asked('upgrade', 'kept', { body: { version: '1.0.1' }, key: 'refused' }))).toBe('200');
  });

  it('is remembered until eight others came after it', async () => {
    const writes = await follow('kept');
    const restart = (key: string) => asked('deploy', 'kept', { key });
    const keys = Array.from({ length: 8 }, (_, i) => `deploy ${i}`);
    for (const key of keys) {
      expect(isReplay(await restart(key))).toBe(false);
    }
    for (const key of keys) {
      expect(isReplay(await restart(key))).toBe(true);
    }
    expect(await accepted(writes)).toHaveLength(8);

    expect(isReplay(await restart('a ninth'))).toBe(false);
    expect(isReplay(await restart(keys[1]!))).toBe(true);
    expect(isReplay(await restart(keys[0]!))).toBe(false);
    expect(await accepted(writes)).toHaveLength(10);
  });
});

describe('If-Match', () => {
  it('is honoured as it was read, as proxies weaken it, in a list and as anything', async () => {
    const etag = (await asked('', 'matched')).headers['etag'] as string;
    // CommunitySolidServer/CommunitySolidServer#1036: a proxy packs the answer, and the tag comes back with W/
    const fitting = [`W/${etag}`, `"other/1", ${etag}`, '*', etag];
    for (const ifMatch of fitting) {
      expect([ifMatch, inShort(await asked('upgrade', 'matched', { body: {}, ifMatch: `"no/1"` }))]).toEqual([
        ifMatch,
        '412 PreconditionFailed',
      ]);
      expect(inShort(await asked('deploy', 'matched', { ifMatch }))).toBe('200');
    }

    expect(inShort(await asked('suspend', 'matched', { ifMatch: etag }))).toBe('200');
    expect(inShort(await asked('resume', 'matched', { ifMatch: etag }))).toBe('412 PreconditionFailed');
    const next = (await asked('', 'matched')).headers['etag'] as string;
    expect(inShort(await asked('resume', 'matched', { ifMatch: next }))).toBe('200');
  });

  it('of 10 who decided on the same, one wins', async () => {
    const ifMatch = (await asked('', 'matched')).headers['etag'] as string;

    const answers = await Promise.all(
      VERSIONS.slice(1, 11).map((version) => asked('upgrade', 'matched', { body: { version }, ifMatch })),
    );

    const found = answers.map(inShort).sort();
    expect(found.slice(0, 1)).toEqual(['200']);
    expect(new Set(found.slice(1))).toEqual(new Set(['412 PreconditionFailed']));
  });
});

describe('a process that is killed', () => {
  /** After how many milliseconds of a request: before it is read, reviewed, written, answered, and after that. */
  const MOMENTS = [0, 3, 8, 20];

  // ikyriak/IdempotentAPI#57: written, killed before the key was, and written again
  it('loses no request that is sent again with its key, and makes none twice', { timeout: 600_000 }, async () => {
    const writes = await follow('killed');
    let api = await launchOperator({ API_ONLY: 'true' });
    const keys = Array.from({ length: 16 }, (_, i) => `killed ${i}`);
    let sent = 0;
    let replays = 0;
    for (const [i, key] of keys.entries()) {
      const moment = i % 4 === 3 ? MOMENTS[Math.floor(i / 4)] : undefined;
      const attempt = () => {
        sent += 1;
        return asked('deploy', 'killed', { key, at: apiOf(api) });
      };
      const first = attempt().catch((error: unknown) => error as Error);
      if (moment !== undefined) {
        setTimeout(() => api.signal('SIGKILL'), moment);
        await Promise.all([first, api.ended]);
        api = await launchOperator({ API_ONLY: 'true' });
      }
      const answer = moment === undefined ? await first : await attempt();
      expect(answer).toMatchObject({ status: 200 });
      replays += isReplay(answer as Answer) ? 1 : 0;
    }
    api.signal('SIGTERM');
    await api.ended;

    expect(sent).toBe(keys.length + MOMENTS.length);
    // What was done for a client that had gone by then, the audit log may count as failed; who sends it again gets a replay.
    const { length } = await accepted(writes);
    expect(length).toBeLessThanOrEqual(keys.length);
    expect(length + replays).toBeGreaterThanOrEqual(keys.length);
  });

  it('leaves what was asked for before and after to be told from each other', async () => {
    const { metadata } = await stored('killed');

    expect(metadata.annotations?.['provider-operator.io/requests']?.split(' ')).toHaveLength(8);
    expect(auditLog()).not.toBe('');
  });
});
