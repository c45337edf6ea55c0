import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, get, kubectl, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { addAccount, addTenant, apiOf, ask, create, inShort, type Answer } from '../support/rest.ts';

/** Every route of the first seed, and each way in which it may answer. */
const namespace = 'rest-answers';
const elsewhere = 'rest-answers-elsewhere';
/** May do all, may read only, belongs to another namespace, is no service account, and is nobody. */
type Who = 'portal' | 'viewer' | 'stranger' | 'person' | 'nobody';
const tokens = new Map<Who, string>();
const VERSIONS = ['1.0.0', release('1.1.0', { downgradableTo: '*' })];
const LATEST = [...VERSIONS, release('2.0.0', { systemSoftwareDependencies: [{ name: 'rest-php', range: '^8.0.0' }] })];
let operator: RunningOperator;

beforeAll(async () => {
  await prepare(namespace);
  tokens.set('portal', await addAccount(namespace, 'portal'));
  tokens.set('viewer', await addAccount(namespace, 'viewer', 'view'));
  tokens.set('stranger', await addTenant(elsewhere));
  tokens.set('person', tokenOfPerson());
  const bind = ['create', 'rolebinding', 'person', '--role=portal', '--user=tenant', '-n', namespace];
  await kubectl(bind);
  operator = await startOperator();
  await apply(
    ...['acme', 'auto', 'twice', 'gone', 'new', 'other'].map((org) => provider(org, ...VERSIONS)),
    provider('needy', ...LATEST),
  );
  const manual = { upgradePolicy: 'manual', version: '1.1.0', resourceTier: 'free' };
  await create(
    ...['acme', 'gone', 'other'].map((org) => installation(namespace, org, { ...manual, provider: `${org}/web` })),
    ...['twice-a', 'twice-b'].map((name) => installation(namespace, name, { ...manual, provider: 'twice/web' })),
    installation(namespace, 'auto', { provider: 'auto/web', upgradePolicy: 'auto', resourceTier: 'free' }),
    installation(namespace, 'needy', { ...manual, provider: 'needy/web' }),
  );
  const names = ['acme', 'gone', 'other', 'twice-a', 'twice-b', 'auto', 'needy'];
  await Promise.all(names.map((name) => waitFor('Ready', `pi/${name}`, namespace)));
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));
afterAll(() => cleanUp(elsewhere));

/** Of a user who is no service account, so that no namespace is theirs. */
function tokenOfPerson(): string {
  const { kubeconfig } = inject('controlPlane');
  const file = readFileSync(join(dirname(kubeconfig), 'tenant.kubeconfig'), 'utf8');
  return (JSON.parse(file) as { users: [{ user: { token: string } }] }).users[0].user.token;
}

interface Given {
  readonly by?: Who;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function asked(line: string, { by = 'portal', ...rest }: Given = {}): Promise<Answer> {
  return ask(apiOf(operator), line, { token: tokens.get(by), ...rest });
}

/** What every refusal has: one text for people under both names, and a type for scripts. */
function expectProblem(answer: Answer): void {
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const { type, title, status, detail, message, errors: _, ...rest } = answer.body;
  expect(rest).toEqual({});
  expect({ type, title, status, message }).toEqual({
    type: expect.stringMatching(/^[A-Z][A-Za-z]+$/),
    title: expect.any(String),
    status: answer.status,
    message: detail,
  });
  // One line that begins with a capital letter, has no full stop, and tells no more than is needed.
  expect(detail).toMatch(/^[A-Z][^\n]{10,400}[^.\n]$/);
}

const WEB = '/providers/installed/acme/web';
const CATALOGUE = [
  'GET /providers',
  'GET /providers/acme/web',
  'GET /providers/acme/web/versions',
  'GET /providers/acme/web/versions/1.0.0',
];
const READS = [
  'GET /providers/installed',
  `GET ${WEB}`,
  `GET ${WEB}/deployment`,
  `GET ${WEB}/update-candidates`,
  `GET ${WEB}/history`,
  `GET ${WEB}/missing-dependencies`,
  `GET ${WEB}/watch`,
];
const POSTS: readonly (readonly [line: string, body: object])[] = [
  ['POST /providers/install', { provider_name: 'new/web' }],
  [`POST ${WEB}/upgrade`, {}],
  [`POST ${WEB}/downgrade`, { target_version: '1.0.0' }],
  [`POST ${WEB}/deploy`, {}],
  [`POST ${WEB}/suspend`, {}],
  [`POST ${WEB}/resume`, {}],
];
const WRITES = [...POSTS, [`DELETE ${WEB}`, undefined] as const];
const BIG = { config: { TEXT: 'x'.repeat(300_000) } };

type Row = readonly [line: string, given: Given, answer: string, detail: RegExp];

const of = <T>(many: readonly T[], row: (one: T) => Row): Row[] => many.map(row);
const withBody = (rows: typeof POSTS, given: Given, answer: string, detail: RegExp) =>
  of(rows, ([line, body]) => [line, { body, ...given }, answer, detail]);
/** Of one installation, with another name in its place. */
const about = (name: string, line: string) => line.replace('acme/web', name);
const ofOne = [...READS, ...WRITES.map(([line]) => line)].filter((line) => line.includes(WEB));

const REFUSALS: Row[] = [
  // Nobody in particular
  ...of([...CATALOGUE, ...READS], (line) => [line, { by: 'nobody' }, '401 Unauthenticated', /^Send a token that/]),
  ...of(WRITES, ([line, body]) => [line, { by: 'nobody', body }, '401 Unauthenticated', /authorization: Bearer/]),

  // Without a namespace
  ...of(READS, (line) => [line, { by: 'person' }, '400 NamespaceMissing', /X-Namespace or with \?namespace=/]),
  ...of(WRITES, ([line, body]) => [line, { by: 'person', body }, '400 NamespaceMissing', /^Name the namespace/]),
  // Two namespaces
  ...of([...READS, ...WRITES.map(([line]) => line)], (line) => [
    `${line}?namespace=${namespace}`,
    { headers: { 'x-namespace': elsewhere }, body: bodyOf(line) },
    '400 NamespaceUnclear',
    /X-Namespace and \?namespace= differ/,
  ]),

  // With no right
  ...of(READS.slice(1), (line) => [
    line,
    { by: 'stranger', headers: { 'x-namespace': namespace } },
    '404 NotFound',
    /^Install "acme\/web" first: it is not installed here$/,
  ]),
  [
    'GET /providers/installed',
    { by: 'stranger', headers: { 'x-namespace': namespace } },
    '404 NotFound',
    /no namespace/,
  ],
  // With the right to read
  ['POST /providers/install', { by: 'viewer', body: { provider_name: 'new/web' } }, '403 Forbidden', /right to create/],
  ...of(['upgrade', 'deploy', 'suspend'], (verb): Row => [
    `POST ${about('needy/web', WEB)}/${verb}`,
    { by: 'viewer', body: verb === 'upgrade' ? { version: '1.1.0' } : {} },
    verb === 'upgrade' ? '200' : '403 Forbidden',
    /cannot patch resource "providerinstallations"/,
  ]).filter(([, , answer]) => answer !== '200'),
  [`POST ${WEB}/downgrade`, { by: 'viewer', body: { target_version: '1.0.0' } }, '403 Forbidden', /cannot patch/],
  [`DELETE ${WEB}`, { by: 'viewer' }, '403 Forbidden', /cannot delete resource "providerinstallations"/],

  // What is not there
  ...of(ofOne, (line) => [
    about('acme/none', line),
    { body: bodyOf(line) },
    '404 NotFound',
    /^Install "acme\/none" first: it is not installed here$/,
  ]),
  ...of(CATALOGUE.slice(1), (line) => [
    about('acme/none', line),
    {},
    '404 NotFound',
    /^Correct the name: there is no provider "acme\/none"$/,
  ]),
  ['GET /providers/acme/web/versions/9.9.9', {}, '404 NotFound', /"acme\/web" has no release 9\.9\.9$/],
  ['POST /providers/install', { body: { provider_name: 'acme/none' } }, '404 ProviderNotFound', /"?acme\/none"?/],
  [
    'POST /providers/install',
    { body: { provider_name: 'new/web', version: '9.9.9' } },
    '404 VersionNotFound',
    /9\.9\.9/,
  ],
  [`POST ${WEB}/upgrade`, { body: { version: '9.9.9' } }, '404 VersionNotFound', /9\.9\.9/],
  [`POST ${WEB}/downgrade`, { body: { target_version: '0.0.1' } }, '404 VersionNotFound', /0\.0\.1/],
  [`POST ${WEB}/deploy`, { body: { version: '9.9.9' } }, '404 VersionNotFound', /9\.9\.9/],
  [`GET ${WEB}/missing-dependencies?target=9.9.9`, {}, '404 NotFound', /has no such release/],
  ['GET /providers/installed/acme', {}, '404 NotFound', /"installed\/acme"/],
  [`GET ${WEB}/nothing`, {}, '404 NotFound', /^Correct the path: \/docs has all of them$/],

  // What is there already, or in the way
  [
    'POST /providers/install',
    { body: { provider_name: 'acme/web' } },
    '409 AlreadyExists',
    /^Change the installation "acme", or choose another name with \?installation=/,
  ],
  [
    'POST /providers/install?installation=acme',
    { body: { provider_name: 'new/web' } },
    '409 AlreadyExists',
    /^Change the installation "acme"/,
  ],
  ...of(ofOne, (line) => [
    about('twice/web', line),
    { body: bodyOf(line) },
    '409 SeveralInstallations',
    /^Choose one with \?installation=: "twice\/web" is installed here as "twice-a", "twice-b"$/,
  ]),
  [`POST ${WEB}/upgrade`, { body: { version: '1.0.0' } }, '409 UseDowngrade', /^Ask for a downgrade instead/],
  [`POST ${WEB}/deploy`, { body: { version: '1.0.0' } }, '409 UseDowngrade', /^Ask for a downgrade instead/],
  [`POST ${WEB}/downgrade`, { body: { target_version: '1.1.0' } }, '409 NotLower', /1\.1\.0 is not lower than 1\.1\.0/],
  [
    `POST ${about('auto/web', WEB)}/downgrade`,
    { body: { target_version: '1.0.0' } },
    '409 SwitchToManual',
    /^Set the upgrade policy to manual first/,
  ],
  [
    `POST ${about('needy/web', WEB)}/upgrade`,
    {},
    '409 NothingTakeable',
    /^Name the version to take: none is taken unnamed of 2\.0\.0/,
  ],

  // Decided on something older
  ...of(WRITES.slice(1), ([line, body]) => [
    line,
    { body, headers: { 'if-match': '"older/1"' } },
    '412 PreconditionFailed',
    /^Read the installation again/,
  ]),

  // What nobody can read
  ...withBody(POSTS, { body: '{"version":' }, '400 NotJson', /^Correct the body: it is no JSON$/),
  ...withBody(POSTS, { body: BIG }, '413 PayloadTooLarge', /^Send a smaller body: at most 256 KiB$/),
  ...withBody(
    POSTS,
    { body: 'version: 1.1.0', headers: { 'content-type': 'application/yaml' } },
    '415 UnsupportedMediaType',
    /content-type: application\/json$/,
  ),
  ...withBody(POSTS, { body: 'null' }, '422 Invalid', /^Correct /),
  ...withBody(POSTS, { body: { versoin: '1.1.0' } }, '422 Invalid', /^Correct .*versoin|provider_name|target_version/),
  ...of([...CATALOGUE.slice(0, 1), ...READS], (line) => [`${line}?nothing=1`, {}, '422 Invalid', /nothing/]),
  ...of(WRITES, ([line, body]) => [`${line}?dryrun=true`, { body }, '422 Invalid', /dryrun/]),
  ...of(WRITES, ([line, body]) => [`${line}?dryRun=yes`, { body }, '422 Invalid', /dryRun/]),
  ...of(['GET /providers?limit=0', 'GET /providers?offset=-1', 'GET /providers/installed?limit=many'], (line): Row => [
    line,
    {},
    '422 Invalid',
    /^Correct "(limit|offset)": /,
  ]),
  [`POST ${WEB}/upgrade`, { body: { version: '1.x' } }, '422 Invalid', /^Correct "version": /],
  [`POST ${WEB}/upgrade`, { body: { version: 2 } }, '422 Invalid', /^Correct "version": /],
  [`POST ${WEB}/downgrade`, { body: {} }, '422 Invalid', /^Correct "target_version": /],
  [
    'POST /providers/install',
    { body: { provider_name: 'new/web', resource_tier: 'huge' } },
    '422 Invalid',
    /^Correct "resource_tier": .*free/,
  ],
  [
    'POST /providers/install',
    { body: { provider_name: 'new/web', config: { 'A-B': 1 } } },
    '422 Invalid',
    /^Correct "config/,
  ],
  [
    'POST /providers/install?installation=Not_A_Name',
    { body: { provider_name: 'new/web' } },
    '422 Invalid',
    /^Correct "installation"/,
  ],
  [`POST ${about('needy/web', WEB)}/upgrade`, { body: { version: '2.0.0' } }, '422 SoftwareNotFound', /rest-php/],
  [`POST ${WEB}/upgrade`, { headers: { 'idempotency-key': 'k'.repeat(300) } }, '422 Invalid', /idempotency-key/],

  // What cannot be done to it
  ...of([...CATALOGUE, ...READS], (line) => [
    line.replace('GET', 'PUT'),
    {},
    '405 MethodNotAllowed',
    /^Ask with one of /,
  ]),
  ...of(POSTS, ([line]) => [line.replace('POST', 'PATCH'), {}, '405 MethodNotAllowed', /^Ask with one of POST$/]),
];

function bodyOf(line: string): object | undefined {
  return WRITES.find(([write]) => write === line)?.[1];
}

describe('what is refused, and how', () => {
  const names = ['acme', 'auto', 'gone', 'needy', 'other', 'twice-a', 'twice-b'];
  const stored = () => Promise.all(names.map((name) => get<InstallationObject>('pi', name, namespace)));
  let before: readonly InstallationObject[];
  beforeAll(async () => {
    before = await stored();
  });

  it.concurrent.each(
    REFUSALS.map(([line, given, answer, detail]) => ({ line, by: given.by ?? 'portal', given, answer, detail })),
  )('$answer: $line, by $by', async ({ line, given, answer, detail }) => {
    const refused = await asked(line, given);

    expect(inShort(refused)).toBe(answer);
    expectProblem(refused);
    expect(refused.body.detail).toMatch(detail);
  });

  it('nothing of it has changed anything', async () => {
    const list = await kubectl(['get', 'pi', '-n', namespace, '-o', 'name']);

    expect(list.trim().split('\n')).toHaveLength(names.length);
    expect((await stored()).map(({ metadata }) => metadata.generation)).toEqual(
      before.map(({ metadata }) => metadata.generation),
    );
    expect((await stored()).map(({ metadata }) => metadata.annotations)).toEqual(
      before.map(({ metadata }) => metadata.annotations),
    );
  });

  it.each([
    ['401', 'GET /providers', { by: 'nobody' as Who }, 'www-authenticate', /^Bearer /],
    ['405', `PATCH ${WEB}/upgrade`, {}, 'allow', /^POST$/],
    ['404', `GET /nowhere`, {}, 'x-request-id', /^[\w-]{36}$/],
  ])('%s says in a header how to go on: %s', async (_, line, given, header, value) => {
    expect((await asked(line, given)).headers[header]).toMatch(value);
  });
});

const DATE_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
const INSTALLATION = {
  provider_name: 'acme/web',
  prefix: 'acme',
  name: 'web',
  installed_version: '1.1.0',
  current_version: '1.1.0',
  latest_version: '1.1.0',
  upgrade_available: false,
  upgrade_policy: 'manual',
  resource_tier: 'free',
  config: {},
  installed_at: DATE_TIME,
  created_at: DATE_TIME,
  updated_at: DATE_TIME,
};
const PROVIDER = {
  provider_name: 'acme/web',
  name: 'web',
  prefix: 'acme',
  display_name: 'web',
  description: '',
  author: { organization_id: 'acme', org_name: 'acme' },
  trust_tier: 'community',
  scope: 'public',
  tags: [],
  latest_version: '1.1.0',
  install_count: expect.any(Number) as number,
  created_at: DATE_TIME,
  updated_at: DATE_TIME,
};
const VERSION = { provider_name: 'acme/web', status: 'published', created_at: DATE_TIME, updated_at: DATE_TIME };

describe('what is read', () => {
  it.concurrent.each<[line: string, body: unknown]>([
    ['GET /providers?q=ACME', { items: [PROVIDER], total: 1, limit: 20, offset: 0 }],
    ['GET /providers?q=acme&offset=1&limit=1', { items: [], total: 1, limit: 1, offset: 1 }],
    ['GET /providers?q=acme&tags=a&tags=b', { items: [], total: 0, limit: 20, offset: 0 }],
    ['GET /providers?scope=tenant', { items: [], total: 0, limit: 20, offset: 0 }],
    ['GET /providers?trust_tier=official', { items: [], total: 0, limit: 20, offset: 0 }],
    ['GET /providers/acme/web', PROVIDER],
    ['GET /providers/acme/web/', PROVIDER],
    [
      'GET /providers/acme/web/versions',
      [
        { ...VERSION, version: '1.1.0' },
        { ...VERSION, version: '1.0.0' },
      ],
    ],
    ['GET /providers/acme/web/versions/1.0.0', { ...VERSION, version: '1.0.0' }],
    ['GET /providers/installed?limit=1', [INSTALLATION]],
    ['GET /providers/installed?offset=1000', []],
    [`GET ${WEB}`, INSTALLATION],
    [`GET ${WEB}/`, INSTALLATION],
    [`GET ${WEB}?installation=acme`, INSTALLATION],
    [
      `GET ${WEB}/deployment`,
      {
        deployment_name: 'acme',
        status: 'available',
        available_replicas: 1,
        ready_replicas: 1,
        version: '1.1.0',
        image: 'registry.example.com/acme/web:1.1.0',
        updated_at: DATE_TIME,
      },
    ],
    [`GET ${WEB}/update-candidates`, { items: [], total: 0, pending_upgrade: null }],
    [
      `GET ${about('needy/web', WEB)}/update-candidates`,
      { items: [expect.objectContaining({ version: '2.0.0', takeable: false })], total: 1, pending_upgrade: null },
    ],
    [`GET ${WEB}/history`, [expect.objectContaining({ version: '1.1.0', result: 'Succeeded' })]],
    [
      `GET ${about('needy/web', WEB)}/missing-dependencies?target=2.0.0`,
      { version: '2.0.0', missing_system_software: [{ name: 'rest-php', range: '^8.0.0' }], missing_user_inputs: [] },
    ],
  ])('200: %s', async (line, body) => {
    const answer = await asked(line);

    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body).toEqual(body);
    expect(inShort(answer)).toBe('200');
  });

  it.concurrent.each([...CATALOGUE, ...READS.slice(0, -1)])(
    'by HEAD it is the same without a body: %s',
    async (line) => {
      const answer = await asked(line.replace('GET', 'HEAD'));

      expect([answer.status, answer.text]).toEqual([200, '']);
    },
  );

  it('by HEAD nothing can be watched', async () => {
    expect((await asked(`HEAD ${WEB}/watch`)).status).toBe(405);
  });

  it('who may only read reads the same', async () => {
    expect((await asked(`GET ${WEB}`, { by: 'viewer' })).body).toEqual(INSTALLATION);
    expect((await asked('GET /providers/installed', { by: 'viewer' })).headers['x-total-count']).toBe('7');
  });

  it('a person who names the namespace reads the same', async () => {
    const named = { by: 'person' as Who, headers: { 'x-namespace': namespace } };

    expect((await asked(`GET ${WEB}`, named)).body).toEqual(INSTALLATION);
    expect((await asked(`GET ${WEB}?namespace=${namespace}`, { by: 'person' })).body).toEqual(INSTALLATION);
  });
});

describe('what is written', () => {
  const OTHER = '/providers/installed/other/web';

  it.each<[line: string, body: object | undefined, found: object]>([
    ['POST /providers/install', { provider_name: 'new/web' }, { version: '1.1.0', path: ['1.1.0'] }],
    [`POST ${OTHER}/upgrade`, { version: '1.1.0' }, { version: '1.1.0', path: [] }],
    [`POST ${OTHER}/downgrade`, { target_version: '1.0.0' }, { version: '1.0.0', path: ['1.0.0'] }],
    [`POST ${OTHER}/deploy`, {}, { version: '1.1.0', path: [] }],
    [`POST ${OTHER}/suspend`, {}, {}],
    [`POST ${OTHER}/resume`, {}, {}],
    [`DELETE ${OTHER}`, undefined, { version: null, path: [] }],
  ])('200, and nothing is: %s?dryRun=true', async (line, body, found) => {
    const before = await kubectl(['get', 'pi', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);

    const answer = await asked(`${line}?dryRun=true`, { body });

    expect(inShort(answer)).toBe('200');
    expect(answer.body).toMatchObject({ dry_run: true, ...found });
    expect(await kubectl(['get', 'pi', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.resourceVersion}'])).toBe(
      before,
    );
  });

  it('one installation is led through all of it, each answer and each next GET showing what was written', async () => {
    const body = { provider_name: 'new/web', version: '1.0.0', upgrade_policy: 'manual', config: { A: '1' } };
    const NEW = about('new/web', WEB);
    const steps: [line: string, body: object | undefined, status: number, shows: object][] = [
      ['POST /providers/install', body, 201, { installed_version: '1.0.0', config: { A: '1' } }],
      [`POST ${NEW}/upgrade`, { version: '1.1.0' }, 200, { installed_version: '1.1.0' }],
      [`POST ${NEW}/suspend`, {}, 200, {}],
      [`POST ${NEW}/resume`, {}, 200, {}],
    ];
    for (const [line, sent, status, shows] of steps) {
      const answer = await asked(line, { body: sent });
      expect([line, answer.status]).toEqual([line, status]);
      expect(answer.body).toMatchObject(shows);
      const next = await asked(`GET ${NEW}`);
      expect(next.body).toMatchObject(shows);
      expect(next.headers['etag']).toBe(answer.headers['etag']);
    }
    await waitFor('Ready', 'pi/new--web', namespace);
    const down = await asked(`POST ${NEW}/downgrade`, { body: { target_version: '1.0.0' } });
    expect(down.body).toMatchObject({ installed_version: '1.0.0', current_version: '1.1.0' });
    await waitFor('Ready', 'pi/new--web', namespace);
    const pods = await podsOf('new--web');
    expect((await asked(`POST ${NEW}/deploy`, { body: {} })).body).toMatchObject({ deployment_name: 'new--web' });
    await kubectl(['wait', '--for=delete', ...pods, '-n', namespace, '--timeout=240s']);
    const history = (await asked(`GET ${NEW}/history`)).body as unknown as { version: string }[];
    expect(history.slice(0, 2).map(({ version }) => version)).toEqual(['1.0.0', '1.0.0']);
  });

  async function podsOf(name: string): Promise<string[]> {
    const selector = `provider-operator.io/installation=${name}`;
    return (await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'name'])).trim().split('\n');
  }

  it('204: DELETE, and from then on it is not there', async () => {
    const GONE = about('gone/web', WEB);

    const answer = await asked(`DELETE ${GONE}?cascade=true`);

    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(inShort(await asked(`GET ${GONE}`))).toBe('404 NotFound');
    expect(inShort(await asked(`DELETE ${GONE}`))).toBe('404 NotFound');
  });
});
