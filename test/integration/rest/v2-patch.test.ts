import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curl, idOf, one, uidOf } from '../support/app-installations.ts';
import { cleanUp, installation, prepare, provider, release, software, softwareRelease } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { runs } from '../support/outcome.ts';
import { addAccount, apiOf, ask, create, followWrites } from '../support/rest.ts';
import { startWitness, type Witness } from '../support/witness.ts';

/**
 * The second seed's call, typed as its page shows it, with the token of an ordinary service account: what becomes of the spec, and
 * of the pods.
 */
const namespace = 'rest-v2-patch';

const title = { name: 'title', dataType: 'text' };
const theme = { name: 'theme', dataType: 'select', options: ['dark', 'light'] };
const color = { name: 'color', dataType: 'text' };
const needs = (range: string) => ({ systemSoftwareDependencies: [{ name: 'php', range }] });

const PHP = { name: 'php', version: '8.2.0' };
const IMAGEMAGICK = { name: 'imagemagick', version: '7.0.0' };
const SPEC = {
  provider: 'acme/web',
  version: '1.0.0',
  upgradePolicy: 'manual',
  resourceTier: 'free',
  description: 'our shop',
  documentRoot: '/public',
  userInputs: [
    { name: 'title', value: 'Shop' },
    { name: 'theme', value: 'dark' },
  ],
  systemSoftware: [PHP, IMAGEMAGICK],
};

interface Row {
  readonly asked: string;
  readonly body: object;
  /** What it makes of the spec; undefined: the field goes. Nothing: it stays as it is, and nothing is written. */
  readonly spec?: Partial<Record<keyof typeof SPEC | 'upgrade', unknown>>;
  /** What the pods have afterwards; undefined: they have it no more. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly version?: string;
  readonly software?: string;
  readonly as?: 'Authorization' | 'X-Access-Token' | 'both';
  readonly slash?: boolean;
}

const php = (wish: object | null) => ({ systemSoftware: { [idOf('php')]: wish } });
const to = (version: string) => ({ appVersionId: idOf(`acme/web@${version}`) });
const wished = (wish: object) => ({ systemSoftware: [{ ...PHP, ...wish }, IMAGEMAGICK] });

const ROWS: Row[] = [
  { asked: 'a version', body: to('1.1.0'), spec: { version: '1.1.0' }, version: '1.1.0' },
  {
    asked: 'a version, with the slash of the page',
    body: to('1.1.0'),
    spec: { version: '1.1.0' },
    slash: true,
    version: '1.1.0',
  },
  {
    asked: 'a version, with the other header',
    body: to('1.1.0'),
    spec: { version: '1.1.0' },
    as: 'X-Access-Token',
    version: '1.1.0',
  },
  {
    asked: 'a version, with both headers',
    body: to('1.1.0'),
    spec: { version: '1.1.0' },
    as: 'both',
    version: '1.1.0',
  },
  { asked: 'the version that is there', body: to('1.0.0') },
  { asked: 'nothing', body: {} },
  {
    asked: 'a version of a software',
    body: php({ systemSoftwareVersion: idOf('php@8.3.0') }),
    spec: wished({ version: '8.3.0' }),
    software: 'imagemagick=7.0.0 php=8.3.0',
    env: { PHP_VERSION: '8.3.0' },
  },
  {
    asked: 'the policy of a software',
    body: php({ updatePolicy: 'patchLevel' }),
    spec: wished({ updatePolicy: 'patchLevel' }),
    software: 'imagemagick=7.0.0 php=8.2.1',
  },
  {
    asked: 'every newer version of a software',
    body: php({ updatePolicy: 'all' }),
    spec: wished({ updatePolicy: 'all' }),
    software: 'imagemagick=7.0.0 php=8.3.0',
  },
  {
    asked: 'no newer version of a software',
    body: php({ updatePolicy: 'none' }),
    spec: wished({ updatePolicy: 'none' }),
  },
  { asked: 'the policy that a software has', body: php({ updatePolicy: 'inheritedFromApp' }) },
  { asked: 'the version that a software has', body: php({ systemSoftwareVersion: idOf('php@8.2.0') }) },
  { asked: 'a software and nothing of it', body: php({}) },
  {
    asked: 'a software away that nothing needs',
    body: { systemSoftware: { [idOf('imagemagick')]: null } },
    spec: { systemSoftware: [PHP] },
    software: 'php=8.2.0',
    env: { IMAGEMAGICK_VERSION: undefined },
  },
  {
    asked: 'another software',
    body: { systemSoftware: { [idOf('node')]: { systemSoftwareVersion: idOf('node@22.0.0'), updatePolicy: 'none' } } },
    spec: { systemSoftware: [PHP, IMAGEMAGICK, { name: 'node', version: '22.0.0', updatePolicy: 'none' }] },
    software: 'imagemagick=7.0.0 node=22.0.0 php=8.2.0',
  },
  { asked: 'a software away that is not there', body: { systemSoftware: { [idOf('node')]: null } } },
  {
    asked: 'an answer',
    body: { userInputs: [{ name: 'title', value: 'New' }] },
    spec: { userInputs: [{ name: 'title', value: 'New' }, SPEC.userInputs[1]] },
    env: { TITLE: 'New', THEME: 'dark' },
  },
  {
    asked: 'an answer away',
    body: { userInputs: [{ name: 'title', value: null }] },
    spec: { userInputs: [SPEC.userInputs[1]] },
    env: { TITLE: undefined, THEME: 'dark' },
  },
  {
    asked: 'all answers away',
    body: {
      userInputs: [
        { name: 'title', value: null },
        { name: 'theme', value: null },
      ],
    },
    spec: { userInputs: undefined },
    env: { TITLE: undefined, THEME: undefined },
  },
  { asked: 'no answer', body: { userInputs: [] } },
  { asked: 'the answer that is there', body: { userInputs: [{ name: 'theme', value: 'dark' }] } },
  { asked: 'an answer away that is not there', body: { userInputs: [{ name: 'other', value: null }] } },
  // https://github.com/danielgtaylor/huma/issues/634, https://github.com/eseidel/space_gen/issues/213: null is not absent
  {
    asked: 'no document root',
    body: { customDocumentRoot: null },
    spec: { documentRoot: undefined },
    env: { DOCUMENT_ROOT: undefined },
  },
  {
    asked: 'a document root',
    body: { customDocumentRoot: '/web' },
    spec: { documentRoot: '/web' },
    env: { DOCUMENT_ROOT: '/web' },
  },
  { asked: 'a description', body: { description: 'new' }, spec: { description: 'new' } },
  { asked: 'no description', body: { description: null }, spec: { description: undefined } },
  // https://github.com/OpenHands/software-agent-sdk/pull/3431: null where nothing can be removed must not reset it
  { asked: 'a version of null', body: { appVersionId: null } },
  { asked: 'the policy none', body: { updatePolicy: 'none' } },
  {
    asked: 'the policy patchLevel',
    body: { updatePolicy: 'patchLevel' },
    spec: { upgradePolicy: 'auto', upgrade: { level: 'patch' } },
    version: '1.0.1',
  },
  {
    asked: 'the policy all',
    body: { updatePolicy: 'all' },
    spec: { upgradePolicy: 'auto', upgrade: { level: 'major' } },
    version: '2.0.0',
  },
  {
    asked: 'several at once',
    body: {
      ...to('1.1.0'),
      systemSoftware: { [idOf('imagemagick')]: null, [idOf('php')]: { systemSoftwareVersion: idOf('php@8.3.0') } },
      updatePolicy: 'none',
      userInputs: [
        { name: 'color', value: 'red' },
        { name: 'title', value: null },
      ],
      description: 'moved',
      customDocumentRoot: null,
    },
    spec: {
      version: '1.1.0',
      systemSoftware: [{ ...PHP, version: '8.3.0' }],
      userInputs: [SPEC.userInputs[1], { name: 'color', value: 'red' }],
      description: 'moved',
      documentRoot: undefined,
    },
    version: '1.1.0',
    software: 'php=8.3.0',
    env: { COLOR: 'red', TITLE: undefined, THEME: 'dark', DOCUMENT_ROOT: undefined },
  },
  {
    asked: 'a software and the answer that it asks for',
    body: {
      systemSoftware: { [idOf('redis')]: { systemSoftwareVersion: idOf('redis@7.0.0') } },
      userInputs: [{ name: 'cacheSize', value: '64' }],
    },
    spec: {
      systemSoftware: [PHP, IMAGEMAGICK, { name: 'redis', version: '7.0.0' }],
      userInputs: [...SPEC.userInputs, { name: 'cacheSize', value: '64' }],
    },
    software: 'imagemagick=7.0.0 php=8.2.0 redis=7.0.0',
    env: { CACHE_SIZE: '64' },
  },
];
const rows = ROWS.map((row, i) => ({ ...row, name: `patched${i}` }));

let operator: RunningOperator;
let witness: Witness;
let token: string;
beforeAll(async () => {
  await prepare(namespace);
  token = await addAccount(namespace, 'portal');
  operator = await startOperator();
  witness = await startWitness();
  const asks = { userInputs: [title, theme] };
  await apply(
    software('php', '8.2.0', '8.2.1', '8.3.0'),
    software('imagemagick', '7.0.0'),
    software('node', '22.0.0'),
    software(
      'redis',
      softwareRelease('redis', '7.0.0', { userInputs: [{ name: 'cacheSize', dataType: 'number', required: true }] }),
    ),
    provider(
      'acme',
      release('1.0.0', { ...asks, ...needs('>=8.2.0 <8.4.0') }),
      release('1.0.1', { ...asks, ...needs('>=8.2.0 <8.4.0') }),
      release('1.1.0', { userInputs: [title, theme, color], ...needs('>=8.2.0') }),
      release('2.0.0', { ...asks, ...needs('>=8.2.0') }),
    ),
  );
  await create(
    ...rows.map(({ name }) => installation(namespace, name, SPEC)),
    installation(namespace, 'bare', { provider: 'acme/web', version: '2.0.0', resourceTier: 'free' }),
    installation(namespace, 'frozen', { provider: 'acme/web', version: '1.0.0', resourceTier: 'free' }),
    installation(namespace, 'automatic', {
      provider: 'acme/web',
      upgradePolicy: 'auto',
      upgrade: { level: 'minor' },
      resourceTier: 'free',
    }),
  );
  await Promise.all(
    [...rows.map(({ name }) => name), 'bare', 'automatic'].map((name) => waitFor('Ready', `pi/${name}`, namespace)),
  );
});
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

const TOKENS = {
  Authorization: () => ['-H', `Authorization: Bearer ${token}`],
  'X-Access-Token': () => ['-H', `X-Access-Token: ${token}`],
  both: () => ['-H', `Authorization: Bearer ${token}`, '-H', `X-Access-Token: ${token}`],
};

function without(spec: object): object {
  return JSON.parse(JSON.stringify(spec)) as object;
}

describe('PATCH /v2/app-installations/{id}', () => {
  it.concurrent.each<Row & { readonly name: string }>(rows)(
    '$asked',
    async ({ name, body, spec, env = {}, version, software, as = 'Authorization', slash = false }) => {
      const before = await get<InstallationObject>('pi', name, namespace);
      const writes = await followWrites((event) => event.name === name && event.user.endsWith(`:${namespace}:portal`));

      const { status, text } = await curl(
        `${apiOf(operator)}${one(before.metadata.uid)}${slash ? '/' : ''}`,
        '-X',
        'PATCH',
        '-d',
        JSON.stringify(body),
        ...TOKENS[as](),
        '-H',
        'Content-Type: application/json',
      );

      expect([status, text]).toEqual(['204', '']);
      const after = await get<InstallationObject>('pi', name, namespace);
      expect(after.spec).toEqual(without({ ...before.spec, ...spec }));
      expect(after.metadata.generation - before.metadata.generation).toBe(spec ? 1 : 0);
      expect((await writes.list()).map(({ verb, code }) => [verb, code])).toEqual(spec ? [['patch', 200]] : []);
      await witness.untilTemplate(`${namespace}/${name}`, (template) => {
        const isEnv = Object.entries(env).every(([variable, value]) => template.env[variable] === value);
        return (
          isEnv &&
          (version === undefined || template.version === version) &&
          (software === undefined || template.software === software)
        );
      });
    },
  );

  it('none after all leaves what automation took, which is above the version that was asked for', async () => {
    const name = rows.find(({ asked }) => asked === 'the policy all')?.name ?? '';
    // Its software moves on in a rollout of its own.
    await witness.untilTemplate(`${namespace}/${name}`, ({ software }) => software === 'imagemagick=7.0.0 php=8.3.0');
    await witness.until(`${namespace}/${name}`, runs('2.0.0'));
    const templates = await witness.templatesOf(`${namespace}/${name}`);
    const before = await get<InstallationObject>('pi', name, namespace);

    const answer = await ask(apiOf(operator), `PATCH ${one(before.metadata.uid)}`, {
      token,
      body: { updatePolicy: 'none' },
    });

    expect([answer.status, answer.text]).toEqual([204, '']);
    await witness.until(`${namespace}/${name}`, runs('2.0.0'));
    const { spec } = await get<InstallationObject>('pi', name, namespace);
    expect(spec).toEqual({ ...before.spec, upgradePolicy: 'manual', version: '2.0.0' });
    expect(await witness.templatesOf(`${namespace}/${name}`)).toEqual(templates);
  });

  it.each(['patched0', 'bare', 'automatic'])('equal to what GET reports of "%s" changes nothing', async (name) => {
    await waitFor('Ready', `pi/${name}`, namespace);
    const before = await get<InstallationObject>('pi', name, namespace);
    const path = one(before.metadata.uid);
    const { body } = await ask(apiOf(operator), `GET ${path}`, { token });
    const { appVersion, systemSoftware, updatePolicy, userInputs, description, customDocumentRoot } =
      body as unknown as {
        appVersion: { desired: string };
        systemSoftware: {
          systemSoftwareId: string;
          updatePolicy: string;
          systemSoftwareVersion: { desired: string };
        }[];
        updatePolicy: string;
        userInputs: object[];
        description: string;
        customDocumentRoot?: string;
      };
    const same = {
      appVersionId: appVersion.desired,
      systemSoftware: Object.fromEntries(
        systemSoftware.map(({ systemSoftwareId, systemSoftwareVersion, updatePolicy: policy }) => [
          systemSoftwareId,
          { systemSoftwareVersion: systemSoftwareVersion.desired, updatePolicy: policy },
        ]),
      ),
      updatePolicy,
      userInputs,
      description,
      customDocumentRoot,
    };

    expect((await ask(apiOf(operator), `PATCH ${path}`, { token, body: same })).status).toBe(204);
    const after = await get<InstallationObject>('pi', name, namespace);
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.generation).toBe(before.metadata.generation);
  });

  it('the version that GET reports is none, where another is asked for that waits', async () => {
    const path = one(await uidOf('frozen', namespace));
    const of = ['pi', 'frozen', '-n', namespace];
    await waitFor('Ready', 'pi/frozen', namespace);
    await kubectl([
      'patch',
      ...of,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { suspend: true, version: '2.0.0' } }),
    ]);
    await eventually(async () => {
      const { metadata, status } = await get<InstallationObject>('pi', 'frozen', namespace);
      return status.observedGeneration === metadata.generation;
    });
    const { appVersion } = (await ask(apiOf(operator), `GET ${path}`, { token })).body as unknown as {
      appVersion: { desired: string };
    };

    const body = { appVersionId: appVersion.desired, description: 'frozen shop' };
    const answer = await ask(apiOf(operator), `PATCH ${path}`, { token, body });

    expect([appVersion.desired, answer.status]).toEqual([idOf('acme/web@1.0.0'), 204]);
    const { spec } = await get<InstallationObject>('pi', 'frozen', namespace);
    expect(spec).toMatchObject({ version: '2.0.0', suspend: true, description: 'frozen shop' });
  });

  it.each([
    { asked: 'a lower version', body: to('1.0.0'), type: 'UseDowngrade', says: /lower/ },
    {
      asked: 'a version of another app',
      body: { appVersionId: idOf('other/web@1.0.0') },
      type: 'UnknownVersion',
      says: /acme\/web/,
    },
    {
      asked: 'a software away that the release needs',
      body: php(null),
      type: 'SoftwareRequired',
      says: /acme\/web 2\.0\.0 needs it/,
    },
    {
      asked: 'a software that nobody publishes',
      body: { systemSoftware: { [idOf('perl')]: {} } },
      type: 'UnknownSoftware',
      says: /system-softwares/,
    },
    {
      asked: 'the placeholders of the page',
      body: { systemSoftware: { string: { systemSoftwareVersion: 'string' } } },
      type: 'Invalid',
      says: /systemSoftwareVersion/,
    },
    {
      asked: 'a version of another software',
      body: php({ systemSoftwareVersion: idOf('node@22.0.0') }),
      type: 'UnknownVersion',
      says: /"php"/,
    },
    {
      asked: 'an answer that nobody asks for',
      body: { userInputs: [{ name: 'color', value: 'red' }] },
      type: 'UnknownUserInput',
      says: /"color".*"title", "theme"/,
    },
    {
      asked: 'an answer that does not fit',
      body: { userInputs: [{ name: 'theme', value: 'pink' }] },
      type: 'InvalidUserInput',
      says: /"theme" must be one of/,
    },
    {
      asked: 'two answers of one name',
      body: {
        userInputs: [
          { name: 'title', value: 'a' },
          { name: 'title', value: 'b' },
        ],
      },
      type: 'InvalidUserInput',
      says: /"title".*once/,
    },
    { asked: 'another field', body: { version: '1.0.0' }, type: 'Invalid', says: /version/ },
    { asked: 'a policy that there is not', body: { updatePolicy: 'minor' }, type: 'Invalid', says: /updatePolicy/ },
    { asked: 'a policy of null', body: { updatePolicy: null }, type: 'Invalid', says: /updatePolicy/ },
    {
      asked: 'a document root that is too long',
      body: { customDocumentRoot: '/x'.repeat(200) },
      type: 'Invalid',
      says: /customDocumentRoot/,
    },
  ])('is refused with 400, and nothing is written: $asked', async ({ body, type, says }) => {
    const before = await get('pi', 'bare', namespace);
    const answer = await ask(apiOf(operator), `PATCH ${one(await uidOf('bare', namespace))}`, { token, body });

    expect([answer.status, answer.body.type]).toEqual([400, type]);
    expect(answer.body.message).toMatch(says);
    expect((await get('pi', 'bare', namespace)).metadata.generation).toBe(before.metadata.generation);
  });
});
