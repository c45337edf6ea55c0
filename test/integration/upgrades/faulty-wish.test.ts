import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  run,
  type DeploymentObject,
  type KubernetesObject,
} from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { isHeld, patch, runs, versionsOf } from '../support/outcome.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

/**
 * A mistake in the wish, or in what is published for it, switches off no protection of what runs: the mistake is told, and what
 * runs is kept as it was recorded.
 */
const namespace = 'faulty-wish';
const CONFIG = 'defaults: {progressDeadlineSeconds: 120, stableSeconds: 0}';
/** What the platform has decided by the time that its operator is started again. */
const STRICTER = `${CONFIG}\nreservedEnvNames: [LATER]`;
const CRD = 'providerinstallations.provider-operator.io';
const IMAGE = 'registry.example.com/acme/web';
const CRASHING = { image: 'registry.example.com/acme/crash-loop:1.2.0' };

let operator: RunningOperator;
let witness: Witness;

const of = (name: string) => `${namespace}/${name}`;
const deployment = (name: string) => get<DeploymentObject>('deployment', name, namespace);
const imageOf = async (name: string) => (await deployment(name)).spec.template.spec.containers[0]?.image;
const conditions = ({ status }: SeenInstallation) => status.conditions ?? [];
const messageOf = (seen: SeenInstallation, type: string) => conditions(seen).find((c) => c.type === type)?.message;
const isReady = (verdict: string) => (seen: SeenInstallation) => conditionOf(seen, 'Ready') === verdict;

/** Applies an installation of a provider of its own. */
async function install(name: string, spec: object, ...releases: readonly (string | object)[]): Promise<void> {
  await apply(provider(name, ...releases), installation(namespace, name, { provider: `${name}/web`, ...spec }));
}

const settings = (name: string, more: object = { data: { level: 'info' } }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  ...more,
});
const from = (name: string, key = 'level') => ({ configFrom: [{ name: 'A', configMapKeyRef: { name, key } }] });

beforeAll(async () => {
  await prepare(namespace);
  witness = await startWitness();
  operator = await startOperator({}, CONFIG);
  await apply(
    provider('acme', '1.1.1', '1.4.3', '1.5.0'),
    ...CELLS.map(({ name }) => settings(name)),
    ...CELLS.map(({ name, fault }) => installation(namespace, name, { ...WISH, ...from(name), ...fault.spec })),
  );
  await Promise.all(CELLS.map(({ name }) => witness.until(of(name), runs('1.4.3'))));
  await operator.stop();
  // A watch ends with the schema that it began with.
  await witness.stop();
  await storeHurried(CELLS.flatMap(({ name, fault }) => (fault.key === 'hurried' ? [name] : [])));
  witness = await startWitness();
  operator = await startOperator({}, STRICTER);
});
// Hooks run in reverse order, so the operator ends last, even if another hook fails.
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(() => cleanUp(namespace));

const WISH = { provider: 'acme/web', version: '1.4.3', config: { LEVEL: 'info' } };
const PATCHES_ONLY = { upgradePolicy: 'auto', upgrade: { level: 'patch' } };
/** As Composer and Bundler write it. */
const NO_RANGE = { upgrade: { range: '>=1.0, <2.0' } };

interface Fault {
  /** A part of the names of its installations. */
  readonly key: string;
  readonly what: string;
  readonly spec?: object;
  readonly makes: (name: string) => Promise<unknown>;
  readonly told: string;
}

const wish = (spec: object) => (name: string) => patch(of(name), { spec });

const FAULTS: readonly Fault[] = [
  { key: 'range', what: 'a range that is none', makes: wish(NO_RANGE), told: 'False InvalidSpec' },
  {
    key: 'auto-range',
    what: 'a range that is none, under automation',
    spec: PATCHES_ONLY,
    makes: wish(NO_RANGE),
    told: 'False InvalidSpec',
  },
  {
    key: 'pruned',
    what: 'a ConfigMap that was pruned',
    makes: (name) => kubectl(['delete', 'configmap', name, '-n', namespace]),
    told: 'False ConfigMapNotFound',
  },
  {
    key: 'reserved',
    what: 'a variable that the platform reserves since',
    spec: { config: { LEVEL: 'info', LATER: 'x' } },
    makes: () => Promise.resolve(),
    told: 'False ReservedEnvName',
  },
  {
    key: 'hurried',
    what: 'a deadline that the schema took before',
    makes: () => Promise.resolve(),
    told: 'False InvalidSpec',
  },
  {
    key: 'unpublished',
    what: 'a version that nobody publishes',
    makes: wish({ version: '9.0.0' }),
    told: 'False VersionNotFound',
  },
  {
    key: 'downgrade',
    what: 'a downgrade without consent, and another config',
    makes: wish({ version: '1.1.1', config: { LEVEL: 'debug' } }),
    told: 'False DowngradeRefused',
  },
];

const HURRIED = { upgrade: { rollback: { progressDeadlineSeconds: 20, stableSeconds: 19 } } };

/** Gives installations a deadline that leaves no room for `stableSeconds`, by the schema of before. */
async function storeHurried(names: readonly string[]): Promise<void> {
  const schema = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/upgrade/properties/rollback';
  const change = [{ op: 'remove', path: `${schema}/x-kubernetes-validations` }];
  await kubectl(['patch', 'crd', CRD, '--type=json', '-p', JSON.stringify(change)]);
  try {
    await Promise.all(names.map((name) => eventually(() => wish(HURRIED)(name))));
  } finally {
    await kubectl(['apply', '--server-side', '--force-conflicts', '-k', 'crds/']);
  }
  const other = installation(namespace, 'hurried', { provider: 'acme/web', ...HURRIED });
  await eventually(async () => (await run(['create', '--dry-run=server', '-f', '-'], other)).code !== 0);
}

interface Damage {
  readonly key: string;
  readonly what: string;
  readonly does: (name: string) => readonly string[];
}

const DAMAGES: readonly Damage[] = [
  { key: 'service', what: 'a deleted Service', does: (name) => ['delete', 'service', name] },
  { key: 'deployment', what: 'a deleted Deployment', does: (name) => ['delete', 'deployment', name] },
  {
    key: 'image',
    what: 'another image',
    does: (name) => ['set', 'image', `deployment/${name}`, 'provider=registry.example.com/evil/web:1'],
  },
  { key: 'scale', what: 'more pods', does: (name) => ['scale', `deployment/${name}`, '--replicas=4'] },
];

const nameOf = (fault: Fault, damage: Damage) => `${fault.key}-${damage.key}`;
const CELLS = FAULTS.flatMap((fault) => DAMAGES.map((damage) => ({ name: nameOf(fault, damage), fault })));

interface Service extends KubernetesObject {
  readonly spec: { readonly ports: readonly { readonly name: string; readonly port: number }[] };
}

/** What runs, and how it is reached. */
async function whatRuns(name: string): Promise<object> {
  const [{ metadata, spec }, service] = await Promise.all([deployment(name), get<Service>('service', name, namespace)]);
  const [container] = spec.template.spec.containers;
  return {
    image: container?.image,
    level: container?.env?.find((variable) => variable.name === 'LEVEL')?.value,
    replicas: spec.replicas,
    providers: [metadata, service.metadata].map(({ labels }) => labels?.['provider-operator.io/provider']),
    ports: service.spec.ports.map(({ name: port, port: number }) => `${port} ${number}`),
  };
}

const AS_IT_WAS = {
  image: `${IMAGE}:1.4.3`,
  level: 'info',
  replicas: 2,
  providers: ['acme.web', 'acme.web'],
  ports: ['http 80'],
};

describe.each(FAULTS)('with $what', { concurrent: true }, (fault) => {
  it.each(DAMAGES)('$what is undone', async (damage) => {
    const name = nameOf(fault, damage);
    await fault.makes(name);
    await witness.until(of(name), isReady(fault.told));
    expect(await whatRuns(name)).toEqual(AS_IT_WAS);

    await kubectl([...damage.does(name), '-n', namespace]);
    await eventually(async () => {
      expect(await whatRuns(name)).toEqual(AS_IT_WAS);
      return true;
    });

    const seen = await witness.until(of(name), isReady(fault.told));
    expect(seen.status.currentVersion).toBe('1.4.3');
    expect(conditions(seen).map((c) => c.message)).not.toContainEqual(expect.stringContaining('of ""'));
  });
});

describe('what another provider left behind', () => {
  it('is left alone and named, until who owns it deletes it', async () => {
    const name = 'orphan';
    await apply(provider('former', '1.0.0'), provider('latter', '2.0.0'));
    await apply(installation(namespace, name, { provider: 'former/web', version: '1.0.0' }));
    await witness.until(of(name), runs('1.0.0'));
    await kubectl(['delete', 'pi', name, '-n', namespace, '--cascade=orphan']);
    const orphan = await eventually(async () => {
      const left = await deployment(name);
      return left.metadata.ownerReferences === undefined && left;
    });

    await apply(installation(namespace, name, { provider: 'latter/web', version: '2.0.0' }));
    const refused = await witness.until(of(name), isReady('False NameConflict'));
    expect(messageOf(refused, 'Ready')).toBe(
      'Deployment "orphan" belongs to an installation of "former/web" that was deleted and is left alone: delete it, or install under another name',
    );
    const { metadata, spec } = await deployment(name);
    expect([metadata.uid, metadata.labels, spec]).toEqual([orphan.metadata.uid, orphan.metadata.labels, orphan.spec]);

    await kubectl(['delete', 'deployment', name, '-n', namespace]);
    await witness.until(of(name), runs('2.0.0'));
    await eventually(async () => {
      expect(await providersOf('controllerrevisions', name)).toEqual(['latter.web']);
      return true;
    });
  });
});

/** Of which providers the objects are that an installation has. */
async function providersOf(kind: string, name: string): Promise<readonly string[]> {
  const selector = `provider-operator.io/installation=${name}`;
  const path = 'jsonpath={.items[*].metadata.labels.provider-operator\\.io/provider}';
  return [...new Set((await kubectl(['get', kind, '-n', namespace, '-l', selector, '-o', path])).split(' '))];
}

describe('a version that is published again with other content', () => {
  const now = { image: 'registry.example.com/other/web:1.0.0' };
  const next = release('1.1.0', { downgradableTo: '>=1.0.0' });

  it('comes with no edit of something else, and with the next move to it', async () => {
    const name = 'republished';
    await install(name, { version: '1.0.0', config: { LEVEL: 'info' } }, '1.0.0', next);
    await witness.until(of(name), runs('1.0.0'));
    await kubectl(['delete', 'provider', `${name}.web`]);
    await apply(provider(name, release('1.0.0', now), next));
    await witness.until(of(name), (seen) => conditionOf(seen, 'UpdateAvailable') === 'Unknown ContentChanged');

    await patch(of(name), { spec: { config: { LEVEL: 'debug' } } });
    await witness.untilTemplate(of(name), ({ env }) => env['LEVEL'] === 'debug');
    await witness.until(of(name), runs('1.0.0'));
    expect(await imageOf(name)).toBe(`${IMAGE}:1.0.0`);

    await patch(of(name), { spec: { version: '1.1.0' } });
    await witness.until(of(name), runs('1.1.0'));
    await patch(of(name), { spec: { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } } });
    await witness.until(of(name), runs('1.0.0'));
    expect(await imageOf(name)).toBe(now.image);
  });
});

describe.skipIf(!inject('controlPlane').disposable)('suspend', () => {
  it('lets a rollout that is under way end, and nothing begin after it', async () => {
    const name = 'suspended';
    // It is ready when the test says so.
    const slow = release('1.1.0', { image: 'registry.example.com/acme/never-ready:1.1.0' });
    await install(name, { version: '1.0.0', resourceTier: 'free' }, '1.0.0', slow, '1.2.0');
    await witness.until(of(name), runs('1.0.0'));
    await patch(of(name), { spec: { version: '1.1.0' } });
    await witness.untilTemplate(of(name), ({ version }) => version === '1.1.0');

    await patch(of(name), { spec: { suspend: true } });
    const moving = await witness.until(of(name), isReady('Unknown RollingOut'));
    expect(messageOf(moving, 'Ready')).toBe(
      'Moving from 1.0.0 to 1.1.0; suspended: what is under way ends first, and nothing begins after it',
    );
    await reportReady(name);
    await witness.until(of(name), runs('1.1.0'));

    await patch(of(name), { spec: { version: '1.2.0' } });
    await witness.until(of(name), isReady('False Suspended'));
    expect(await versionsOf(witness, of(name))).toEqual(['1.0.0', '1.1.0']);
  });
});

describe.skipIf(!inject('controlPlane').disposable)('a commit with a version that fails and another ConfigMap', () => {
  // fluxcd/kustomize-controller#1180
  it('prunes what comes back, which is named until it is there again', async () => {
    const name = 'committed';
    const folder = mkdtempSync(join(tmpdir(), 'provider-operator-commit-'));
    await apply(provider(name, '1.0.0', release('1.2.0', CRASHING)));
    await commit(folder, name, { version: '1.0.0', level: 'info' });
    await witness.until(of(name), runs('1.0.0'));
    const [before = ''] = await settingsOf(name);

    await commit(folder, name, { version: '1.2.0', level: 'debug' });
    expect(await settingsOf(name)).not.toContain(before);
    const held = await witness.until(
      of(name),
      (seen) => isHeld(seen) && conditionOf(seen, 'ReferencesMissing') === 'True PodsCannotRestart',
    );
    const told = `Put back ConfigMap "${before}" with key "level"`;
    expect(messageOf(held, 'ReferencesMissing')).toContain(told);
    const which = `--field-selector=type=Warning,reason=ReferencesMissing,involvedObject.name=${name}`;
    expect(await eventually(() => kubectl(['get', 'events', '-n', namespace, which]))).toContain(told);

    await apply(settings(before));
    await witness.until(of(name), (seen) => conditionOf(seen, 'ReferencesMissing') === undefined);
    rmSync(folder, { recursive: true });
  });
});

/** Applies what Git has by then, and removes what it has no more: the name of the ConfigMap ends with a hash of what it holds. */
async function commit(folder: string, name: string, has: { version: string; level: string }): Promise<void> {
  const { version, level } = has;
  const files = {
    'kustomization.yaml': {
      namespace,
      labels: [{ pairs: { commit: name } }],
      resources: ['installation.yaml'],
      configurations: ['names.yaml'],
      configMapGenerator: [{ name: 'settings', literals: [`level=${level}`] }],
    },
    'names.yaml': {
      nameReference: [
        {
          kind: 'ConfigMap',
          version: 'v1',
          fieldSpecs: [{ kind: 'ProviderInstallation', path: 'spec/configFrom/configMapKeyRef/name' }],
        },
      ],
    },
    'installation.yaml': installation(namespace, name, { provider: `${name}/web`, version, ...from('settings') }),
  };
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
  await kubectl(['apply', '-k', folder, '--prune', '-l', `commit=${name}`]);
}

/** The names of the ConfigMaps of a commit. */
async function settingsOf(name: string): Promise<readonly string[]> {
  const path = 'jsonpath={.items[*].metadata.name}';
  return (await kubectl(['get', 'configmaps', '-n', namespace, '-l', `commit=${name}`, '-o', path])).split(' ');
}

/** What a kubelet says of pods whose probe succeeds. */
async function reportReady(name: string): Promise<void> {
  const selector = `provider-operator.io/installation=${name}`;
  const pods = (await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'name'])).trim().split('\n');
  const status = { conditions: ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'True' })) };
  const change = ['--subresource=status', '-p', JSON.stringify({ status })];
  await Promise.all(pods.map((pod) => kubectl(['patch', pod, '-n', namespace, ...change])));
}

describe('a variable', { concurrent: true }, () => {
  it('may be of the ConfigMap that the cluster writes itself', async () => {
    const name = 'root-ca';
    await install(name, { version: '1.0.0', ...from('kube-root-ca.crt', 'ca.crt') }, '1.0.0');
    const seen = await witness.until(of(name), runs('1.0.0'));
    expect(conditionOf(seen, 'ReferencesMissing')).toBeUndefined();
    expect((await deployment(name)).spec.template.spec.containers[0]?.env).toContainEqual({
      name: 'A',
      valueFrom: { configMapKeyRef: { name: 'kube-root-ca.crt', key: 'ca.crt' } },
    });
  });

  it('is not made of what is in binaryData only', async () => {
    const name = 'binary';
    await apply(settings('favicon', { binaryData: { icon: Buffer.from([0, 255]).toString('base64') } }));
    await install(name, { version: '1.0.0' }, '1.0.0');
    await witness.until(of(name), runs('1.0.0'));
    await patch(of(name), { spec: from('favicon', 'icon') });
    const refused = await witness.until(of(name), isReady('False ConfigMapNotFound'));
    expect(messageOf(refused, 'Ready')).toBe(
      'Create ConfigMap "favicon" with key "icon" in its data: configFrom takes "A" from it',
    );
    expect(await witness.templatesOf(of(name))).toHaveLength(1);
  });

  it('cannot have a name that every object inherits', async () => {
    const spec = '{"provider":"acme/web","version":"1.4.3","config":{"__proto__":"x"}}';
    const metadata = JSON.stringify({ name: 'inherited', namespace });
    const { code, stderr } = await run(
      ['apply', '-f', '-'],
      `{"apiVersion":"provider-operator.io/v1alpha1","kind":"ProviderInstallation","metadata":${metadata},"spec":${spec}}`,
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/spec\.config: .*Keys: __proto__ cannot be the name of a variable/);
  });
});

describe.skipIf(!inject('controlPlane').disposable)('the annotation for a retry', () => {
  const LONG = 'x'.repeat(69);

  it('begins one try for each value that it had not', async () => {
    const name = 'retried';
    await install(name, { version: '1.0.0' }, '1.0.0', release('1.2.0', CRASHING));
    await witness.until(of(name), runs('1.0.0'));
    await patch(of(name), { spec: { version: '1.2.0' } });
    await witness.until(of(name), isHeld);

    const tries = async () => (await versionsOf(witness, of(name))).filter((version) => version === '1.2.0').length;
    for (const [nth, value] of ['1', '2', `${LONG}1`, `${LONG}2`].entries()) {
      await patch(of(name), { metadata: { annotations: { 'provider-operator.io/retry': value } } });
      await eventually(async () => (await tries()) === nth + 2);
      await witness.until(of(name), isHeld);
    }
    expect(await tries()).toBe(5);
  });
});
