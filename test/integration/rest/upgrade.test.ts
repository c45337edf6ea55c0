import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, get, waitFor, type InstallationObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { runs } from '../support/outcome.ts';
import { addAccount, apiOf, create, type Body } from '../support/rest.ts';
import { startWitness, type Witness } from '../support/witness.ts';

/**
 * The first seed's call for an upgrade, typed as its page shows it, with the token of an ordinary service account.
 */
const namespace = 'rest-upgrade';
const BODIES = [
  { body: 'a version', data: ['--data', '\n{\n  "version": "1.1.0"\n}\n'], becomes: '1.1.0' },
  { body: 'null', data: ['--data', '{"version": null}'], becomes: '2.0.0' },
  { body: 'no version', data: ['--data', '{}'], becomes: '2.0.0' },
  { body: 'an empty text', data: ['--data', ''], becomes: '2.0.0' },
  // embedpdf/embed-pdf-viewer#771: a client that always names the type got 500 for a call without a body
  { body: 'nothing at all', data: [], becomes: '2.0.0' },
].flatMap((row) => [
  { ...row, type: 'JSON', headers: ['--header', 'Content-Type: application/json'] },
  // a2aproject/a2a-java#759: 415 for a call that had neither a body nor a type
  { ...row, type: 'nothing', headers: ['--header', 'Content-Type:'] },
]);
/** A body needs its type; what is empty has none. */
const rows = BODIES.filter(({ type, data }) => type === 'JSON' || !/\S/.test(data[1] ?? '')).map((row, i) => ({
  ...row,
  name: `call${i}`,
}));

let operator: RunningOperator;
let witness: Witness;
let token: string;
beforeAll(async () => {
  await prepare(namespace);
  token = await addAccount(namespace, 'portal');
  operator = await startOperator();
  witness = await startWitness();
  const spec = { version: '1.0.0', upgradePolicy: 'manual', resourceTier: 'free', config: { GREETING: 'hello' } };
  await apply(provider('acme', '1.0.0', '1.1.0', '2.0.0'));
  await create(...rows.map(({ name }) => installation(namespace, name, { ...spec, provider: 'acme/web' })));
  await Promise.all(rows.map(({ name }) => waitFor('Ready', `pi/${name}`, namespace)));
});
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

const DATE_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** Runs the curl of the page, and returns the status and the body. */
async function curl(path: string, ...args: readonly string[]): Promise<{ status: string; type: string; body: Body }> {
  const { stdout } = await promisify(execFile)('curl', [
    '--silent',
    '--request',
    'POST',
    '--url',
    `${apiOf(operator)}${path}`,
    '--header',
    `Authorization: Bearer ${token}`,
    '--write-out',
    '\n%{http_code}\n%{content_type}',
    ...args,
  ]);
  const [status = '', type = ''] = stdout.split('\n').slice(-2);
  return { status, type, body: JSON.parse(stdout.split('\n').slice(0, -2).join('\n')) as Body };
}

describe('POST /providers/installed/{org}/{name}/upgrade', () => {
  it.concurrent.each(rows)('with $body, typed as $type: $becomes', async ({ name, headers, data, becomes }) => {
    const before = await get<InstallationObject>('pi', name, namespace);

    const { status, type, body } = await curl(
      `/providers/installed/acme/web/upgrade?installation=${name}`,
      ...headers,
      ...data,
    );

    expect([status, type]).toEqual(['200', 'application/json; charset=utf-8']);
    expect(body).toEqual({
      provider_name: 'acme/web',
      installed_version: becomes,
      installed_at: DATE_TIME,
      created_at: DATE_TIME,
      updated_at: DATE_TIME,
      current_version: '1.0.0',
      upgrade_policy: 'manual',
      resource_tier: 'free',
      config: { GREETING: 'hello' },
      prefix: 'acme',
      name: 'web',
      latest_version: '2.0.0',
      upgrade_available: becomes !== '2.0.0',
    });
    const after = await get<InstallationObject>('pi', name, namespace);
    expect(after.spec).toEqual({ ...before.spec, version: becomes });
    await witness.until(`${namespace}/${name}`, runs(becomes));
    const templates = await witness.templatesOf(`${namespace}/${name}`);
    expect(templates.map(({ version }) => version)).toEqual(['1.0.0', becomes]);
  });

  it('a body that is said to be a form, as curl says it by itself, is refused with what to say instead', async () => {
    const answer = await curl('/providers/installed/acme/web/upgrade?installation=call0', '--data', '{}');

    expect(answer.status).toBe('415');
    expect(answer.body).toMatchObject({
      type: 'UnsupportedMediaType',
      detail: 'Send JSON, with the header content-type: application/json',
    });
  });

  it('asked once more at the newest, it answers the same and writes nothing', async () => {
    const before = await get('pi', 'call1', namespace);

    const { status, body } = await curl('/providers/installed/acme/web/upgrade?installation=call1', '--data', '');

    expect(status).toBe('200');
    expect(body.installed_version).toBe('2.0.0');
    expect((await get('pi', 'call1', namespace)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});
