import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowSecrets, expectProblem, idOf, inputSecrets, one, uidOf } from '../support/app-installations.ts';
import { cleanUp, installation, prepare, provider, release, software } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { addAccount, apiOf, ask, type Answer } from '../support/rest.ts';

/** The second seed's PATCH beside Flux, which keeps some of the fields and not the others. */
const namespace = 'rest-v2-gitops';

const KEPT = {
  provider: 'acme/web',
  version: '1.0.0',
  upgradePolicy: 'manual',
  suspend: true,
  userInputs: [{ name: 'title', value: 'Shop' }],
  systemSoftware: [{ name: 'php', version: '8.2.0' }],
};

let operator: RunningOperator;
let id: string;
const tokens = new Map<string, string>();
beforeAll(async () => {
  await prepare(namespace);
  tokens.set('edit', await addAccount(namespace, 'editor'));
  tokens.set('override', await addAccount(namespace, 'chief', 'override'));
  for (const account of ['editor', 'chief']) {
    await allowSecrets(namespace, account, 'create', 'get', 'list', 'patch', 'delete');
  }
  operator = await startOperator();
  const inputs = ['title', 'theme'].map((name) => ({ name, dataType: 'text' }));
  const asks = { userInputs: [...inputs, { name: 'apiKey', dataType: 'text', secret: true }] };
  await apply(
    software('php', '8.2.0', '8.3.0'),
    software('node', '22.0.0'),
    provider('acme', ...['1.0.0', '1.1.0', '1.2.0'].map((version) => release(version, asks))),
  );
  await put();
  id = await uidOf('shop', namespace);
  await eventually(
    async () => (await ask(apiOf(operator), `GET ${one(id)}`, { token: tokens.get('edit') })).status === 200,
  );
});
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));

/** As Flux does at each of its looks. */
function put(): Promise<string> {
  return kubectl(
    ['apply', '--server-side', '--force-conflicts', '--field-manager=kustomize-controller', '-f', '-'],
    installation(namespace, 'shop', KEPT),
  );
}

function patch(body: object, by: 'edit' | 'override' = 'edit', query = ''): Promise<Answer> {
  return ask(apiOf(operator), `PATCH ${one(id)}${query}`, { token: tokens.get(by), body });
}

const to = (version: string) => ({ appVersionId: idOf(`acme/web@${version}`) });

const OF_FLUX = [
  { field: 'spec.version', body: to('1.1.0') },
  { field: 'spec.upgradePolicy', body: { updatePolicy: 'all' } },
  { field: 'spec.userInputs[title]', body: { userInputs: [{ name: 'title', value: 'New' }] } },
  { field: 'spec.userInputs[title]', body: { userInputs: [{ name: 'title', value: null }] } },
  {
    field: 'spec.systemSoftware[php]',
    body: { systemSoftware: { [idOf('php')]: { systemSoftwareVersion: idOf('php@8.3.0') } } },
  },
  { field: 'spec.systemSoftware[php]', body: { systemSoftware: { [idOf('php')]: null } } },
  { field: 'spec.version', body: { ...to('1.1.0'), description: 'with another field' } },
  { field: 'spec.version', body: { ...to('1.1.0'), userInputs: [{ name: 'apiKey', value: 'CANARY' }] } },
];

describe('PATCH of a field that Flux keeps', () => {
  it.each(OF_FLUX)('is refused with 409, and nothing is written: $field', async ({ field, body }) => {
    const before = await get('pi', 'shop', namespace);
    const answer = await patch(body);

    expect([answer.status, answer.body.type]).toEqual([409, 'ManagedElsewhere']);
    expectProblem(answer);
    expect(answer.body.message).toContain(`Change ${field}`);
    expect(answer.body.message).toContain('"kustomize-controller"');
    expect((await get('pi', 'shop', namespace)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect((await inputSecrets(namespace)).size).toBe(0);
  });

  it('by force is 403 without the verb "override"', async () => {
    const before = await get('pi', 'shop', namespace);
    const answer = await patch(to('1.2.0'), 'edit', '?force=true');

    expect(answer.status).toBe(403);
    expectProblem(answer);
    expect(answer.body.message).toMatch(/verb "override".*spec\.version.*"kustomize-controller"/);
    expect((await get('pi', 'shop', namespace)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it('by force is 204 with the verb "override"', async () => {
    const before = await get<InstallationObject>('pi', 'shop', namespace);
    expect((await patch(to('1.2.0'), 'override', '?force=true')).status).toBe(204);
    expect((await get<InstallationObject>('pi', 'shop', namespace)).spec).toEqual({ ...before.spec, version: '1.2.0' });
    await put();
  });

  it.each(['edit', 'override'] as const)('by the rights of %s alone, without force, is 409', async (by) => {
    expect((await patch(to('1.1.0'), by)).status).toBe(409);
  });
});

describe('PATCH of another field of the same object', () => {
  it.each([
    { field: 'description', body: { description: 'ours' } },
    { field: 'documentRoot', body: { customDocumentRoot: '/web' } },
    { field: 'another answer', body: { userInputs: [{ name: 'theme', value: 'dark' }] } },
    {
      field: 'another software',
      body: { systemSoftware: { [idOf('node')]: { systemSoftwareVersion: idOf('node@22.0.0') } } },
    },
    {
      field: 'nothing that is new',
      body: { ...to('1.0.0'), updatePolicy: 'none', userInputs: [{ name: 'title', value: 'Shop' }] },
    },
  ])('is taken, and stays when Flux comes again: $field', async ({ body }) => {
    const before = await get<InstallationObject>('pi', 'shop', namespace);
    expect((await patch(body)).status).toBe(204);
    const changed = await get<InstallationObject>('pi', 'shop', namespace);
    expect(changed.spec).toMatchObject({
      provider: KEPT.provider,
      version: KEPT.version,
      upgradePolicy: 'manual',
      suspend: true,
    });

    await put();
    const later = await get<InstallationObject>('pi', 'shop', namespace);
    expect(later.spec).toEqual(changed.spec);
    expect(Object.keys(later.spec).length).toBeGreaterThanOrEqual(Object.keys(before.spec).length);
  });
});
