import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, idOf, one, uidOf, userToken } from '../support/app-installations.ts';
import { cleanUp, installation, prepare, provider, release, software } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, waitFor } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { addAccount, apiOf, ask, create, type Answer, type Asked } from '../support/rest.ts';

/** Every route of the second seed with every status that it may answer, and two tenants on all of them. */
const namespace = 'rest-v2-routes';
const other = 'rest-v2-other';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

const SPEC = { provider: 'acme/web', version: '1.0.0', resourceTier: 'free' };
const tokens = new Map<string, string>();
const ids = new Map<string, string>();
const token = (of: string) => tokens.get(of) ?? '';
const id = (of: string) => ids.get(of) ?? '';
let operator: RunningOperator;

beforeAll(async () => {
  await prepare(namespace);
  await addNamespace(other);
  tokens.set('portal', await addAccount(namespace, 'portal'));
  tokens.set('viewer', await addAccount(namespace, 'viewer', 'view'));
  tokens.set('nobody', await addAccount(namespace, 'nobody', 'none'));
  tokens.set('neighbour', await addAccount(other, 'portal'));
  tokens.set('admin', userToken('admin'));
  tokens.set('user', userToken('tenant'));
  tokens.set('nonsense', 'nonsense');
  await kubectl(['create', 'rolebinding', 'user', '--role=viewer', '--user=tenant', '-n', namespace]);
  operator = await startOperator();
  await apply(
    software('php', '8.2.0', '8.3.0'),
    provider(
      'acme',
      ...['1.0.0', '1.1.0'].map((v) => release(v, { systemSoftwareDependencies: [{ name: 'php', range: '>=8' }] })),
    ),
    provider('other', '1.0.0'),
  );
  await create(installation(namespace, 'mine', SPEC), installation(other, 'theirs', SPEC));
  await kubectl(
    ['apply', '--server-side', '--field-manager=kustomize-controller', '-f', '-'],
    installation(namespace, 'kept', SPEC),
  );
  await waitFor('Ready', 'pi/mine', namespace);
  await waitFor('Ready', 'pi/theirs', other);
  ids.set('mine', await uidOf('mine', namespace));
  ids.set('theirs', await uidOf('theirs', other));
  ids.set('kept', await uidOf('kept', namespace));
});
afterAll(() => operator.stop());
afterAll(() => kubectl(['delete', 'namespace', other, '--wait=false']));
afterAll(() => cleanUp(namespace));

function asked(line: string, as: string | undefined, more: Omit<Asked, 'token'> = {}): Promise<Answer> {
  return ask(apiOf(operator), line, { ...more, token: as === undefined ? undefined : token(as) });
}

const APP = `/v2/apps/${idOf('acme/web')}`;
const VERSION = `${APP}/versions/${idOf('acme/web@1.0.0')}`;
const PHP = `/v2/system-softwares/${idOf('php')}`;
const project = (of: string) => `/v2/projects/${of}/app-installations`;
const missing = `missing-dependencies?targetAppVersionID=${idOf('acme/web@1.1.0')}`;
const wish = { appVersionId: idOf('acme/web@1.0.0'), description: 'x', updatePolicy: 'none', userInputs: [] };
const big = JSON.stringify({ description: 'x'.repeat(300_000) });
const text = { 'content-type': 'text/plain' };
const stale = { 'if-match': '"nothing/1"' };

interface Row {
  readonly route: string;
  readonly line: () => string;
  readonly as?: string;
  readonly more?: Omit<Asked, 'token'>;
  readonly says: string;
}

const CATALOGUE = [
  { route: 'GET /v2/apps', line: 'GET /v2/apps', unknown: undefined, wrong: 'GET /v2/apps?limit=0' },
  { route: 'GET /v2/apps/{appId}', line: `GET ${APP}`, unknown: `GET /v2/apps/${UNKNOWN}`, wrong: 'GET /v2/apps/acme' },
  {
    route: 'GET …/versions',
    line: `GET ${APP}/versions`,
    unknown: `GET /v2/apps/${UNKNOWN}/versions`,
    wrong: `GET ${APP}/versions?versionRange=new`,
  },
  {
    route: 'GET …/versions/{appVersionId}',
    line: `GET ${VERSION}`,
    unknown: `GET ${APP}/versions/${UNKNOWN}`,
    wrong: `GET ${APP}/versions/1.0.0`,
  },
  {
    route: 'GET …/update-candidates',
    line: `GET ${VERSION}/update-candidates`,
    unknown: `GET ${APP}/versions/${UNKNOWN}/update-candidates`,
    wrong: `GET ${VERSION}/update-candidates?onlyRecommended=yes`,
  },
  {
    route: 'GET /v2/system-softwares',
    line: 'GET /v2/system-softwares',
    unknown: undefined,
    wrong: 'GET /v2/system-softwares?skip=-1',
  },
  {
    route: 'GET /v2/system-softwares/{id}',
    line: `GET ${PHP}`,
    unknown: `GET /v2/system-softwares/${UNKNOWN}`,
    wrong: 'GET /v2/system-softwares/php',
  },
  {
    route: 'GET …/{id}/versions',
    line: `GET ${PHP}/versions`,
    unknown: `GET /v2/system-softwares/${UNKNOWN}/versions`,
    wrong: `GET ${PHP}/versions?recommended=1`,
  },
  {
    route: 'GET …/{id}/versions/{versionId}',
    line: `GET ${PHP}/versions/${idOf('php@8.3.0')}`,
    unknown: `GET ${PHP}/versions/${UNKNOWN}`,
    wrong: `GET ${PHP}/versions/8.3.0`,
  },
].flatMap(({ route, line, unknown, wrong }): Row[] => [
  { route, line: () => line, says: '200' },
  // The catalogue is for everybody that the cluster knows.
  { route, line: () => line, as: 'nobody', says: '200' },
  { route, line: () => line, as: 'user', says: '200' },
  { route, line: () => line.replace(/$/, '/'), says: '200' },
  { route, line: () => line, as: 'nonsense', says: '401 Unauthenticated' },
  { route, line: () => wrong, says: '400 Invalid' },
  {
    route,
    line: () => `${line}?nonsense=1`,
    says: line.includes('?') || /apps\/[^/]+$|softwares\/[^/]+$|versions\/[^/]+$/.test(line) ? '200' : '400 Invalid',
  },
  ...(unknown === undefined ? [] : [{ route, line: () => unknown, says: '404 NotFound' }]),
]);

const LISTS = [
  { route: 'GET /v2/app-installations', line: '/v2/app-installations' },
  { route: 'GET /v2/projects/{projectId}/app-installations', line: project(namespace) },
].flatMap(({ route, line }): Row[] => [
  { route, line: () => `GET ${line}`, says: '200' },
  { route, line: () => `GET ${line}`, as: 'viewer', says: '200' },
  { route, line: () => `GET ${line}`, as: 'nonsense', says: '401 Unauthenticated' },
  { route, line: () => `GET ${line}`, as: 'nobody', says: '404 NotFound' },
  { route, line: () => `GET ${line}?limit=1001`, says: '400 Invalid' },
  { route, line: () => `GET ${line}?sortOrder=up`, says: '400 Invalid' },
]);

const READS = ['', '/systemSoftware', `/${missing}`, '/status'].flatMap((end): Row[] => {
  const route = `GET /v2/app-installations/{id}${end.split('?')[0]}`;
  return [
    { route, line: () => `GET ${one(id('mine'))}${end}`, says: '200' },
    {
      route,
      line: () =>
        `GET ${one(id('mine')).toUpperCase().replace('/V2/APP-INSTALLATIONS', '/v2/app-installations')}${end}`,
      says: '200',
    },
    { route, line: () => `GET ${one(id('mine'))}${end}`, as: 'viewer', says: '200' },
    { route, line: () => `GET ${one(id('mine'))}${end}`, as: 'admin', says: '200' },
    { route, line: () => `GET ${one(id('mine'))}${end}`, as: 'nonsense', says: '401 Unauthenticated' },
    { route, line: () => `GET ${one(id('mine'))}${end}`, as: 'nobody', says: '404 NotFound' },
    { route, line: () => `GET ${one(UNKNOWN)}${end}`, says: '404 NotFound' },
    { route, line: () => `GET ${one('mine')}${end}`, says: '400 Invalid' },
  ];
});

const TARGETS: Row[] = [
  {
    route: 'GET …/missing-dependencies',
    line: () => `GET ${one(id('mine'))}/missing-dependencies`,
    says: '400 Invalid',
  },
  {
    route: 'GET …/missing-dependencies',
    line: () => `GET ${one(id('mine'))}/missing-dependencies?targetAppVersionID=${UNKNOWN}`,
    says: '404 NotFound',
  },
];

const POST = 'POST /v2/projects/{projectId}/app-installations';
const INSTALLS: Row[] = [
  { route: POST, line: () => `POST ${project(namespace)}`, more: { body: wish }, says: '201' },
  { route: POST, line: () => `POST ${project(namespace)}?dryRun=true`, more: { body: wish }, says: '200' },
  { route: POST, line: () => `POST ${project(namespace)}`, says: '400 Invalid' },
  {
    route: POST,
    line: () => `POST ${project(namespace)}`,
    more: { body: { ...wish, appVersionId: UNKNOWN } },
    says: '400 UnknownVersion',
  },
  {
    route: POST,
    line: () => `POST ${project(namespace)}`,
    more: { body: { ...wish, userInputs: [{ name: 'x', value: 'y' }] } },
    says: '400 UnknownUserInput',
  },
  {
    route: POST,
    line: () => `POST ${project(namespace)}`,
    more: { body: { ...wish, installationPath: '/blog' } },
    says: '400 Invalid',
  },
  { route: POST, line: () => `POST ${project(namespace)}`, more: { body: '{' }, says: '400 NotJson' },
  {
    route: POST,
    line: () => `POST ${project(namespace)}`,
    more: { body: '{"__proto__": {"x": 1}}' },
    says: '400 NotJson',
  },
  { route: POST, line: () => `POST ${project('No_Name')}`, more: { body: wish }, says: '400 NamespaceInvalid' },
  {
    route: POST,
    line: () => `POST ${project('%2e%2e')}`,
    as: 'admin',
    more: { body: wish },
    says: '400 NamespaceInvalid',
  },
  {
    route: POST,
    line: () => `POST ${project(namespace)}`,
    as: 'nonsense',
    more: { body: wish },
    says: '401 Unauthenticated',
  },
  { route: POST, line: () => `POST ${project(namespace)}`, as: 'viewer', more: { body: wish }, says: '403 Forbidden' },
  { route: POST, line: () => `POST ${project(other)}`, more: { body: wish }, says: '404 NotFound' },
  { route: POST, line: () => `POST ${project(namespace)}`, more: { body: big }, says: '413 PayloadTooLarge' },
  {
    route: POST,
    line: () => `POST ${project(namespace)}`,
    more: { body: 'a: b', headers: text },
    says: '415 UnsupportedMediaType',
  },
];

const patching = (body: object = {}): Omit<Asked, 'token'> => ({ body });
const PATCH = 'PATCH /v2/app-installations/{id}';
const PATCHES: Row[] = [
  { route: PATCH, line: () => `PATCH ${one(id('mine'))}`, more: patching({ description: 'changed' }), says: '204' },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('mine'))}`,
    more: { body: '{}', headers: { 'content-type': 'application/merge-patch+json' } },
    says: '204',
  },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('mine'))}?dryRun=true`,
    more: patching({ description: 'other' }),
    says: '200',
  },
  { route: PATCH, line: () => `PATCH ${one(id('mine'))}?dryRun=1`, more: patching(), says: '400 Invalid' },
  { route: PATCH, line: () => `PATCH ${one('mine')}`, more: patching(), says: '400 Invalid' },
  { route: PATCH, line: () => `PATCH ${one(id('mine'))}`, more: { body: '[]' }, says: '400 Invalid' },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('mine'))}`,
    as: 'nonsense',
    more: patching(),
    says: '401 Unauthenticated',
  },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('mine'))}`,
    as: 'viewer',
    more: patching({ description: 'no' }),
    says: '403 Forbidden',
  },
  { route: PATCH, line: () => `PATCH ${one(id('mine'))}`, as: 'nobody', more: patching(), says: '404 NotFound' },
  { route: PATCH, line: () => `PATCH ${one(UNKNOWN)}`, more: patching(), says: '404 NotFound' },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('kept'))}`,
    more: patching({ appVersionId: idOf('acme/web@1.1.0') }),
    says: '409 ManagedElsewhere',
  },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('mine'))}`,
    more: { ...patching({ description: 'no' }), headers: stale },
    says: '412 PreconditionFailed',
  },
  { route: PATCH, line: () => `PATCH ${one(id('mine'))}`, more: { body: big }, says: '413 PayloadTooLarge' },
  {
    route: PATCH,
    line: () => `PATCH ${one(id('mine'))}`,
    more: { body: 'x', headers: text },
    says: '415 UnsupportedMediaType',
  },
];

const DELETE = 'DELETE /v2/app-installations/{id}';
const DELETES: Row[] = [
  { route: DELETE, line: () => `DELETE ${one(id('mine'))}?dryRun=true`, says: '200' },
  { route: DELETE, line: () => `DELETE ${one('mine')}`, says: '400 Invalid' },
  { route: DELETE, line: () => `DELETE ${one(id('mine'))}`, as: 'nonsense', says: '401 Unauthenticated' },
  { route: DELETE, line: () => `DELETE ${one(id('mine'))}`, as: 'viewer', says: '403 Forbidden' },
  { route: DELETE, line: () => `DELETE ${one(id('mine'))}`, as: 'nobody', says: '404 NotFound' },
  { route: DELETE, line: () => `DELETE ${one(UNKNOWN)}`, says: '404 NotFound' },
  { route: DELETE, line: () => `DELETE ${one(id('kept'))}`, says: '409 ManagedElsewhere' },
  { route: DELETE, line: () => `DELETE ${one(id('mine'))}`, more: { headers: stale }, says: '412 PreconditionFailed' },
];

describe('a route of the second seed', () => {
  it.each([...CATALOGUE, ...LISTS, ...READS, ...TARGETS, ...INSTALLS, ...PATCHES, ...DELETES])(
    '$route answers $says',
    async ({ line, as = 'portal', more, says }) => {
      const answer = await asked(line(), as, more);
      const { status, body, headers } = answer;
      expect(`${status} ${status < 400 ? '' : body.type}`.trim()).toBe(says);
      expect(headers['www-authenticate'] !== undefined).toBe(status === 401);
      if (status >= 400) {
        expectProblem(answer);
      }
    },
  );

  it('answers 204 to a DELETE once, and 404 afterwards as to what never was', async () => {
    await create(installation(namespace, 'leaving', { ...SPEC, suspend: true }));
    const path = one(await uidOf('leaving', namespace));
    await expect.poll(async () => (await asked(`GET ${path}`, 'portal')).status).toBe(200);
    const { headers } = await asked(`GET ${path}`, 'portal');

    const { status, text: nothing } = await asked(`DELETE ${path}`, 'portal', {
      headers: { 'if-match': String(headers['etag']) },
    });

    expect([status, nothing]).toEqual([204, '']);
    const [gone, never] = await Promise.all([
      asked(`DELETE ${path}`, 'portal'),
      asked(`DELETE ${one(UNKNOWN)}`, 'portal'),
    ]);
    expect([gone.status, gone.text]).toEqual([404, never.text]);
  });

  it.each(['GET', 'PATCH', 'DELETE'])(
    'says 401 to %s without a token before it looks at anything else',
    async (method) => {
      const answers = await Promise.all(
        [id('mine'), UNKNOWN, 'mine'].map((of) => asked(`${method} ${one(of)}`, undefined)),
      );
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    },
  );

  it('changes with a matching tag, and gives the next one', async () => {
    const { headers } = await asked(`GET ${one(id('mine'))}`, 'portal');
    const changed = await asked(`PATCH ${one(id('mine'))}`, 'portal', {
      body: { description: 'tagged' },
      headers: { 'if-match': String(headers['etag']) },
    });
    expect(changed.status).toBe(204);
    expect(changed.headers['etag']).not.toBe(headers['etag']);
    const shown = await asked(`GET ${one(id('mine'))}`, 'portal');
    expect([shown.headers['etag'], shown.body['description']]).toEqual([changed.headers['etag'], 'tagged']);
  });
});

/** What may differ between two answers that are the same to a caller. */
const OWN = /^(date|x-request-id|x-ratelimit-.*|keep-alive|connection)$/;

function seen({ status, headers, text: body }: Answer): object {
  return { status, body, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.test(name))) };
}

describe('two tenants', () => {
  it.each([
    { line: 'GET ', more: {} },
    { line: 'GET /systemSoftware', more: {} },
    { line: `GET /${missing}`, more: {} },
    { line: 'GET /status', more: {} },
    { line: 'PATCH ', more: { body: { description: 'mine now' } } },
    { line: 'PATCH ?force=true', more: { body: { appVersionId: idOf('acme/web@1.1.0') } } },
    { line: 'PATCH ?dryRun=true', more: { body: { userInputs: [{ name: 'x', value: 'y' }] } } },
    { line: 'PATCH ', more: { body: { description: 'x' }, headers: stale } },
    { line: 'DELETE ', more: {} },
    { line: 'DELETE ?force=true&dryRun=true', more: {} },
  ])('$line: the id of another tenant is answered byte by byte as one that never was', async ({ line, more }) => {
    const before = await get('pi', 'theirs', other);
    const [method = '', end = ''] = line.split(' ');
    const theirs = await asked(`${method} ${one(id('theirs'))}${end}`, 'portal', more);
    const unknown = await asked(`${method} ${one(UNKNOWN)}${end}`, 'portal', more);

    expect(theirs.status).toBe(404);
    expect(seen(theirs)).toEqual(seen(unknown));
    expect((await get('pi', 'theirs', other)).metadata.generation).toBe(before.metadata.generation);
  });

  it.each([
    { method: 'GET', more: {} },
    { method: 'POST', more: { body: wish } },
    { method: 'POST', more: { body: { ...wish, appVersionId: idOf('other/web@1.0.0') } } },
  ])('$method of the namespace of another is answered as of one that never was', async ({ method, more }) => {
    const theirs = await asked(`${method} ${project(other)}`, 'portal', more);
    const unknown = await asked(`${method} ${project('rest-v2-nobod')}`, 'portal', more);
    expect(theirs.status).toBe(404);
    expect(theirs.text.replaceAll(other, 'x')).toBe(unknown.text.replaceAll('rest-v2-nobod', 'x'));
  });

  interface Listed {
    readonly who: string;
    readonly as: string;
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly sees: string;
  }
  it.each<Listed>([
    { who: 'a service account', as: 'portal', sees: namespace },
    {
      who: 'a service account that names its own namespace',
      as: 'portal',
      query: `?namespace=${namespace}`,
      sees: namespace,
    },
    { who: 'a service account that names another', as: 'portal', query: `?namespace=${other}`, sees: '404' },
    {
      who: 'a service account that names another by the header',
      as: 'portal',
      headers: { 'x-namespace': other },
      sees: '404',
    },
    {
      who: 'a service account that names two',
      as: 'portal',
      query: `?namespace=${namespace}`,
      headers: { 'x-namespace': other },
      sees: '400',
    },
    { who: 'another service account', as: 'neighbour', sees: other },
    { who: 'who may list all', as: 'admin', sees: 'all' },
    { who: 'who may list all and names one', as: 'admin', query: `?namespace=${other}`, sees: other },
    { who: 'a user that names none', as: 'user', sees: '400' },
    { who: 'a user that names one', as: 'user', query: `?namespace=${namespace}`, sees: namespace },
    { who: 'a user that names one by the header', as: 'user', headers: { 'x-namespace': namespace }, sees: namespace },
    { who: 'a user that names another', as: 'user', query: `?namespace=${other}`, sees: '404' },
    { who: 'a user that names one that never was', as: 'user', query: '?namespace=rest-v2-nobody', sees: '404' },
  ])('$who sees in the list of all: $sees', async ({ as, query = '', headers = {}, sees }) => {
    const { status, body } = await asked(`GET /v2/app-installations${query}`, as, { headers });
    const spaces = new Set(Array.isArray(body) ? body.map(({ projectId }: { projectId: string }) => projectId) : []);
    const all = [other, namespace].sort().join(' and ');
    expect(status === 200 ? [...spaces].sort().join(' and ') : String(status)).toBe(sees === 'all' ? all : sees);
  });
});

describe('a list', () => {
  const crowd = 'rest-v2-crowd';
  const named = ['b', 'e', 'a', 'd', 'c'];
  beforeAll(async () => {
    await addNamespace(crowd);
    tokens.set('crowd', await addAccount(crowd, 'portal'));
    // In one request, so that most of them are of the same second.
    await create(
      ...named.map((name, i) =>
        installation(crowd, name, {
          ...SPEC,
          suspend: true,
          provider: i < 2 ? 'other/web' : 'acme/web',
          description: `Shop of ${name.repeat(3)}`,
        }),
      ),
    );
    await eventually(async () => (await asked(`GET ${project(crowd)}?limit=5&skip=4`, 'crowd')).text !== '[]');
  });
  afterAll(() => kubectl(['delete', 'namespace', crowd, '--wait=false']));

  async function listed(query: string): Promise<string[]> {
    const { status, body, text: why } = await asked(`GET ${project(crowd)}${query}`, 'crowd');
    expect([status, status === 200 ? '' : why]).toEqual([200, '']);
    return (body as unknown as { shortId: string }[]).map(({ shortId }) => shortId);
  }

  // https://github.com/openkruise/agents/issues/581, https://github.com/cgwire/zou/issues/813: what is of one second
  it.each(['newestFirst', 'oldestFirst'])('in parts, %s, has each installation once', async (order) => {
    const whole = await listed(`?sortOrder=${order}`);
    const pages = await Promise.all([1, 2, 3, 4].map((page) => listed(`?sortOrder=${order}&limit=2&page=${page}`)));
    const skips = await Promise.all([0, 2, 4, 6].map((skip) => listed(`?sortOrder=${order}&limit=2&skip=${skip}`)));

    expect(whole.toSorted()).toEqual(named.toSorted());
    expect(pages.flat()).toEqual(whole);
    expect(skips.flat()).toEqual(whole);
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1, 0]);
    const ages = new Map<string, string>();
    for (const name of named) {
      ages.set(name, (await get('pi', name, crowd)).metadata.creationTimestamp ?? '');
    }
    const times = whole.map((name) => ages.get(name) ?? '');
    expect(times).toEqual(order === 'oldestFirst' ? times.toSorted() : times.toSorted().toReversed());
  });

  it.each([
    { query: `?appIds=${idOf('other/web')}`, sees: ['b', 'e'] },
    { query: `?appIds=${idOf('other/web').toUpperCase()}`, sees: ['b', 'e'] },
    { query: `?appIds=${idOf('other/web')}&appIds=${idOf('acme/web')}`, sees: named },
    { query: `?appIds=${UNKNOWN}`, sees: [] },
    { query: '?searchTerm=aaa', sees: ['a'] },
    { query: '?searchTerm=SHOP%20of%20a', sees: ['a'] },
    { query: '?searchTerm=other%2Fweb', sees: ['b', 'e'] },
    { query: '?searchTerm=.*', sees: [] },
    { query: '?searchTerm=', sees: named },
    { query: '?limit=1000&page=1000000&skip=1000000', sees: [] },
  ])('$query has $sees', async ({ query, sees }) => {
    expect((await listed(query)).toSorted()).toEqual(sees.toSorted());
  });

  it.each([
    'limit=',
    'limit=0',
    'limit=-1',
    'limit=1.5',
    'limit=1e3',
    'limit=0x10',
    'limit=99999999999999999999',
    'limit=a',
    'limit=%201',
    'limit=1&limit=2',
    'skip=',
    'skip=NaN',
    'skip=Infinity',
    'page=0',
    'page=',
    'page[]=1',
    'sortOrder=',
    'sortOrder=__proto__',
    '__proto__=1',
    'constructor=1',
    'appIds[]=1',
    `searchTerm=${'x'.repeat(257)}`,
    'searchTerm=a&searchTerm=b',
    'namespace=x',
  ])('with %s is refused with 400', async (query) => {
    const answer = await asked(`GET ${project(crowd)}?${query}`, 'crowd');
    expect(`${query} ${answer.status} ${answer.body.type}`).toBe(`${query} 400 Invalid`);
    expectProblem(answer);
  });
});

describe('what no client would send', () => {
  it.each([
    { line: 'GET /v2/app-installations/%', status: 400 },
    { line: 'GET /v2/app-installations/%00', status: 400 },
    { line: 'GET /v2/app-installations/..%2f..%2fapps', status: 400 },
    { line: `GET /v2/app-installations/${'a'.repeat(300)}`, status: 414 },
    { line: 'GET //v2/app-installations', status: 404 },
    { line: 'GET /V2/app-installations', status: 404 },
    { line: `GET ${project('a%2Fb')}`, status: 400 },
    { line: `GET ${project('%0d%0ax:y')}`, status: 400 },
    { line: `GET ${project('a'.repeat(64))}`, status: 400 },
    { line: 'GET /v2/app-installations?namespace=..', status: 400 },
  ])('$line is $status', async ({ line, status }) => {
    const answer = await asked(line, 'admin');
    expect(answer.status).toBe(status);
    expectProblem(answer);
  });

  it.each([
    { what: 'a member that would be inherited', body: '{"description":"x","__proto__":{"updatePolicy":"all"}}' },
    { what: 'the same of a software', body: '{"systemSoftware":{"__proto__":{"updatePolicy":"all"}}}' },
    { what: 'a constructor', body: '{"systemSoftware":{"constructor":{"prototype":{"x":1}}}}' },
    { what: 'a name with a line break', body: { userInputs: [{ name: 'a\r\nx: y', value: '1' }] } },
    { what: 'a value with NUL', body: { userInputs: [{ name: 'title', value: 'a\0b' }] } },
    { what: 'a value that is a number', body: { userInputs: [{ name: 'title', value: 1 }] } },
    {
      what: 'a reference to a Secret',
      body: { userInputs: [{ name: 'title', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }] },
    },
    { what: 'an answer of null', body: { userInputs: [null] } },
    { what: 'inputs of null', body: { userInputs: null } },
    {
      what: 'too many answers',
      body: { userInputs: Array.from({ length: 65 }, (_, i) => ({ name: `a${i}`, value: '' })) },
    },
    { what: 'a long description', body: { description: 'x'.repeat(100_000) } },
  ])('$what is refused with 400, and nothing is written', async ({ body }) => {
    const before = await get('pi', 'mine', namespace);
    const answer = await asked(`PATCH ${one(id('mine'))}`, 'portal', { body });
    expect(answer.status).toBe(400);
    expectProblem(answer);
    expect((await get('pi', 'mine', namespace)).metadata.generation).toBe(before.metadata.generation);
  });
});
