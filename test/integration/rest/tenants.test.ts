import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { auditLog, cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import {
  addAccount,
  addTenant,
  apiOf,
  ask,
  create,
  followWrites,
  inShort,
  tokenOf,
  type Answer,
} from '../support/rest.ts';
import { auditEnd, auditEvents } from '../../control-plane/audit.ts';

/** Two tenants who must not notice each other, and callers who are not whom they say. */
const [mine, theirs] = ['rest-tenant-a', 'rest-tenant-b'] as const;
const SPEC = { version: '1.0.0', upgradePolicy: 'manual', resourceTier: 'free' };
let operator: RunningOperator;
let token: string;
let other: string;
/** Worked once, and its service account is gone since. */
let revoked: string;

beforeAll(async () => {
  await prepare('rest-tenants');
  token = await addTenant(mine);
  other = await addTenant(theirs);
  revoked = await addAccount(mine, 'leaver');
  operator = await startOperator();
  await apply(...['ours', 'yours'].map((org) => provider(org, '1.0.0', '1.1.0')));
  await create(
    installation(mine, 'ours', { ...SPEC, provider: 'ours/web' }),
    installation(theirs, 'yours', { ...SPEC, provider: 'yours/web' }),
  );
  await Promise.all([waitFor('Ready', 'pi/ours', mine), waitFor('Ready', 'pi/yours', theirs)]);
  await eventually(async () => (await asked('GET /providers/installed', { token: revoked })).status === 200);
  await kubectl(['delete', 'serviceaccount', 'leaver', '-n', mine]);
});
afterAll(() => operator.stop());
afterAll(() => Promise.all(['rest-tenants', mine, theirs].map(cleanUp)));

function asked(line: string, given: Parameters<typeof ask>[2] = {}): Promise<Answer> {
  return ask(apiOf(operator), line, { token, ...given });
}

const THEIRS = '/providers/installed/yours/web';
/** Each route of installations, about one that is the other's. */
const ROUTES: readonly { readonly line: string; readonly body?: object }[] = [
  { line: 'GET /providers/installed' },
  { line: 'POST /providers/install', body: { provider_name: 'yours/web' } },
  { line: `GET ${THEIRS}` },
  { line: `POST ${THEIRS}/upgrade`, body: {} },
  { line: `POST ${THEIRS}/upgrade?dryRun=true`, body: { version: '1.1.0' } },
  { line: `POST ${THEIRS}/upgrade?force=true`, body: { version: '1.1.0' } },
  { line: `POST ${THEIRS}/downgrade`, body: { target_version: '0.9.0' } },
  { line: `POST ${THEIRS}/deploy`, body: {} },
  { line: `GET ${THEIRS}/deployment` },
  { line: `DELETE ${THEIRS}` },
  { line: `GET ${THEIRS}/update-candidates` },
  { line: `GET ${THEIRS}/history` },
  { line: `GET ${THEIRS}/missing-dependencies` },
  { line: `POST ${THEIRS}/suspend`, body: {} },
  { line: `POST ${THEIRS}/resume`, body: {} },
  { line: `GET ${THEIRS}/watch` },
];

/** All that a caller can tell an answer from another by, but for the names that the caller gave. */
function tellable({ status, headers, text }: Answer, ...given: readonly string[]): object {
  const { date: _, 'x-request-id': __, 'content-length': ___, ...rest } = headers;
  const kept = Object.entries(rest).filter(([name]) => !name.startsWith('x-ratelimit-'));
  return {
    status,
    headers: Object.fromEntries(kept),
    text: given.reduce((all, name) => all.replaceAll(name, '…'), text),
  };
}

describe('what is the other’s', () => {
  // argoproj/argo-cd#13000, #23638: another answer for what is there than for what is not, and for years one that helps nobody
  it.each(ROUTES)(
    '$line $body in their namespace: the same answer as in one that does not exist',
    async ({ line, body }) => {
      const there = await asked(line, { body, headers: { 'x-namespace': theirs } });
      const nowhere = await asked(line, { body, headers: { 'x-namespace': 'rest-tenant-0' } });

      expect(inShort(there)).toBe('404 NotFound');
      expect(tellable(there, theirs)).toEqual(tellable(nowhere, 'rest-tenant-0'));
    },
  );

  it.each(ROUTES.slice(2))(
    '$line $body in one’s own: the same answer as for what nobody has',
    async ({ line, body }) => {
      const there = await asked(line, { body });
      const nowhere = await asked(line.replace('yours/web', 'nobody/web'), { body });

      expect(inShort(there)).toBe('404 NotFound');
      expect(tellable(there, 'yours/web')).toEqual(tellable(nowhere, 'nobody/web'));
    },
  );

  it.each(ROUTES.slice(2))(
    '$line $body by its name there: the same answer as for another name',
    async ({ line, body }) => {
      const by = (name: string) => `${line}${line.includes('?') ? '&' : '?'}namespace=${theirs}&installation=${name}`;
      const [there, nowhere] = [await asked(by('yours'), { body }), await asked(by('nobody'), { body })];

      expect(tellable(there)).toEqual(tellable(nowhere));
      expect(inShort(there)).toBe('404 NotFound');
    },
  );

  it('is not in one’s list, and one’s own is not in theirs', async () => {
    const names = async (by: string) =>
      (JSON.parse((await asked('GET /providers/installed', { token: by })).text) as { provider_name: string }[]).map(
        ({ provider_name: name }) => name,
      );

    expect(await names(token)).toEqual(['ours/web']);
    expect(await names(other)).toEqual(['yours/web']);
  });

  it('is as it was', async () => {
    const { metadata, spec } = await get<InstallationObject>('pi', 'yours', theirs);

    expect([metadata.generation, spec]).toEqual([1, { ...SPEC, provider: 'yours/web' }]);
  });
});

describe('names that lead elsewhere', () => {
  const long = 'a'.repeat(5000);
  // kubernetes/kubernetes#119269: the API server itself took ".." for a namespace
  it.each([
    '..',
    '.',
    '',
    '_all',
    '%2e%2e%2f',
    `${theirs}%00`,
    `${theirs}%2Fproviderinstallations%2Fyours`,
    `${theirs}%3Ffoo`,
    theirs.toUpperCase(),
    '%F0%9F%90%99',
    `${mine},${theirs}`,
    long,
  ])('namespace %.40s', async (namespace) => {
    const answer = await asked(`GET /providers/installed?namespace=${namespace}`);

    expect(inShort(answer)).toMatch(/^(400 NamespaceInvalid|422 Invalid)$/);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  // fabric8io/kubernetes-client#7945: encodeURIComponent leaves dots as they are, and a client walks up by them
  it.each(['..', '.', '', '%2e%2e', 'yours%2Fstatus', 'yours%00', 'Yours', '%F0%9F%90%99', long.slice(0, 60)])(
    'installation %.40s: 422',
    async (name) => {
      const answer = await asked(`GET /providers/installed/ours/web?installation=${name}`);

      expect(inShort(answer)).toBe('422 Invalid');
      expect(answer.body.detail).toMatch(/^Correct "installation": /);
    },
  );

  it.each([
    ['ours%2Fweb/web', 404],
    ['ours/web%2Fupgrade', 404],
    ['ours/..', 404],
    ['../ours/web', 404],
    ['%2e%2e/%2e%2e', 404],
    // It would be one more term of a selector.
    ['ours/web%2Cmetadata.name%3Dyours', 404],
    ['ours/web%3D', 404],
    ['ours/web%00', 404],
    ['ours/web%0D%0Aetag:1', 404],
    ['ours/%F0%9F%90%99', 404],
    ['Ours/web', 404],
    [`ours/${long.slice(0, 60)}`, 404],
    [`ours/${long.slice(0, 100)}`, 422],
    [`ours/${long}`, 414],
    // fastify/fastify#1884: what cannot be decoded was answered in another form, and without an id
    ['ours/%', 400],
    ['ours/%E0%A4', 400],
  ])('provider %.40s: %i', async (name, status) => {
    const answer = await asked(`GET /providers/installed/${name}`);

    expect([name.slice(0, 40), answer.status]).toEqual([name.slice(0, 40), status]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  // caddyserver/caddy#1859: two slashes got past the rule that asked for a token
  it.each(['//providers/installed', '/providers//installed', '/PROVIDERS/installed', '/./providers/installed'])(
    '%s is no way round the token',
    async (path) => {
      const answer = await ask(apiOf(operator), `GET ${path}`);

      expect([401, 404]).toContain(answer.status);
    },
  );
});

describe('headers that say two things', () => {
  it.each<[what: string, headers: Record<string, string | readonly string[]>, answer: RegExp]>([
    ['two namespaces', { 'x-namespace': [mine, theirs] }, /^400 Namespace/],
    ['the same namespace twice', { 'x-namespace': [mine, mine] }, /^400 Namespace/],
    ['somebody else', { 'impersonate-user': 'system:admin' }, /^400 ImpersonationUnsupported/],
    // Infisical/cli#186: the one that was forgotten
    ['somebody else’s id', { 'Impersonate-Uid': '1' }, /^400 ImpersonationUnsupported/],
    ['a group', { 'IMPERSONATE-GROUP': 'system:masters' }, /^400 ImpersonationUnsupported/],
    // kubernetes/kubernetes#119631
    ['a user of a proxy', { 'x-remote-user': 'admin' }, /^400 ImpersonationUnsupported/],
    // projectcapsule/capsule-proxy#188: named so, the proxy dropped what it had set itself, and asked as itself
    ['what is to be dropped', { connection: 'authorization, impersonate-user' }, /^200$/],
  ])('%s: %s', async (_, headers, answer) => {
    const from = await auditEnd(auditLog());

    const given = await asked('GET /providers/installed/ours/web', { headers });

    expect(inShort(given)).toMatch(answer);
    const users = new Set<string>();
    for await (const { user, userAgent, verb, resource } of auditEvents(auditLog(), from)) {
      if (verb === 'get' && resource === 'providerinstallations' && userAgent.includes(operator.instance)) {
        users.add(user);
      }
    }
    expect([...users]).toEqual(given.status === 200 ? [`system:serviceaccount:${mine}:portal`] : []);
  });

  it('two tokens are none', async () => {
    const line = 'GET /providers/installed';
    const both = [`Bearer ${token}`, `Bearer ${other}`];

    expect(inShort(await asked(line, { headers: { authorization: both } }))).toBe('401 Unauthenticated');
    expect(inShort(await asked(line, { headers: { 'x-access-token': other } }))).toBe('401 Unauthenticated');
  });
});

/** Another token of the same account: as the API server would have made it, but for some claims. */
function forged(change: (claims: Record<string, unknown>) => object): string {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const changed = Buffer.from(JSON.stringify({ ...claims, ...change(claims) })).toString('base64url');
  const key = createPrivateKey(readFileSync(join(dirname(inject('controlPlane').kubeconfig), 'service-account.key')));
  const signature = sign('sha256', Buffer.from(`${header}.${changed}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${header}.${changed}.${signature.toString('base64url')}`;
}

const seconds = () => Math.floor(Date.now() / 1000);

describe('tokens', () => {
  const writes = () => asked('POST /providers/installed/ours/web/upgrade?dryRun=true', { body: {} });

  it.each<[what: string, make: () => Promise<string> | string, answer: string]>([
    ['an ordinary one', () => token, '200'],
    ['one that was made here, to show that such are taken', () => forged(({ exp }) => ({ exp })), '200'],
    // kubernetes/kubernetes#62692, hashicorp/vault-plugin-auth-kubernetes#179: one for others was taken, or answered with 500
    ['one for another audience', () => tokenOf(mine, 'portal', '--audience=other'), '401 Unauthenticated'],
    [
      'one that has expired',
      () => forged(() => ({ iat: seconds() - 7200, nbf: seconds() - 7200, exp: seconds() - 3600 })),
      '401 Unauthenticated',
    ],
    ['one that is not valid yet', () => forged(() => ({ nbf: seconds() + 3600 })), '401 Unauthenticated'],
    ['one whose end was moved', () => `${token.slice(0, -8)}AAAAAAAA`, '401 Unauthenticated'],
    ['words', () => 'give me everything', '401 Unauthenticated'],
    ['nothing', () => '', '401 Unauthenticated'],
    ['one that is far too long', () => 'x'.repeat(15_000), '401 Unauthenticated'],
  ])('%s: %s', async (_, make, answer) => {
    const given = await asked('GET /providers/installed/ours/web', { token: await make() });

    expect(inShort(given)).toBe(answer);
    expect((await asked('GET /providers', { token: await make() })).status).toBe(given.status);
  });

  it('a token that was taken back is refused as soon as what is remembered of it has run out', async () => {
    await eventually(async () => inShort(await asked('GET /providers', { token: revoked })) === '401 Unauthenticated');

    // argoproj/argo-cd#5402: it went on working elsewhere
    for (const { line, body } of ROUTES) {
      expect(inShort(await asked(line, { token: revoked, body }))).toBe('401 Unauthenticated');
    }
  });

  it('the same name made anew does not make the old token good again', async () => {
    await addAccount(mine, 'leaver');

    expect(inShort(await asked('GET /providers/installed', { token: revoked }))).toBe('401 Unauthenticated');
    expect(inShort(await writes())).toBe('200');
  });

  it('no token is ever logged', () => {
    for (const secret of [token, other, revoked]) {
      expect(operator.output()).not.toContain(secret);
      expect(operator.output()).not.toContain(secret.split('.')[2]);
    }
  });
});

describe('whose rights count', () => {
  it('a caller without any gets nothing that the operator could', async () => {
    const nobody = await addAccount(mine, 'nobody', 'none');
    const about = (line: string) => line.replace('yours/web', 'ours/web');

    for (const { line, body } of ROUTES) {
      expect([line, inShort(await asked(about(line), { token: nobody, body }))]).toEqual([line, '404 NotFound']);
    }
  });

  it('a caller who may only read changes nothing, whatever the operator may', async () => {
    const reader = await addAccount(mine, 'reader', 'view');
    const line = (verb: string) => `POST /providers/installed/ours/web/${verb}`;

    expect(inShort(await asked(line('upgrade'), { token: reader, body: {} }))).toBe('403 Forbidden');
    expect(inShort(await asked(line('suspend'), { token: reader, body: {} }))).toBe('403 Forbidden');
    expect((await get<InstallationObject>('pi', 'ours', mine)).spec).toEqual({ ...SPEC, provider: 'ours/web' });
  });

  it('a write is the caller’s for the audit log, and this API’s for the fields', async () => {
    const isOfSpec = ({
      resource,
      subresource,
      namespace,
    }: { [K in 'resource' | 'subresource' | 'namespace']: string }) =>
      resource === 'providerinstallations' && subresource === '' && namespace === mine;
    const writes = await followWrites(isOfSpec);

    await asked('POST /providers/install?installation=second', {
      body: { provider_name: 'ours/web', version: '1.0.0', upgrade_policy: 'manual' },
    });
    await asked('POST /providers/installed/ours/web/upgrade?installation=second', { body: {} });
    await asked('POST /providers/installed/ours/web/suspend?installation=second', { body: {} });
    const { managedFields = [] } = (await get('pi', 'second', mine)).metadata;
    await asked('DELETE /providers/installed/ours/web?installation=second');

    const list = await writes.list();
    expect([...new Set(list.map(({ user }) => user))]).toEqual([`system:serviceaccount:${mine}:portal`]);
    // What lost against a write of the status was sent again.
    const accepted = list.filter(({ code }) => code < 300);
    expect(accepted.map(({ verb }) => verb)).toEqual(['create', 'patch', 'patch', 'delete']);
    expect(new Set(accepted.slice(0, -1).map(({ manager }) => manager))).toEqual(new Set(['provider-operator-api']));
    const ofSpec = managedFields.filter(({ fieldsV1 }) => 'f:spec' in (fieldsV1 ?? {}));
    expect(ofSpec.map(({ manager }) => manager)).toEqual(['provider-operator-api']);
  });

  it('a right that is taken away is gone at once for writes, and after some seconds for lists', async () => {
    await kubectl(['delete', 'rolebinding', 'portal', '-n', theirs]);

    await eventually(
      async () =>
        inShort(await asked('POST /providers/installed/yours/web/suspend', { token: other })) === '404 NotFound',
    );
    await eventually(async () => inShort(await asked('GET /providers/installed', { token: other })) === '404 NotFound');
    expect((await get<InstallationObject>('pi', 'yours', theirs)).spec['version']).toBe('1.0.0');
  });
});
