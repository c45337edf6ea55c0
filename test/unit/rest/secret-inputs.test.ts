import { describe, expect, it } from 'vitest';
import { LABEL } from '../../../src/api/names.ts';
import { ApiError } from '../../../src/cluster/errors.ts';
import type { Caches } from '../../../src/reconcile/caches.ts';
import { liveOf, type Live, type Look } from '../../../src/rest/installations.ts';
import { makeSecret, newSecretName, sweepSecrets } from '../../../src/rest/secret-inputs.ts';

/** Secrets that requests made: which of them are taken away again, and when. */

const NOW = Date.parse('2026-11-29T12:00:00Z');
const namespace = 'shop';

function live(name: string, ...secrets: readonly string[]): Live {
  const userInputs = secrets.map((secret, i) => ({
    name: `key${i}`,
    valueFrom: { secretKeyRef: { name: secret, key: 'key' } },
  }));
  const metadata = { name, namespace, uid: `uid of ${name}`, resourceVersion: '1', generation: 1 };
  return liveOf({ metadata, spec: { provider: 'acme/web', userInputs } });
}

/** A Secret of so many minutes. */
function secret(name: string, minutes: number, of = 'web') {
  const creationTimestamp = new Date(NOW - minutes * 60_000).toISOString();
  return { metadata: { name, namespace, uid: `uid of ${name}`, creationTimestamp, labels: { [LABEL.inputs]: of } } };
}

const refusal = (status: number) => ApiError.refused('x', { status, body: '', retryAfter: undefined });

interface Fake {
  readonly secrets?: readonly ReturnType<typeof secret>[];
  /** What every request for Secrets ends with. */
  readonly error?: Error;
}

/** The caller's API server, with all that was asked of it. */
function fake({ secrets = [], error }: Fake) {
  const asked: string[] = [];
  function answer<T>(what: string, value: T): Promise<T> {
    asked.push(what);
    return error && !what.startsWith('create') ? Promise.reject(error) : Promise.resolve(value);
  }
  const cluster = {
    list: (_: unknown, where: string, { labelSelector }: { labelSelector: string }) =>
      answer(`list ${where} ${labelSelector}`, secrets),
    remove: (_: unknown, { name, uid }: { name: string; uid: string }) => answer(`remove ${name} (${uid})`, undefined),
    create: (_: unknown, object: { metadata: { name: string } }) =>
      answer(`create ${object.metadata.name}`, {
        metadata: { ...object.metadata, uid: `uid of ${object.metadata.name}`, resourceVersion: '7' },
      }),
    patch: (_: unknown, { name, resourceVersion }: { name: string; resourceVersion: string }) =>
      answer(`patch ${name} at ${resourceVersion}`, {}),
  };
  return { look: { cluster } as unknown as Look, asked };
}

function caches(others: readonly Live[] = [], records: Readonly<Record<string, readonly string[]>> = {}): Caches {
  return {
    isLive: () => true,
    installations: { byIndex: () => others.map(({ view }) => view) },
    revisions: {
      byIndex: (_: string, key: string) =>
        (records[key] ?? []).map((name) => ({ kind: 'record', inputs: [{ secretKeyRef: { name, key: 'key' } }] })),
    },
  } as unknown as Caches;
}

describe('Secrets of earlier requests', () => {
  const old = secret('old', 11);
  it.each([
    { reason: 'nothing refers to it, and it is old', is: old, swept: true },
    { reason: 'a request that is under way may be about to refer to it', is: secret('young', 9), swept: false },
    { reason: 'the spec refers to it', is: old, web: live('web', 'old'), swept: false },
    { reason: 'a rollout may go back to it', is: old, seen: caches([], { 'shop/web': ['old'] }), swept: false },
    {
      reason: 'it is of another that is there',
      is: secret('old', 11, 'blog'),
      seen: caches([live('blog')]),
      swept: false,
    },
    { reason: 'the spec of another refers to it', is: old, seen: caches([live('blog', 'old')]), swept: false },
    {
      reason: 'a rollout of another may go back to it',
      is: old,
      seen: caches([live('blog')], { 'shop/blog': ['old'] }),
      swept: false,
    },
    // A request that was killed between the Secret and the installation, and came again under another name.
    { reason: 'it is of one that never came', is: secret('old', 11, 'blog'), swept: true },
    {
      reason: 'it is not said when it was made',
      is: { metadata: { ...old.metadata, creationTimestamp: '' } },
      swept: false,
    },
  ])('$reason: swept is $swept', async ({ is, web = live('web'), seen = caches(), swept }) => {
    const { look, asked } = fake({ secrets: [is] });
    await sweepSecrets(look, web, seen, NOW);
    expect(asked).toEqual([
      `list shop ${LABEL.inputs}`,
      ...(swept ? [`remove ${is.metadata.name} (uid of ${is.metadata.name})`] : []),
    ]);
  });

  it('stay where the caller may not list them, and the request goes on', async () => {
    const { look, asked } = fake({ error: refusal(403) });
    await sweepSecrets(look, live('web'), caches(), NOW);
    expect(asked).toHaveLength(1);
  });
});

describe('the Secret of a request', () => {
  const made = async (of: Fake, dryRun = false) => {
    const { look, asked } = fake(of);
    const target = { namespace, name: 'web', uid: undefined };
    return { asked, made: await makeSecret(look, target, { name: 'new', values: { key: 'CANARY' } }, { dryRun }) };
  };

  // https://github.com/grafana/grafana/pull/129837: only where it is sure that nothing was written
  it.each([
    { error: refusal(403), undone: true },
    { error: refusal(409), undone: true },
    { error: refusal(422), undone: true },
    { error: refusal(500), undone: false },
    { error: refusal(504), undone: false },
    { error: ApiError.unanswered('x', new Error('reset')), undone: false },
  ])('is taken back after $error.status: $undone', async ({ error, undone }) => {
    const { asked, made: secret } = await made({});
    await secret.undo(error);
    expect(asked).toEqual(['create new', ...(undone ? ['remove new (uid of new)'] : [])]);
  });

  it('is not taken back where nothing was made', async () => {
    const { asked, made: secret } = await made({}, true);
    await secret.undo(refusal(403));
    expect(asked).toEqual(['create new']);
  });

  it('goes with an installation that is new', async () => {
    const { asked, made: secret } = await made({});
    await secret.adopt(live('web', 'new'));
    expect(asked).toEqual(['create new', 'patch new at 7']);
  });

  it('stays as it is where the caller may do nothing but make it', async () => {
    const { made: secret } = await made({ error: refusal(403) });
    await expect(secret.adopt(live('web', 'new'))).resolves.toBeUndefined();
    await expect(secret.undo(refusal(409))).resolves.toBeUndefined();
  });

  it('has a name that no other has, and Kubernetes takes', () => {
    const names = Array.from({ length: 100 }, () => newSecretName('a'.repeat(52)));
    expect(new Set(names).size).toBe(100);
    expect(names.filter((name) => !/^[a-z0-9-]{1,80}$/.test(name))).toEqual([]);
  });
});
