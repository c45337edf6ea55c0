import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowSecrets, expectProblem, idOf, one, uidOf, writtenIn } from '../support/app-installations.ts';
import { cleanUp, installation, prepare, provider, release, software, softwareRelease } from '../support/cluster.ts';
import { apply, get, kubectl, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { addAccount, apiOf, ask, create, type Answer, type Asked } from '../support/rest.ts';

/** What is published, what may be had of it, and what a request would come to: by ids that do not change. */
const namespace = 'rest-v2-catalogue';
const SPEC = { provider: 'acme/web', version: '1.0.0', resourceTier: 'free' };

const region = { name: 'region', dataType: 'select', options: ['eu', 'us'], required: true };
const needs = (range: string) => ({ systemSoftwareDependencies: [{ name: 'php', range }] });
const CATALOGUE = [
  software(
    'php',
    '8.2.0',
    '8.3.0',
    softwareRelease('php', '8.4.0', {
      recommended: true,
      lifecycle: { stage: 'supported', expiresAt: '2030-01-01T00:00:00Z' },
    }),
  ),
  software('node', '22.0.0'),
  software(
    'redis',
    softwareRelease('redis', '7.0.0', { userInputs: [{ name: 'title', dataType: 'text', secret: true }] }),
  ),
  provider(
    'acme',
    release('1.0.0', {
      displayVersion: '1.0 LTS',
      documentRoot: '/public',
      runtime: {
        env: [
          { name: 'OLD', value: '1' },
          { name: 'BOTH', value: '1' },
        ],
      },
      ...needs('>=8.2.0 <8.3.0'),
    }),
    release('1.1.0', { recommended: true, ...needs('>=8.2.0 <8.3.0') }),
    release('1.2.0', { lifecycle: { stage: 'yanked', message: 'it loses orders' } }),
    release('1.3.0', { required: true, ...needs('>=8.2.0 <8.3.0') }),
    release('1.4.0', { lifecycle: { stage: 'preview' } }),
    release('2.0.0', {
      upgradesFrom: '>=1.3.0',
      userInputs: [region],
      breaking: { note: 'new', url: 'https://example.com/faq' },
      runtime: {
        env: [
          { name: 'NEW', value: '1' },
          { name: 'BOTH', value: '2' },
        ],
      },
      ...needs('>=8.3.0 <8.4.0'),
    }),
    release('3.0.0', { upgradesFrom: '>=2.5.0' }),
  ),
  provider('titled', release('1.0.0', { userInputs: [{ name: 'title', dataType: 'text' }] })),
  provider('keyed', release('1.0.0', { userInputs: [{ name: 'apiKey', dataType: 'text', secret: true }] })),
];

let operator: RunningOperator;
let token: string;
const ids = new Map<string, string>();
const id = (of: string) => ids.get(of) ?? '';
beforeAll(async () => {
  await prepare(namespace);
  token = await addAccount(namespace, 'portal');
  await allowSecrets(namespace, 'portal', 'create', 'get', 'list', 'patch', 'delete');
  operator = await startOperator();
  await apply(...CATALOGUE);
  await create(installation(namespace, 'shop', SPEC), installation(namespace, 'tried', { ...SPEC, version: '1.3.0' }));
  for (const name of ['shop', 'tried']) {
    await waitFor('Ready', `pi/${name}`, namespace);
    ids.set(name, await uidOf(name, namespace));
  }
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

function asked(line: string, more: Omit<Asked, 'token'> = {}): Promise<Answer> {
  return ask(apiOf(operator), line, { ...more, token });
}

async function listed(path: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await asked(`GET ${path}`);
  expect(status).toBe(200);
  return body as unknown as Record<string, unknown>[];
}

const APP = `/v2/apps/${idOf('acme/web')}`;
const candidates = (version: string) => `${APP}/versions/${idOf(`acme/web@${version}`)}/update-candidates`;
const versionsOf = (list: readonly Record<string, unknown>[]) => list.map((one) => one['internalVersion']);

describe('the catalogue', () => {
  it('has the shapes of the seed', async () => {
    expect((await asked(`GET ${APP}`)).body).toEqual({ id: idOf('acme/web'), name: 'acme/web', tags: [] });
    expect((await asked(`GET ${APP}/versions/${idOf('acme/web@2.0.0')}`)).body).toEqual({
      id: idOf('acme/web@2.0.0'),
      appId: idOf('acme/web'),
      externalVersion: '2.0.0',
      internalVersion: '2.0.0',
      docRoot: '',
      docRootUserEditable: true,
      breakingNote: { faqLink: 'https://example.com/faq' },
      systemSoftwareDependencies: [{ systemSoftwareId: idOf('php'), versionRange: '>=8.3.0 <8.4.0' }],
      userInputs: [
        {
          name: 'region',
          dataType: 'select',
          required: true,
          lifecycleConstraint: 'reconfigure',
          validationSchema: expect.stringMatching(/^\{.*"enum":\["eu","us"\].*\}$/) as string,
        },
      ],
    });
    expect((await asked(`GET /v2/system-softwares/${idOf('php')}/versions/${idOf('php@8.4.0')}`)).body).toEqual({
      id: idOf('php@8.4.0'),
      externalVersion: '8.4.0',
      internalVersion: '8.4.0',
      expiryDate: '2030-01-01T00:00:00Z',
      recommended: true,
    });
  });

  it.each([
    { path: `${APP}/versions`, sees: ['3.0.0', '2.0.0', '1.4.0', '1.3.0', '1.2.0', '1.1.0', '1.0.0'] },
    { path: `${APP}/versions?recommended=true`, sees: ['1.1.0'] },
    { path: `${APP}/versions?recommended=false&versionRange=%5E1.3.0`, sees: ['1.4.0', '1.3.0'] },
    { path: `${APP}/versions?versionRange=%3E%3D2`, sees: ['3.0.0', '2.0.0'] },
    {
      path: `/v2/system-softwares/${idOf('php')}/versions?versionRange=8.2.x%20%7C%7C%208.4.x`,
      sees: ['8.4.0', '8.2.0'],
    },
    { path: `/v2/system-softwares/${idOf('php')}/versions?recommended=true`, sees: ['8.4.0'] },
    // What is yanked, or a preview, is nobody's candidate. 2.0.0 is reached by way of 1.3.0, and 3.0.0 by nobody yet.
    { path: candidates('1.0.0'), sees: ['1.1.0', '1.3.0', '2.0.0'] },
    { path: candidates('1.2.0'), sees: ['1.3.0', '2.0.0'] },
    { path: candidates('1.3.0'), sees: ['2.0.0'] },
    { path: candidates('2.0.0'), sees: [] },
    { path: `${candidates('1.0.0')}?onlyRecommended=true`, sees: ['1.1.0'] },
  ])('$path has $sees', async ({ path, sees }) => {
    expect(versionsOf(await listed(path))).toEqual(sees);
  });

  // https://github.com/CatalogueOfLife/backend/issues/980, https://github.com/apache/gravitino/issues/12153
  it('has the same ids after it was deleted and made again', async () => {
    const paths = [
      '/v2/apps',
      `${APP}/versions`,
      '/v2/system-softwares',
      `/v2/system-softwares/${idOf('php')}/versions`,
      one(id('shop')),
    ];
    const look = () => Promise.all(paths.map(async (path) => (await asked(`GET ${path}`)).text));
    const before = await look();

    await kubectl(['delete', 'providers,systemsoftwares', '--all']);
    await expect.poll(async () => (await asked(`GET ${APP}`)).status).toBe(404);
    expect((await asked(`GET ${one(id('shop'))}`)).body).toMatchObject({
      appId: idOf('acme/web'),
      appVersion: { desired: idOf('acme/web@1.0.0') },
    });
    await apply(...CATALOGUE);

    await expect.poll(look, { timeout: 240_000 }).toEqual(before);
  });
});

describe('missing-dependencies', () => {
  const path = (version: string) =>
    `GET ${one(id('shop'))}/missing-dependencies?targetAppVersionID=${idOf(`acme/web@${version}`)}`;

  it('has what a version needs that is not there', async () => {
    expect((await asked(path('1.1.0'))).body).toEqual({});
    const { body } = await asked(path('2.0.0'));
    expect(body).toEqual({
      missingSystemSoftwareDependencies: [{ systemSoftwareId: idOf('php'), versionRange: '>=8.3.0 <8.4.0' }],
      missingUserInputs: [expect.objectContaining({ name: 'region', required: true }) as object],
    });
  });

  it('has it no more once it is given', async () => {
    const { status } = await asked(`PATCH ${one(id('tried'))}`, {
      body: { appVersionId: idOf('acme/web@2.0.0'), userInputs: [{ name: 'region', value: 'eu' }] },
    });
    expect(status).toBe(204);
    await kubectl([
      'wait',
      'pi/tried',
      '-n',
      namespace,
      '--for=jsonpath={.status.currentVersion}=2.0.0',
      '--timeout=240s',
    ]);
    const later = await asked(
      `GET ${one(id('tried'))}/missing-dependencies?targetAppVersionID=${idOf('acme/web@2.0.0')}`,
    );
    expect(later.body).toEqual({});
  });
});

const INSTALL = `POST /v2/projects/${namespace}/app-installations`;
const wish = {
  appVersionId: idOf('acme/web@1.0.0'),
  description: 'new',
  updatePolicy: 'none',
  userInputs: [] as object[],
};

describe('POST', () => {
  it('installs one app as often as it is asked to, each with an id of its own', async () => {
    // All at once: each of them believes that it is the first or the next.
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => asked(INSTALL, { body: { ...wish, appVersionId: idOf('keyed/web@1.0.0') } })),
    );
    expect(answers.map(({ status, text }) => [status, status === 201 ? '' : text])).toEqual(
      answers.map(() => [201, '']),
    );
    const made = answers.map(({ body }) => String(body['id']));
    expect(new Set(made).size).toBe(4);
    // Each can be read at once.
    const shown = await Promise.all(made.map((each) => asked(`GET ${one(each)}`)));
    expect(new Set(shown.map(({ body }) => body['shortId'])).size).toBe(4);
    expect(shown.map(({ body }) => [body['appId'], body['description'], body['updatePolicy']])).toEqual(
      made.map(() => [idOf('keyed/web'), 'new', 'none']),
    );
  });

  it('with one Idempotency-Key installs once, however often and at once it is asked', async () => {
    const headers = { 'idempotency-key': 'once' };
    const before = (await listed('/v2/app-installations')).length;
    const answers = await Promise.all(Array.from({ length: 8 }, () => asked(INSTALL, { body: wish, headers })));
    const again = await asked(INSTALL, { body: wish, headers });

    expect([...answers, again].map(({ status }) => status)).toEqual([...answers, again].map(() => 201));
    expect(new Set([...answers, again].map(({ body }) => body['id'])).size).toBe(1);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(answers.filter(({ headers: sent }) => sent['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect((await listed('/v2/app-installations')).length).toBe(before + 1);
  });

  it('refuses another body with the same key, with 400 as the seed has it', async () => {
    const answer = await asked(INSTALL, {
      body: { ...wish, description: 'other' },
      headers: { 'idempotency-key': 'once' },
    });
    expect([answer.status, answer.body.type]).toEqual([400, 'KeyReused']);
    expectProblem(answer);
  });

  it('keeps a key free that was refused', async () => {
    const headers = { 'idempotency-key': 'free' };
    const refused = await asked(INSTALL, { body: { ...wish, appVersionId: idOf('acme/web@2.0.0') }, headers });
    expect([refused.status, refused.body.type]).toEqual([400, 'MissingUserInputs']);
    const taken = await asked(INSTALL, {
      body: { ...wish, appVersionId: idOf('acme/web@2.0.0'), userInputs: [{ name: 'region', value: 'eu' }] },
      headers,
    });
    expect([taken.status, taken.headers['idempotency-replayed']]).toEqual([201, undefined]);
  });

  it.each([
    { of: 'a software that does not come', systemSoftware: {}, status: 400, type: 'UnknownUserInput' },
    { of: 'a software that comes', systemSoftware: { [idOf('redis')]: {} }, status: 201, type: undefined },
  ])('with an answer that is for $of: $status', async ({ systemSoftware, status, type }) => {
    const answer = await asked(INSTALL, {
      body: { ...wish, systemSoftware, userInputs: [{ name: 'title', value: '64' }] },
    });
    expect([answer.status, answer.body.type]).toEqual([status, type]);
  });

  it('takes and shows an answer as the release has it, whatever another software calls a secret by that name', async () => {
    const userInputs = [{ name: 'title', value: 'Shop' }];
    const { status, body } = await asked(INSTALL, {
      body: { ...wish, appVersionId: idOf('titled/web@1.0.0'), userInputs },
    });
    expect(status).toBe(201);
    expect((await asked(`GET ${one(String(body['id']))}`)).body['userInputs']).toEqual(userInputs);
  });

  it('writes the policy, the software and the answers that it was given', async () => {
    const { status, body } = await asked(INSTALL, {
      body: {
        appVersionId: idOf('acme/web@2.0.0'),
        description: 'all of it',
        installationPath: '/',
        updatePolicy: 'patchLevel',
        systemSoftware: {
          [idOf('php')]: { systemSoftwareVersion: idOf('php@8.3.0'), updatePolicy: 'none' },
          [idOf('node')]: { updatePolicy: 'inheritedFromApp' },
        },
        userInputs: [{ name: 'region', value: 'us' }],
      },
    });
    expect(status).toBe(201);
    const { body: shown } = await asked(`GET ${one(String(body['id']))}`);
    const { spec } = await get<InstallationObject>('pi', String(shown['shortId']), namespace);
    expect(spec).toEqual({
      provider: 'acme/web',
      version: '2.0.0',
      upgradePolicy: 'auto',
      upgrade: { level: 'patch' },
      resourceTier: 'standard',
      description: 'all of it',
      systemSoftware: [
        { name: 'php', version: '8.3.0', updatePolicy: 'none' },
        { name: 'node', updatePolicy: 'inherit' },
      ],
      userInputs: [{ name: 'region', value: 'us' }],
    });
  });
});

describe('a dry run', () => {
  // Software and variables are those of the first rollout to come.
  const moved = {
    dryRun: true,
    version: '2.0.0',
    path: ['1.3.0', '2.0.0'],
    systemSoftware: [],
    env: { added: [], changed: [], removed: ['BOTH', 'DOCUMENT_ROOT', 'OLD'] },
  };
  it.each([
    {
      of: 'an upgrade by way of a stepping stone',
      line: () => `PATCH ${one(id('shop'))}?dryRun=true`,
      body: { appVersionId: idOf('acme/web@2.0.0'), userInputs: [{ name: 'region', value: 'eu' }] },
      tells: moved,
    },
    {
      of: 'a software that comes',
      line: () => `PATCH ${one(id('shop'))}?dryRun=true`,
      body: { systemSoftware: { [idOf('node')]: {} }, customDocumentRoot: '/web' },
      tells: {
        dryRun: true,
        version: '1.0.0',
        path: [],
        systemSoftware: [{ name: 'node', to: '22.0.0' }],
        env: { added: ['NODE_VERSION'], changed: ['DOCUMENT_ROOT'], removed: [] },
      },
    },
    {
      of: 'nothing',
      line: () => `PATCH ${one(id('shop'))}?dryRun=true`,
      body: {},
      tells: {
        dryRun: true,
        version: '1.0.0',
        path: [],
        systemSoftware: [],
        env: { added: [], changed: [], removed: [] },
      },
    },
    {
      of: 'an installation',
      line: () => `${INSTALL}?dryRun=true`,
      body: wish,
      tells: {
        dryRun: true,
        version: '1.0.0',
        path: expect.any(Array) as unknown[],
        systemSoftware: [{ name: 'php', to: '8.2.0' }],
        env: { added: expect.arrayContaining(['BOTH', 'OLD', 'PHP_VERSION']) as string[], changed: [], removed: [] },
      },
    },
    {
      of: 'a secret that comes with an installation',
      line: () => `${INSTALL}?dryRun=true`,
      body: { ...wish, appVersionId: idOf('keyed/web@1.0.0'), userInputs: [{ name: 'apiKey', value: 'CANARY' }] },
      tells: expect.objectContaining({
        env: { added: expect.arrayContaining(['API_KEY']) as string[], changed: [], removed: [] },
      }) as object,
    },
    {
      of: 'a removal',
      line: () => `DELETE ${one(id('shop'))}?dryRun=true`,
      tells: {
        dryRun: true,
        version: null,
        path: [],
        systemSoftware: [{ name: 'php', from: '8.2.0' }],
        env: { added: [], changed: [], removed: expect.arrayContaining(['BOTH', 'OLD', 'PHP_VERSION']) as string[] },
      },
    },
  ])('of $of tells what would come, and writes nothing', async ({ line, body, tells }) => {
    const before = await writtenIn(namespace);
    const answer = await asked(line(), { body });

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(tells);
    expect(answer.text).not.toContain('CANARY');
    expect(await writtenIn(namespace)).toEqual(before);
  });

  it('leaves the key free, and refuses what the real one would refuse', async () => {
    const headers = { 'idempotency-key': 'tried first' };
    expect((await asked(`${INSTALL}?dryRun=true`, { body: wish, headers })).status).toBe(200);
    const { status, headers: sent } = await asked(INSTALL, { body: wish, headers });
    expect([status, sent['idempotency-replayed']]).toEqual([201, undefined]);
    const refused = await asked(`PATCH ${one(id('shop'))}?dryRun=true`, {
      body: { appVersionId: idOf('acme/web@3.0.0') },
    });
    expect(refused.status).toBe(400);
    expectProblem(refused);
  });
});
