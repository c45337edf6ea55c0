import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowSecrets, idOf, inputSecrets, one, uidOf } from '../support/app-installations.ts';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  run,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from '../support/kubectl.ts';
import { launchOperator, startOperator, type RunningOperator } from '../support/operator.ts';
import { isHeld } from '../support/outcome.ts';
import { addAccount, apiOf, ask, create, type Answer } from '../support/rest.ts';
import { startWitness, type Witness } from '../support/witness.ts';

/** Answers whose names depend on the version that they are for, and values that go into a Secret of the tenant. */
const namespace = 'rest-v2-inputs';

const key = { name: 'apiKey', dataType: 'text', secret: true, pattern: '^CANARY' };
const title = { name: 'title', dataType: 'text' };
const region = { name: 'region', dataType: 'select', options: ['eu', 'us'], required: true };
const SPEC = {
  provider: 'ask/web',
  version: '1.0.0',
  resourceTier: 'free',
  userInputs: [{ name: 'title', value: 'Shop' }],
};
const names = ['answered', 'told', 'refused', 'failing', 'inline', 'gone'];

let operator: RunningOperator;
let witness: Witness;
/** By the service account. */
const tokens = new Map<string, string>();
/** By the name of the installation. */
const ids = new Map<string, string>();
beforeAll(async () => {
  await prepare(namespace);
  for (const account of ['portal', 'plain', 'creator']) {
    tokens.set(account, await addAccount(namespace, account));
  }
  await allowSecrets(namespace, 'portal', 'create', 'get', 'list', 'patch', 'delete');
  await allowSecrets(namespace, 'creator', 'create');
  operator = await startOperator();
  witness = await startWitness();
  await apply(
    provider(
      'ask',
      release('1.0.0', { userInputs: [title, key] }),
      release('1.1.0', { userInputs: [key, region] }),
      release('1.2.0', { userInputs: [title, key], image: 'registry.example.com/ask/crash-loop:1.2.0' }),
    ),
  );
  await apply(provider('gone', release('1.0.0', { userInputs: [title, key] })));
  await create(
    ...names.map((name) =>
      installation(namespace, name, { ...SPEC, provider: name === 'gone' ? 'gone/web' : SPEC.provider }),
    ),
  );
  for (const name of names) {
    await waitFor('Ready', `pi/${name}`, namespace);
    ids.set(name, await uidOf(name, namespace));
  }
});
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

const to = (version: string) => ({ appVersionId: idOf(`ask/web@${version}`) });
const answers = (given: Readonly<Record<string, string | null>>) => ({
  userInputs: Object.entries(given).map(([name, value]) => ({ name, value })),
});

function patch(name: string, body: object, account = 'portal', query = ''): Promise<Answer> {
  return ask(apiOf(operator), `PATCH ${one(ids.get(name) ?? '')}${query}`, { token: tokens.get(account), body });
}

interface Answers {
  readonly userInputs?: readonly {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef: { name: string; key: string } };
  }[];
}

/** The name of the Secret that the spec refers to. */
async function referred(name: string): Promise<string | undefined> {
  const { spec } = await get<InstallationObject>('pi', name, namespace);
  return (spec as Answers).userInputs?.find((answer) => answer.name === 'apiKey')?.valueFrom?.secretKeyRef.name;
}

/** The name of the Secret that the pods are given. */
async function mounted(name: string): Promise<string | undefined> {
  const { spec } = await get<DeploymentObject>('deployment', name, namespace);
  const [container] = spec.template.spec.containers;
  const variable = container?.env?.find((one) => one.name === 'API_KEY') as unknown as
    | { valueFrom: { secretKeyRef: { name: string } } }
    | undefined;
  return variable?.valueFrom.secretKeyRef.name;
}

const text = (data: string | undefined) => Buffer.from(data ?? '', 'base64').toString();

async function secretsOf(name: string): Promise<string[]> {
  const all = await inputSecrets(namespace);
  return [...all.keys()].filter((secret) => secret.startsWith(`${name}-inputs-`));
}

describe('the names of answers', () => {
  it.each([
    {
      asked: 'what only a later version asks for',
      body: answers({ region: 'eu' }),
      says: /"region" from userInputs: 1\.0\.0 asks for "title", "apiKey"/,
    },
    {
      asked: 'what only an earlier version asks for',
      body: { ...to('1.1.0'), ...answers({ tenant: 'x' }) },
      says: /"tenant" from userInputs: 1\.1\.0 asks for "apiKey", "region"/,
    },
  ])('depend on the target: $asked is refused', async ({ body, says }) => {
    const { status, body: answer } = await patch('answered', body);
    expect([status, answer.type]).toEqual([400, 'UnknownUserInput']);
    expect(answer.message).toMatch(says);
  });

  it('depend on the target: a version that asks for more is refused without it, and taken with it', async () => {
    const refused = await patch('answered', to('1.1.0'));
    expect([refused.status, refused.body.type]).toEqual([400, 'MissingUserInputs']);
    expect(refused.body.message).toMatch(/"region"/);

    expect((await patch('answered', { ...to('1.1.0'), ...answers({ region: 'eu' }) })).status).toBe(204);
    await witness.untilTemplate(
      `${namespace}/answered`,
      ({ env, version }) => version === '1.1.0' && env['REGION'] === 'eu',
    );
  });
});

describe('the value of a secret input', () => {
  it('is in a Secret of the tenant that goes with the installation, and nowhere else', async () => {
    expect((await patch('told', { ...answers({ apiKey: 'CANARY-1' }), description: 'with a key' })).status).toBe(204);

    const secret = await referred('told');
    const stored = (await inputSecrets(namespace)).get(secret ?? '');
    expect(text(stored?.data['apiKey'])).toBe('CANARY-1');
    expect(stored?.metadata.ownerReferences).toMatchObject([{ kind: 'ProviderInstallation', uid: ids.get('told') }]);
    await witness.untilTemplate(`${namespace}/told`, ({ env }) => 'API_KEY' in env);
    expect(await mounted('told')).toBe(secret);

    // https://github.com/Embucket/embucket-labs/issues/1307, https://github.com/nrwiersma/ConfigManager/issues/14
    const path = one(ids.get('told') ?? '');
    for (const route of [path, '/v2/app-installations', `${path}/status`, '/providers/installed']) {
      const { status, text: shown } = await ask(apiOf(operator), `GET ${route}`, { token: tokens.get('portal') });
      expect([route, status, shown.includes('CANARY-')]).toEqual([route, 200, false]);
    }
    expect(
      await kubectl([
        'get',
        'pi,events,deployments,controllerrevisions',
        '-n',
        namespace,
        '-o',
        'json',
        '--show-managed-fields',
      ]),
    ).not.toContain('CANARY-');
    expect(operator.output()).not.toContain('CANARY-');
  });

  it('is not shown where somebody wrote it into the spec', async () => {
    await kubectl([
      'patch',
      'pi/inline',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { userInputs: [...SPEC.userInputs, { name: 'apiKey', value: 'CANARY-inline' }] } }),
    ]);
    const { body } = await ask(apiOf(operator), `GET ${one(ids.get('inline') ?? '')}`, { token: tokens.get('portal') });
    expect(body['userInputs']).toEqual(SPEC.userInputs);
  });

  it('goes into a new Secret each time; the one before stays, for a rollout may go back to it', async () => {
    const before = await referred('told');
    expect((await patch('told', answers({ apiKey: 'CANARY-2' }))).status).toBe(204);

    const after = await referred('told');
    const all = await inputSecrets(namespace);
    expect([before, after].map((name) => text(all.get(name ?? '')?.data['apiKey']))).toEqual(['CANARY-1', 'CANARY-2']);
  });

  it('is taken away with null', async () => {
    expect((await patch('told', answers({ apiKey: null }))).status).toBe(204);
    expect(await referred('told')).toBeUndefined();
  });

  it('is not told where it does not fit', async () => {
    const { status, text: told } = await patch('refused', answers({ apiKey: 'no-CANARY' }));
    expect([status, told.includes('no-CANARY')]).toEqual([400, false]);
    expect(told).toContain('must match');
    expect(await secretsOf('refused')).toEqual([]);
  });

  it.each([
    { who: 'may make no Secret', account: 'plain', body: answers({ apiKey: 'CANARY-3' }), status: 403 },
    { who: 'only tries', account: 'portal', body: answers({ apiKey: 'CANARY-3' }), query: '?dryRun=true', status: 200 },
    {
      who: 'asks for a version that cannot be had, too',
      account: 'portal',
      body: { ...to('1.1.0'), ...answers({ apiKey: 'CANARY-3' }) },
      status: 400,
    },
  ])('leaves nothing behind where the caller $who: $status', async ({ account, body, query, status }) => {
    const before = await get('pi', 'refused', namespace);
    expect((await patch('refused', body, account, query)).status).toBe(status);
    expect(await secretsOf('refused')).toEqual([]);
    expect((await get('pi', 'refused', namespace)).metadata.generation).toBe(before.metadata.generation);
  });

  it('leaves nothing behind where the API server refuses the installation', async () => {
    await denyDescription('not allowed');
    const { status } = await patch('refused', { ...answers({ apiKey: 'CANARY-4' }), description: 'not allowed' });
    expect(status).toBe(400);
    expect(await secretsOf('refused')).toEqual([]);
  });

  it('comes back as it was when the pods of the new one fail', async () => {
    expect((await patch('failing', answers({ apiKey: 'CANARY-old' }))).status).toBe(204);
    await witness.untilTemplate(`${namespace}/failing`, ({ env }) => 'API_KEY' in env);
    await waitFor('Ready', 'pi/failing', namespace);
    const old = await referred('failing');

    expect((await patch('failing', { ...to('1.2.0'), ...answers({ apiKey: 'CANARY-new' }) })).status).toBe(204);
    await witness.until(`${namespace}/failing`, isHeld);

    expect(await mounted('failing')).toBe(old);
    expect(await referred('failing')).not.toBe(old);
    expect(text((await inputSecrets(namespace)).get(old ?? '')?.data['apiKey'])).toBe('CANARY-old');
    // A later request is for the version that is held, and sweeps: what runs is left.
    const later = await patch('failing', answers({ apiKey: 'CANARY-newer' }));
    expect([later.status, later.text]).toEqual([204, '']);
    expect(await secretsOf('failing')).toContain(old);
  });

  it('stays in a Secret where nobody can tell any more that it is one', async () => {
    expect((await patch('gone', answers({ apiKey: 'CANARY-gone' }))).status).toBe(204);
    await kubectl(['delete', 'provider', 'gone.web']);
    await eventually(
      async () =>
        (await ask(apiOf(operator), `GET /v2/apps/${idOf('gone/web')}`, { token: tokens.get('portal') })).status ===
        404,
    );

    await patch('gone', answers({ apiKey: 'CANARY-later' }));

    const stored = await kubectl(['get', 'pi/gone', '-n', namespace, '-o', 'json', '--show-managed-fields']);
    expect(stored).not.toContain('CANARY-');
    expect(await referred('gone')).toMatch(/^gone-inputs-/);
  });

  // https://github.com/minio/object-browser/issues/202, https://github.com/carina-rs/carina/issues/2950
  it.each([
    { right: 'all rights to Secrets', account: 'portal', owned: true },
    { right: 'only the right to make Secrets', account: 'creator', owned: false },
  ])('comes with an installation that is new, by a caller with $right', async ({ account, owned }) => {
    const { status, body } = await ask(apiOf(operator), `POST /v2/projects/${namespace}/app-installations`, {
      token: tokens.get(account),
      body: {
        ...to('1.0.0'),
        description: account,
        updatePolicy: 'none',
        ...answers({ apiKey: `CANARY-${account}`, title: 'New' }),
      },
    });

    expect([status, Object.keys(body)]).toEqual([201, ['id']]);
    const shown = await ask(apiOf(operator), `GET ${one(String(body['id']))}`, { token: tokens.get(account) });
    expect(shown.body['userInputs']).toEqual([{ name: 'title', value: 'New' }]);
    const name = String(shown.body['shortId']);
    const secret = (await inputSecrets(namespace)).get((await referred(name)) ?? '');
    expect(text(secret?.data['apiKey'])).toBe(`CANARY-${account}`);
    expect(secret?.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual(owned ? [body['id']] : undefined);
    await waitFor('Ready', `pi/${name}`, namespace);
  });
});

describe('many requests at once', () => {
  const keys = Array.from({ length: 8 }, (_, i) => `key${i}`);

  // https://github.com/kubernetes/kubernetes/issues/4889: a list is replaced as a whole
  it('lose no answer that was acknowledged, and leave no Secret of one that was refused', async () => {
    await apply(provider('raced', release('1.0.0', { userInputs: keys.map((name) => ({ ...key, name })) })));
    await create(installation(namespace, 'raced', { ...SPEC, provider: 'raced/web', userInputs: [], suspend: true }));
    ids.set('raced', await uidOf('raced', namespace));
    await eventually(async () => (await patch('raced', {})).status === 204);

    const all = await Promise.all(keys.map((name) => patch('raced', answers({ [name]: `CANARY-${name}` }))));

    const taken = keys.filter((_, i) => all[i]?.status === 204);
    expect(taken.length).toBeGreaterThan(0);
    expect(new Set(all.map(({ status }) => status).filter((status) => status !== 204))).toEqual(
      new Set(taken.length === keys.length ? [] : [409]),
    );
    const { spec } = await get<InstallationObject>('pi', 'raced', namespace);
    const secrets = await inputSecrets(namespace);
    const values = ((spec as Answers).userInputs ?? []).map(({ valueFrom }) => {
      const { name = '', key: of = '' } = valueFrom?.secretKeyRef ?? {};
      return text(secrets.get(name)?.data[of]);
    });
    expect(values.toSorted()).toEqual(taken.map((name) => `CANARY-${name}`));
    expect(await secretsOf('raced')).toHaveLength(taken.length);
  });
});

/** Refuses a description as a platform may, by a policy of the API server. */
async function denyDescription(text: string): Promise<void> {
  await apply(
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: namespace },
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: ['provider-operator.io'],
              apiVersions: ['*'],
              operations: ['UPDATE'],
              resources: ['providerinstallations'],
            },
          ],
        },
        validations: [
          {
            expression: `!has(object.spec.description) || object.spec.description != '${text}'`,
            message: 'No such description',
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: namespace },
      spec: { policyName: namespace, validationActions: ['Deny'] },
    },
  );
  // It takes the API server a moment to know it.
  const trial = [
    'patch',
    'pi/refused',
    '-n',
    namespace,
    '--type=merge',
    '--dry-run=server',
    '-p',
    JSON.stringify({ spec: { description: text } }),
  ];
  await eventually(async () => (await run(trial)).code !== 0);
}
afterAll(() =>
  kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', namespace, '--ignore-not-found']),
);

describe('a process that is killed at any moment', () => {
  const KILLS = 4;
  const many = Array.from({ length: 6 }, (_, i) => `killed${i}`);

  // https://github.com/grafana/grafana/pull/129837: a Secret may be removed only where nothing can refer to it
  it('loses no value that was acknowledged, and leaves no reference to nothing', async () => {
    await create(...many.map((name) => installation(namespace, name, { ...SPEC, suspend: true })));
    for (const name of many) {
      ids.set(name, await uidOf(name, namespace));
    }
    const acknowledged = new Map<string, number>();
    const asked = new Map<string, number>();
    for (let round = 0; round < KILLS; round += 1) {
      const process = await launchOperator({ API_ONLY: 'true' });
      const address = apiOf(process);
      let isOver = false;
      let left = 1 + Math.floor(Math.random() * 3 * many.length);
      async function keepAsking(name: string): Promise<void> {
        for (let i = 1 + (asked.get(name) ?? 0); !isOver; i += 1) {
          asked.set(name, i);
          const answer = await ask(address, `PATCH ${one(ids.get(name) ?? '')}`, {
            token: tokens.get('portal'),
            body: answers({ apiKey: `CANARY-${i}` }),
          }).catch(() => undefined);
          if (answer?.status === 204) {
            acknowledged.set(name, i);
            left -= 1;
          } else if (answer && answer.status !== 404) {
            throw new Error(`${name}: ${answer.text}`);
          }
          if (left <= 0 && !isOver) {
            isOver = true;
            process.signal('SIGKILL');
          }
        }
      }
      await Promise.all(many.map(keepAsking));
      await process.ended;
      expect(process.output()).not.toContain('CANARY-');
    }

    const secrets = await inputSecrets(namespace);
    for (const name of many) {
      const reference = await referred(name);
      const value = text(secrets.get(reference ?? '')?.data['apiKey']);
      const number = Number(/^CANARY-(\d+)$/.exec(value)?.[1] ?? (reference === undefined ? 0 : Number.NaN));
      expect(number).toBeGreaterThanOrEqual(acknowledged.get(name) ?? 0);
      expect(number).toBeLessThanOrEqual(asked.get(name) ?? 0);
      const made = [...secrets.keys()].filter((secret) => secret.startsWith(`${name}-inputs-`));
      expect(made.length).toBeLessThanOrEqual(asked.get(name) ?? 0);
      // Whatever was left goes with the installation.
      expect(
        made.filter((secret) => secrets.get(secret)?.metadata.ownerReferences?.[0]?.uid !== ids.get(name)),
      ).toEqual([]);
    }
    expect([...acknowledged.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(KILLS);
  });
});
