import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { hash } from '../../../src/api/hash.ts';
import { auditEnd, readAudit } from '../../control-plane/audit.ts';
import { auditLog, bind, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  run,
  waitFor,
  type InstallationObject,
  type KubernetesObject,
} from '../support/kubectl.ts';
import { launchOperator, startOperator, type RunningOperator } from '../support/operator.ts';
import { PATIENTLY } from '../support/patience.ts';

/** A key that the operator makes once: it reads no Secret, makes none twice, and tells nobody what is in it. */
const namespace = 'generated';
const RIGHT = 'provider-operator-generate-secrets';
const GENERATED = 'provider-operator.io/generated=true';
const key = { name: 'encryptionKey', dataType: 'text', generate: { length: 40 } };
const spec = { provider: 'keyed/web', version: '1.0.0', resourceTier: 'free' };
const SETTINGS = { GENERATED_SECRETS: 'true', LOG_LEVEL: 'trace' };
let operator: RunningOperator;
let auditedFrom = 0;

interface SecretObject extends KubernetesObject {
  readonly type: string;
  readonly immutable?: boolean;
  readonly data: Record<string, string>;
}

beforeAll(async () => {
  await prepare(namespace, { generatedSecrets: true });
  auditedFrom = inject('controlPlane').disposable ? await auditEnd(auditLog()) : 0;
  operator = await startOperator(SETTINGS);
  const releases = ['1.0.0', '1.1.0'].map((version) => release(version, { userInputs: [key] }));
  await apply(provider('keyed', ...releases));
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => cleanUp(namespace));
afterAll(() => bind(RIGHT, false));

const pi = (name: string) => installation(namespace, name, spec);

function edit(name: string, change: object): Promise<string> {
  return kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: change })]);
}

async function secretsOf(name: string): Promise<readonly SecretObject[]> {
  const selector = `${GENERATED},provider-operator.io/installation=${name}`;
  const list = await kubectl(['get', 'secrets', '-n', namespace, '-l', selector, '-o', 'json']);
  return (JSON.parse(list) as { items: SecretObject[] }).items;
}

/** Where the pods of an installation find the key. */
function refOf(name: string): Promise<string> {
  const path = '{.spec.template.spec.containers[0].env[?(@.name=="ENCRYPTION_KEY")].valueFrom.secretKeyRef}';
  return kubectl(['get', 'deployment', name, '-n', namespace, '-o', `jsonpath=${path}`]);
}

function podsOf(name: string): Promise<string> {
  const selector = `provider-operator.io/installation=${name}`;
  return kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'jsonpath={.items[*].metadata.uid}']);
}

async function told(name: string, reason: string) {
  return eventually(async () => {
    const { status, metadata } = await get<InstallationObject>('pi', name, namespace);
    const ready = status.conditions?.find((c) => c.type === 'Ready');
    return ready?.reason === reason && ready.observedGeneration === metadata.generation && ready;
  });
}

const POLICY = 'ValidatingAdmissionPolicy';

/** Refuses every Secret whose name begins with `policed` from now on. */
async function refuseSecrets(): Promise<void> {
  const metadata = { name: 'no-secrets' };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }];
  const validations = [{ expression: "!object.metadata.name.startsWith('policed')" }];
  await apply(
    { apiVersion, kind: POLICY, metadata, spec: { matchConstraints: { resourceRules }, validations } },
    {
      apiVersion,
      kind: `${POLICY}Binding`,
      metadata,
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    },
  );
  // The API server needs a moment before it applies a new policy and binding.
  const probe = ['create', 'secret', 'generic', 'policed', '-n', namespace, '--dry-run=server'];
  await eventually(async () => (await run(probe)).code !== 0);
}

it('is an immutable Secret of the tenant that outlives the installation, and nobody is told what is in it', async (context) => {
  await apply(pi('web'));
  await waitFor('Ready', 'pi/web', namespace);
  const [secret, ...others] = await secretsOf('web');
  const [name = ''] = Object.keys(secret?.data ?? {});
  const data = secret?.data[name] ?? '';
  const value = Buffer.from(data, 'base64').toString();

  expect(others).toEqual([]);
  expect(secret).toMatchObject({ type: 'Opaque', immutable: true });
  expect(secret?.metadata.name).toMatch(/^web-encryptionkey-[0-9a-f]{16}$/);
  expect(secret?.metadata.ownerReferences).toBeUndefined();
  expect(value).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(JSON.parse(await refOf('web'))).toEqual({ name: secret?.metadata.name, key: name });

  await edit('web', { version: '1.1.0' });
  await waitFor('Ready', 'pi/web', namespace);
  await kubectl(['patch', 'pi/web', '-n', namespace, '--subresource=status', '--type=merge', '-p', '{"status":null}']);
  await told('web', 'UpToDate');
  await kubectl(['delete', 'pi/web', '-n', namespace]);
  // The garbage collector of a young cluster takes its time.
  await kubectl(['delete', 'deployment/web', 'service/web', '-n', namespace, '--ignore-not-found']);
  await kubectl(['delete', 'controllerrevisions', '-n', namespace, '-l', `!${GENERATED.split('=')[0]}`]);
  await apply(pi('web'));
  await waitFor('Ready', 'pi/web', namespace);

  expect((await secretsOf('web')).map(({ metadata }) => metadata.uid)).toEqual([secret?.metadata.uid]);
  expect(JSON.parse(await refOf('web'))).toEqual({ name: secret?.metadata.name, key: name });

  const metrics = await (await fetch(`${operator.url}/metrics`)).text();
  const kinds = 'pi,prov,events,deployments,services,controllerrevisions,replicasets,pods';
  const objects = await kubectl(['get', kinds, '-A', '-o', 'json', '--show-managed-fields']);
  const said = [operator.output(), metrics, objects].join('\n');
  const canaries = [value, data, createHash('sha256').update(value).digest('hex')];
  expect(said).toContain('ENCRYPTION_KEY');
  expect(canaries.filter((canary) => said.includes(canary))).toEqual([]);

  context.skip(!inject('controlPlane').disposable, 'The audit log is only there on a control plane of our own');
  const { events } = await readAudit(auditLog(), auditedFrom);
  const asked = events.filter((e) => e.userAgent.startsWith('provider-operator/') && e.resource === 'secrets');
  expect(new Set(asked.map(({ verb }) => verb))).toEqual(new Set(['create']));
});

it('is made once, although the operator is killed again and again', async () => {
  await operator.stop();
  const names = Array.from({ length: 20 }, (_, i) => `killed-${i}`);
  const made = new Map<string, string>();
  for (const [restart, name] of names.entries()) {
    await apply(pi(name));
    // Without a Lease, which would have to run out first.
    const killed = await launchOperator({ ...SETTINGS, LEADER_ELECTION: 'false' });
    // An install has more writes than that: each is killed at another of them.
    const writes = () => killed.output().split('Wrote a child').length - 1;
    await eventually(async () => writes() > restart % 4);
    killed.signal('SIGKILL');
    await killed.ended;
    for (const { metadata } of (await Promise.all(names.map(secretsOf))).flat()) {
      made.set(metadata.name, made.get(metadata.name) ?? metadata.uid);
    }
  }
  operator = await startOperator(SETTINGS);
  await Promise.all(names.map((name) => waitFor('Ready', `pi/${name}`, namespace)));

  const found = (await Promise.all(names.map(secretsOf))).flat();
  expect(found).toHaveLength(names.length);
  expect(found.filter(({ metadata }) => (made.get(metadata.name) ?? metadata.uid) !== metadata.uid)).toEqual([]);
  expect(made.size).toBeGreaterThan(0);
});

it('is not made anew when somebody deletes it: that is reported, what runs goes on, and what is restored is taken', async () => {
  await apply(pi('lost'));
  await waitFor('Ready', 'pi/lost', namespace);
  const [secret] = await secretsOf('lost');
  const name = secret?.metadata.name ?? '';
  const [field = ''] = Object.keys(secret?.data ?? {});
  const pods = await podsOf('lost');
  await kubectl(['delete', 'secret', name, '-n', namespace]);
  await edit('lost', { config: { GREETING: 'hello' } });

  const { status, message } = await told('lost', 'GeneratedSecretLost');
  expect([status, message]).toEqual(['False', expect.stringContaining(`Restore Secret "${name}" with key "${field}"`)]);
  expect(await secretsOf('lost')).toEqual([]);
  expect(await podsOf('lost')).toBe(pods);

  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'Opaque',
    immutable: true,
    data: secret?.data,
  });
  await edit('lost', { description: 'The key is back' });
  await waitFor('Ready', 'pi/lost', namespace);
  expect(JSON.parse(await refOf('lost'))).toEqual({ name, key: field });
});

it('is known again where somebody deleted all that the operator remembers of it', async () => {
  await apply(pi('forgotten'));
  await waitFor('Ready', 'pi/forgotten', namespace);
  const [secret] = await secretsOf('forgotten');
  const ref = await refOf('forgotten');
  await operator.stop();
  const labels = 'provider-operator.io/installation=forgotten';
  await kubectl(['delete', 'controllerrevisions', '-n', namespace, '-l', labels]);
  await edit('forgotten', { config: { GREETING: 'hello' } });
  operator = await startOperator(SETTINGS);
  await waitFor('Ready', 'pi/forgotten', namespace);

  expect(await refOf('forgotten')).toBe(ref);
  expect((await secretsOf('forgotten')).map(({ metadata }) => metadata.uid)).toEqual([secret?.metadata.uid]);
  expect(
    await kubectl(['get', 'controllerrevisions', '-n', namespace, '-l', `${labels},${GENERATED}`, '-o', 'name']),
  ).not.toBe('');
});

it('has a name of its own, however alike two installations and their inputs are called', async () => {
  const named = (name: string) => release('1.0.0', { userInputs: [{ ...key, name }] });
  await apply(provider('alike', named('web-key')), provider('similar', named('key')));
  await apply(
    installation(namespace, 'shop', { ...spec, provider: 'alike/web' }),
    installation(namespace, 'shop-web', { ...spec, provider: 'similar/web' }),
  );
  await Promise.all(['shop', 'shop-web'].map((name) => waitFor('Ready', `pi/${name}`, namespace)));

  const names = (await Promise.all(['shop', 'shop-web'].map(secretsOf))).flat().map(({ metadata }) => metadata.name);
  expect(new Set(names).size).toBe(2);
});

it('is not doubted where a policy refuses even the question', async () => {
  await apply(pi('policed'));
  await waitFor('Ready', 'pi/policed', namespace);
  onTestFinished(() => kubectl(['delete', `${POLICY}Binding,${POLICY}`, 'no-secrets']).then(() => undefined));
  await refuseSecrets();
  await edit('policed', { config: { GREETING: 'hello' } });
  await waitFor('Ready', 'pi/policed', namespace);

  expect((await secretsOf('policed')).length).toBe(1);
});

it("is never somebody else's Secret of that name", async () => {
  const name = `taken-encryptionkey-${hash(['taken', 'encryptionKey', 'keyed/web'])}`;
  await kubectl(['create', 'secret', 'generic', name, '-n', namespace, '--from-literal=value=theirs']);
  await apply(pi('taken'));

  const { message } = await told('taken', 'NameConflict');
  expect(message).toContain(`the name of Secret "${name}"`);
  expect((await run(['get', 'deployment', 'taken', '-n', namespace])).code).not.toBe(0);
  await edit('taken', {
    userInputs: [{ name: 'encryptionKey', valueFrom: { secretKeyRef: { name, key: 'value' } } }],
  });
  await waitFor('Ready', 'pi/taken', namespace);
  expect(JSON.parse(await refOf('taken'))).toEqual({ name, key: 'value' });
});

it('without the right to create Secrets, the condition says what to ask the platform for, and nothing is begun', async () => {
  await bind(RIGHT, false);
  await apply(pi('denied'));
  const { status, message } = await told('denied', 'GenerationNotAllowed');

  expect([status, message]).toEqual([
    'False',
    'Ask the platform team to set generatedSecrets to true in the values of the chart, so that "encryptionKey" can be generated, or give it in userInputs by valueFrom.secretKeyRef',
  ]);
  const labels = 'provider-operator.io/installation=denied';
  expect(await kubectl(['get', 'deployment,controllerrevision', '-n', namespace, '-l', labels, '-o', 'name'])).toBe('');
  await bind(RIGHT, true);
  await edit('denied', { description: 'Allowed by now' });
  await waitFor('Ready', 'pi/denied', namespace);
});

it('where the platform makes none, it is missing: an upgrade waits for it, and another is taken', async () => {
  await operator.stop();
  operator = await startOperator();
  await apply(provider('plain', '1.0.0'));
  const wish = { provider: 'plain/web', upgradePolicy: 'auto', resourceTier: 'free' };
  await apply(installation(namespace, 'plain', wish), pi('first'));
  await waitFor('Ready', 'pi/plain', namespace);
  await apply(provider('plain', '1.0.0', '1.0.1', release('1.1.0', { userInputs: [key] })));
  await kubectl(['wait', 'pi/plain', '-n', namespace, '--for=jsonpath={.status.currentVersion}=1.0.1', PATIENTLY]);

  expect((await told('first', 'MissingUserInputs')).message).toContain('ask the platform team to set generatedSecrets');
  await eventually(async () => {
    const { status } = await get<InstallationObject>('pi', 'plain', namespace);
    const update = status.conditions?.find(({ type }) => type === 'UpdateAvailable');
    return update?.reason === 'MissingUserInputs' && update.message.includes('"encryptionKey" is to be generated');
  });
});
