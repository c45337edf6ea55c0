import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownedFields } from '../../../src/cluster/owned-fields.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../../src/api/names.ts';
import { child } from '../../../src/plan/pods/children.ts';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from '../support/kubectl.ts';
import { launchOperator, type OperatorProcess } from '../support/operator.ts';

/**
 * Who may edit a Deployment writes it under the name of the operator's field manager, with the hashes that the operator itself
 * would write. Nothing of it is saved as good, and what was done before comes back unasked.
 */
const namespace = 'forged';
const EVIL = 'registry.example.com/evil/web:1';
const image = (version: string) => `registry.example.com/acme/web:${version}`;

interface Forged {
  readonly image?: string;
  /** Of the record that it claims to be made from. */
  readonly number?: string;
  readonly version?: string;
  readonly manager?: string;
  readonly spec?: object;
}

interface Row {
  readonly name: string;
  readonly what: string;
  readonly forges: Forged;
  /** What else is done while the operator is down. */
  readonly and?: (name: string) => Promise<unknown>;
  /** The version that runs in the end; 1.0.0 was done before 1.1.0. */
  readonly ends: '1.0.0' | '1.1.0';
}

const forget =
  (...numbers: readonly number[]) =>
  (name: string) =>
    kubectl(['delete', 'controllerrevision', '-n', namespace, ...numbers.map((number) => `${name}-${number}`)]);

const ROWS: readonly Row[] = [
  { name: 'image', what: 'another image, as the record that runs', forges: { image: EVIL }, ends: '1.1.0' },
  {
    name: 'number',
    what: 'another image, as a record that nobody knows',
    forges: { image: EVIL, number: '99' },
    ends: '1.1.0',
  },
  { name: 'no-number', what: 'another image, as no record', forges: { image: EVIL, number: '' }, ends: '1.1.0' },
  { name: 'former', what: 'another image, as the record before', forges: { image: EVIL, number: '1' }, ends: '1.1.0' },
  {
    name: 'host',
    what: 'the network of the host',
    forges: { spec: { hostNetwork: true }, number: '99' },
    ends: '1.1.0',
  },
  {
    name: 'newer',
    what: 'a release that nobody asked for',
    forges: { image: image('2.0.0'), version: '2.0.0', number: '99' },
    ends: '1.1.0',
  },
  {
    name: 'unpublished',
    what: 'a version that nobody published',
    forges: { image: EVIL, version: '9.9.9', number: '99' },
    ends: '1.1.0',
  },
  {
    name: 'lookalike',
    what: 'another image, by a manager whose name begins like ours',
    forges: { image: EVIL, manager: 'provider-operator-x' },
    ends: '1.1.0',
  },
  {
    name: 'one-gone',
    what: 'another image, while the record of what runs is gone',
    forges: { image: EVIL },
    and: forget(2),
    // Of what was done only this is known. The spec asks for 1.1.0, which then is rolled out again.
    ends: '1.1.0',
  },
  {
    name: 'all-gone',
    what: 'another image, while all records are gone',
    forges: { image: EVIL, number: '7' },
    and: forget(1, 2),
    ends: '1.1.0',
  },
];

const live = (name: string) => get<DeploymentObject>('deployment', name, namespace);
const pi = (name: string) => get<InstallationObject>('pi', name, namespace);
const imageOf = ({ spec }: DeploymentObject) =>
  (spec.template.spec as unknown as { containers: { image: string }[] }).containers[0]?.image;

async function forge(name: string, { image: forged, number, version, manager = FIELD_MANAGER, spec: more }: Forged) {
  const { metadata, spec } = ownedFields(await live(name), FIELD_MANAGER) as unknown as DeploymentObject;
  const { template, ...rest } = spec;
  const pod = template.spec as unknown as { containers: Record<string, unknown>[] };
  const containers = pod.containers.map((c) => ({ ...c, ...(forged !== undefined && { image: forged }) }));
  const annotations = {
    ...(template.metadata as { annotations: Record<string, string> }).annotations,
    ...(version !== undefined && { [ANNOTATION.version]: version }),
    ...(number !== undefined && { [ANNOTATION.rollout]: number }),
  };
  const { [LABEL.rollout]: was = '', ...labels } = metadata.labels ?? {};
  const { object } = child({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...(number !== '' && { [LABEL.rollout]: number ?? was }) },
      ownerReferences: (metadata as unknown as { ownerReferences: object[] }).ownerReferences,
    },
    spec: {
      ...rest,
      template: { metadata: { ...template.metadata, annotations }, spec: { ...pod, ...more, containers } },
    },
  });
  await kubectl(['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'], object);
}

async function move(name: string, version: string): Promise<void> {
  await kubectl(['patch', 'pi', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { version } })]);
}

/** Waits until a version runs as it is published, and its installation says so. */
async function settled(name: string, version: string, reason?: string): Promise<void> {
  await eventually(async () => {
    const [{ status, metadata }, deployment] = await Promise.all([pi(name), live(name)]);
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    const isSaid = ready?.observedGeneration === metadata.generation && status.currentVersion === version;
    const isRunning = reason === undefined ? ready?.status === 'True' : ready?.reason === reason;
    if (!isSaid || !isRunning || imageOf(deployment) !== image(version)) {
      throw new Error(`${name}: ${imageOf(deployment)} ${JSON.stringify(status.conditions)}`);
    }
    return true;
  });
}

async function recordedImages(name: string): Promise<string[]> {
  const selector = `--selector=${LABEL.installation}=${name}`;
  const path = '-o=jsonpath={range .items[*]}{.data}{"\\n"}{end}';
  const all = await kubectl(['get', 'controllerrevisions', '-n', namespace, selector, path]);
  return [...all.matchAll(/"image":"([^"]+)"/g)].map(([, found = '']) => found);
}

let operator: OperatorProcess;
async function restarted(whileDown: () => Promise<unknown>): Promise<void> {
  operator.signal('SIGTERM');
  await operator.ended;
  await whileDown();
  operator = await launchOperator();
}

beforeAll(async () => {
  await prepare(namespace);
  operator = await launchOperator();
  const bad = release('1.2.0', { image: 'registry.example.com/acme/crash-loop:1.2.0' });
  await apply(provider('acme', '1.0.0', '1.1.0', bad, release('2.0.0', { breaking: {} })));
  const spec = { provider: 'acme/web', version: '1.0.0', resourceTier: 'free' };
  await apply(...ROWS.map(({ name }) => installation(namespace, name, spec)));
  await Promise.all(ROWS.map(({ name }) => waitFor('Ready', `pi/${name}`, namespace)));
  await Promise.all(ROWS.map(({ name }) => move(name, '1.1.0')));
  await Promise.all(ROWS.map(({ name }) => settled(name, '1.1.0')));
});
afterAll(async () => {
  operator.signal('SIGTERM');
  await operator.ended;
});
afterAll(() => cleanUp(namespace));

describe('what is written under the name of the operator', () => {
  it.concurrent.each(ROWS.filter(({ and }) => !and))('is undone at once: $what', async ({ name, forges, ends }) => {
    await forge(name, forges);
    await settled(name, ends);
    expect(await recordedImages(name)).toContain(image('1.1.0'));
    expect(await recordedImages(name)).not.toContain(EVIL);
  });

  it('is undone where it was done while the operator was down, and its records are gone as well', async () => {
    await restarted(() =>
      Promise.all(ROWS.map(async ({ name, forges, and }) => [await forge(name, forges), await and?.(name)])),
    );
    await Promise.all(ROWS.map(({ name, ends }) => settled(name, ends)));
    for (const { name } of ROWS) {
      expect([name, await recordedImages(name)]).not.toEqual([name, expect.arrayContaining([EVIL])]);
    }
  });

  it('is nothing that a failed upgrade goes back to', async () => {
    await Promise.all(ROWS.map(({ name, forges }) => forge(name, forges)));
    await Promise.all(ROWS.map(({ name }) => move(name, '1.2.0')));
    await Promise.all(ROWS.map(({ name, ends }) => settled(name, ends, 'RolledBack')));
    for (const { name } of ROWS) {
      expect([name, await recordedImages(name)]).not.toEqual([name, expect.arrayContaining([EVIL])]);
    }
  });
});
