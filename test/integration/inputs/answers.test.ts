import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release, software, softwareRelease } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, run, waitFor, type DeploymentObject } from '../support/kubectl.ts';
import type { InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';

/** A release asks, the tenant answers: what the API server and the condition say, and that nothing that runs is touched. */
const namespace = 'answers';
let operator: RunningOperator;

interface Ask {
  readonly ask: { readonly name: string; readonly [field: string]: unknown };
  readonly good: readonly string[];
  readonly bad: readonly string[];
  readonly rule: string;
}

const required = { required: true };
/** Every data type and every format. */
const ASKS: readonly Ask[] = [
  {
    ask: { name: 'title', dataType: 'text', ...required },
    good: ['no', '02142', ' $(HOME) $$ '],
    bad: [''],
    rule: 'must not be empty',
  },
  {
    ask: { name: 'slug', dataType: 'text', pattern: '^[a-z]+$', ...required },
    good: ['shop'],
    bad: ['Shop', 'shop\n'],
    rule: 'must match "^[a-z]+$"',
  },
  {
    ask: { name: 'adminEmail', dataType: 'text', format: 'email', ...required },
    good: ['ann@example.com', 'root@localhost'],
    bad: ['ann', 'ann@example.com '],
    rule: 'must be an email address such as ann@example.com',
  },
  {
    ask: { name: 'password', dataType: 'text', format: 'password', ...required },
    good: ['pa$$word'],
    bad: [''],
    rule: 'must not be empty',
  },
  {
    ask: { name: 'home', dataType: 'text', format: 'url', ...required },
    good: ['https://shop.example.com/'],
    bad: ['shop.example.com', 'ftp://x'],
    rule: 'must be an http or https URL such as https://example.com',
  },
  {
    ask: { name: 'bucket', dataType: 'text', format: 'uri', ...required },
    good: ['s3://bucket/a'],
    bad: ['bucket'],
    rule: 'must be a URI such as s3://bucket/folder',
  },
  {
    ask: { name: 'workers', dataType: 'number', ...required },
    good: ['9007199254740993', '-0.5'],
    bad: ['007', 'ten', '1e+'],
    rule: 'must be a number such as 10 or 2.5',
  },
  {
    ask: { name: 'debug', dataType: 'boolean', ...required },
    good: ['false'],
    bad: ['no', 'True'],
    rule: 'must be "true" or "false"',
  },
  {
    ask: { name: 'region', dataType: 'select', options: ['eu', 'us'], ...required },
    good: ['eu'],
    bad: ['EU', 'mars'],
    rule: 'must be one of "eu", "us"',
  },
  {
    ask: { name: 'token', dataType: 'text', secret: true, ...required },
    good: [],
    bad: ['CANARY'],
    rule: 'must come from a Secret: give it by secretKeyRef',
  },
];

const token = { name: 'token', valueFrom: { secretKeyRef: { name: 'tokens', key: 'api' } } };
const good = (choice = 0) => [
  ...ASKS.flatMap(({ ask, good: values }) =>
    values.length > 0 ? [{ name: ask.name, value: values[choice % values.length] }] : [],
  ),
  token,
];

beforeAll(async () => {
  await prepare(namespace);
  operator = await startOperator();
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

function edit(name: string, spec: object): Promise<string> {
  return kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
}

/** The condition once it speaks of the present spec. */
function told(name: string, type = 'Ready') {
  return eventually(async () => {
    const { metadata, status } = await get<InstallationObject>('pi', name, namespace);
    const found = status.conditions?.find((c) => c.type === type);
    return found?.observedGeneration === metadata.generation && found;
  });
}

/** The pods by their uids: other ones are other pods. */
function podsOf(name: string): Promise<string> {
  const selector = `provider-operator.io/installation=${name}`;
  const path = '{range .items[*]}{.metadata.uid} {end}';
  return kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', `jsonpath=${path}`]);
}

async function envOf(name: string): Promise<Record<string, unknown>> {
  const { spec } = await get<DeploymentObject>('deployment', name, namespace);
  const env = spec.template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(env.map(({ name: key, value, ...rest }) => [key, value ?? rest]));
}

describe('a release that asks for every type of input', () => {
  beforeAll(async () => {
    const asking = release('1.1.0', { userInputs: ASKS.map(({ ask }) => ask) });
    await apply(provider('typed', '1.0.0', asking));
    await apply(installation(namespace, 'typed', { provider: 'typed/web', version: '1.0.0', resourceTier: 'free' }));
    await waitFor('Ready', 'pi/typed', namespace);
  });

  it('is refused as long as nothing is answered, with every input and its rule', async () => {
    const before = await podsOf('typed');
    await edit('typed', { version: '1.1.0' });
    const { status, reason, message } = await told('typed');

    expect([status, reason]).toEqual(['False', 'MissingUserInputs']);
    expect(ASKS.filter(({ ask, rule }) => !message.includes(`"${ask.name}" ${rule}`))).toEqual([]);
    expect(await podsOf('typed')).toBe(before);
  });

  it.each(ASKS.flatMap(({ ask, bad, rule }) => bad.map((value) => ({ name: ask.name, value, rule }))))(
    'is refused where $name is $value',
    async ({ name, value, rule }) => {
      const before = await podsOf('typed');
      await edit('typed', { userInputs: [...good().filter((answer) => answer.name !== name), { name, value }] });
      const { reason, message } = await told('typed');

      expect([reason, message]).toEqual([
        'InvalidUserInput',
        `Answer in userInputs what 1.1.0 asks for: "${name}" ${rule}; 1.0.0 stays`,
      ]);
      expect(await podsOf('typed')).toBe(before);
    },
  );

  it('is rolled out once all is answered, and each value reaches the process as it is', async () => {
    await edit('typed', { userInputs: good() });
    await waitFor('Ready', 'pi/typed', namespace);

    expect(await envOf('typed')).toMatchObject({
      TITLE: 'no',
      ADMIN_EMAIL: 'ann@example.com',
      PASSWORD: 'pa$$$$word',
      WORKERS: '9007199254740993',
      DEBUG: 'false',
      TOKEN: { valueFrom: token.valueFrom },
    });
    await edit('typed', { userInputs: good(1) });
    await waitFor('Ready', 'pi/typed', namespace);
    expect(await envOf('typed')).toMatchObject({ TITLE: '02142', WORKERS: '-0.5' });
  });

  it('leaves the pods alone where an answer of what runs does not fit any more', async () => {
    const before = await podsOf('typed');
    await edit('typed', {
      userInputs: [...good().filter(({ name }) => name !== 'region'), { name: 'region', value: 'x' }],
    });

    expect((await told('typed')).reason).toBe('InvalidUserInput');
    expect(await podsOf('typed')).toBe(before);
  });
});

describe('automation', () => {
  it('is held up by a missing answer, and by nothing else once it is there', async () => {
    const asking = release('1.1.0', {
      userInputs: [{ name: 'region', dataType: 'select', options: ['eu', 'us'], required: true }],
    });
    await apply(provider('auto', '1.0.0'));
    await apply(installation(namespace, 'auto', { provider: 'auto/web', upgradePolicy: 'auto', resourceTier: 'free' }));
    await waitFor('Ready', 'pi/auto', namespace);
    await apply(provider('auto', '1.0.0', asking));
    await kubectl([
      'wait',
      'pi/auto',
      '-n',
      namespace,
      '--for=jsonpath={.status.updateCandidates[0].missingUserInputs[0]}=region',
    ]);
    expect(await told('auto', 'UpdateAvailable')).toMatchObject({
      reason: 'MissingUserInputs',
      message: 'Answer in userInputs what 1.1.0 asks for: "region" must be one of "eu", "us"',
    });
    await edit('auto', { userInputs: [{ name: 'region', value: 'us' }] });
    await kubectl(['wait', 'pi/auto', '-n', namespace, '--for=jsonpath={.status.currentVersion}=1.1.0']);

    expect(await envOf('auto')).toMatchObject({ REGION: 'us' });
  });

  it('takes no older release at a first install instead', async () => {
    const asking = release('1.1.0', { userInputs: [{ name: 'title', dataType: 'text', required: true }] });
    await apply(provider('first', '1.0.0', asking));
    await apply(
      installation(namespace, 'first', { provider: 'first/web', upgradePolicy: 'auto', resourceTier: 'free' }),
    );
    await waitFor('Stalled', 'pi/first', namespace);

    expect((await told('first')).reason).toBe('MissingUserInputs');
    expect((await run(['get', 'deployment', 'first', '-n', namespace])).stderr).toContain('not found');
    await edit('first', { userInputs: [{ name: 'title', value: 'Shop' }] });
    await waitFor('Ready', 'pi/first', namespace);
  });
});

describe.each(['installation', 'update', 'reconfigure'] as const)('an input of the lifecycle %s', (lifecycle) => {
  const name = `of-${lifecycle}`;
  const region = { name: 'region', dataType: 'select', options: ['eu', 'us'], required: true, lifecycle };
  const answer = (value: string) => ({ userInputs: [{ name: 'region', value }] });
  /** What an edit comes to, apart from an upgrade and with one. */
  const outcome = {
    installation: {
      edit: ['InvalidUserInput', 'eu'],
      removal: ['UpgradeAvailable', 'eu'],
      upgrade: ['UpToDate', 'eu'],
    },
    update: { edit: ['UpgradeAvailable', 'eu'], removal: ['UpgradeAvailable', 'eu'], upgrade: ['UpToDate', 'us'] },
    reconfigure: {
      edit: ['UpgradeAvailable', 'us'],
      removal: ['MissingUserInputs', 'us'],
      upgrade: ['UpToDate', 'us'],
    },
  }[lifecycle];

  async function after(spec: object): Promise<readonly unknown[]> {
    await edit(name, spec);
    const { reason } = await eventually(async () => {
      const found = await told(name);
      return found.reason !== 'RollingOut' && found;
    });
    return [reason, (await envOf(name))['REGION']];
  }

  it('is asked for when it says so, and pods never lose what they had', async () => {
    await apply(provider(name, release('1.0.0', { userInputs: [region] }), release('1.1.0', { userInputs: [region] })));
    const spec = { provider: `${name}/web`, version: '1.0.0', resourceTier: 'free' };
    await apply(installation(namespace, name, spec));
    await waitFor('Stalled', `pi/${name}`, namespace);
    expect((await told(name)).reason).toBe('MissingUserInputs');

    expect(await after(answer('eu'))).toEqual(['UpgradeAvailable', 'eu']);
    expect(await after(answer('us'))).toEqual(outcome.edit);
    expect(await after({ userInputs: [] })).toEqual(outcome.removal);
    const last = lifecycle === 'installation' ? { userInputs: [] } : answer('us');
    expect(await after({ version: '1.1.0', ...last })).toEqual(outcome.upgrade);
  });
});

describe('variables', () => {
  it('of the release see what the tenant sets, whoever sets it', async () => {
    const env = [
      { name: 'DATABASE_URL', value: 'postgres://$(DB_USER):$(DB_PASSWORD)@$(DB_HOST)/$(PHP_VERSION)' },
      { name: 'DB_HOST', value: 'localhost' },
    ];
    const userInputs = [{ name: 'dbUser', dataType: 'text', required: true }];
    await apply(
      software('php', softwareRelease('php', '8.3.0')),
      provider(
        'ordered',
        release('1.0.0', { userInputs, runtime: { env }, systemSoftwareDependencies: [{ name: 'php', range: '*' }] }),
      ),
      installation(namespace, 'ordered', {
        provider: 'ordered/web',
        config: { DB_HOST: 'db' },
        configFrom: [{ name: 'DB_PASSWORD', secretKeyRef: { name: 'db', key: 'password' } }],
        userInputs: [{ name: 'dbUser', value: 'ann' }],
      }),
    );
    await waitFor('Ready', 'pi/ordered', namespace);

    expect(Object.keys(await envOf('ordered'))).toEqual([
      'DB_HOST',
      'DB_PASSWORD',
      'DB_USER',
      'PHP_VERSION',
      'DATABASE_URL',
    ]);
  });
});

describe('the API server refuses', () => {
  const answering = (answer: object) =>
    installation(namespace, 'refused', { provider: 'typed/web', userInputs: [{ name: 'title', ...answer }] });
  const asking = (ask: object) =>
    provider('refused', release('1.0.0', { userInputs: [{ name: 'title', dataType: 'text', ...ask }] }));

  it.each<[what: string, object: object, words: RegExp]>([
    ['a number as a value', answering({ value: 5 }), /userInputs\[0\]\.value.*must be of type string/],
    ['a truth as a value', answering({ value: true }), /userInputs\[0\]\.value.*must be of type string/],
    ['no answer at all', answering({}), /userInputs\[0\].*exactly one of value and valueFrom/],
    [
      'two answers at once',
      answering({ value: 'a', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }),
      /exactly one of value and valueFrom/,
    ],
    [
      'a ConfigMap',
      answering({ valueFrom: { configMapKeyRef: { name: 's', key: 'k' } } }),
      /unknown field|secretKeyRef/,
    ],
    ['no name of a Secret', answering({ valueFrom: { secretKeyRef: { name: 'A B', key: 'k' } } }), /name of a Secret/],
    ['no name of an input', answering({ name: 'a b', value: 'x' }), /name of an input such as adminEmail/],
    ['a select without options', asking({ dataType: 'select' }), /Must have options where dataType is select/],
    ['a number with a format', asking({ dataType: 'number', format: 'url' }), /Must have dataType text/],
    ['a default of a secret', asking({ secret: true, default: 'x' }), /Must have no default/],
    ['a short generated key', asking({ generate: { length: 4 } }), /should be greater than or equal to 16/],
    ['an unknown type', asking({ dataType: 'date' }), /Unsupported value: "date"/],
    ['an unknown lifecycle', asking({ lifecycle: 'always' }), /Unsupported value: "always"/],
  ])('%s', async (_, object, words) => {
    const { code, stderr } = await run(['apply', '-f', '-'], object);

    expect(code, stderr).not.toBe(0);
    expect(stderr).toMatch(words);
  });

  it('inputs that change once they are published, and takes them where there were none', async () => {
    const inputs = (required_: boolean) => ({ userInputs: [{ name: 'a', dataType: 'text', required: required_ }] });
    await apply(provider('fixed', '1.0.0'));
    await apply(provider('fixed', release('1.0.0', inputs(false))));
    const { code, stderr } = await run(['apply', '-f', '-'], provider('fixed', release('1.0.0', inputs(true))));

    expect([code, stderr]).toEqual([1, expect.stringContaining('userInputs of a published version cannot change')]);
  });
});

it('a release that cannot be asked is set aside, and says why', async () => {
  const asking = (version: string, ...userInputs: object[]) => release(version, { userInputs });
  const text = { dataType: 'text' };
  await apply(
    provider(
      'faulty',
      asking('1.0.0', { ...text, name: 'a', pattern: '(?=x)' }),
      asking('1.1.0', { ...text, name: 'a', format: 'email', default: 'x' }),
      asking('1.2.0', { ...text, name: 'path' }),
      asking('1.3.0', { ...text, name: 'a-b' }, { ...text, name: 'aB' }),
    ),
  );
  await kubectl(['wait', 'prov/faulty.web', '--for=jsonpath={.status.conditions[0].reason}=InvalidReleases']);
  const { status } = await get<{ status: { invalidVersions: { version: string; reason: string }[] } } & object>(
    'prov',
    'faulty.web',
  );

  expect(Object.fromEntries(status.invalidVersions.map(({ version, reason }) => [version, reason]))).toEqual({
    '1.0.0':
      'userInputs: "a": pattern is no RE2 expression, which knows no look-ahead, no look-behind and no back-reference',
    '1.1.0': 'userInputs: "a": default must be an email address such as ann@example.com',
    '1.2.0': 'userInputs: "path" sets the variable "PATH", which is reserved',
    '1.3.0': 'userInputs: "aB" and "a-b" set the same variable "A_B"',
  });
});
