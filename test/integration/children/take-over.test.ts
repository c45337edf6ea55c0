import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settled } from '../../../bench/rest.ts';
import { FIELD_MANAGER, LABEL } from '../../../src/api/names.ts';
import { ownedFields } from '../../../src/cluster/owned-fields.ts';
import { markOf, startChildWatch, type ChildWatch, type RecordObject } from '../support/child-watch.ts';
import { auditLog, cleanUp, prepare, release } from '../support/cluster.ts';
import { apply, get, kubectl, type DeploymentObject, type KubernetesObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { patch, runs } from '../support/outcome.ts';
import { conditionOf, startWitness, type Witness } from '../support/witness.ts';

/**
 * The cluster looks as an earlier operator left it, which remembered rollouts in annotations of the Deployment and in
 * saved revisions, and not in records. recorded/README.md says what happened to each of its installations.
 */
const namespace = 'recorded';
const NAMES = ['fresh', 'upgraded', 'rolling', 'rolled-back', 'held'] as const;
type Name = (typeof NAMES)[number];
const keyOf = (name: Name) => `${namespace}/${name}`;

interface Recorded extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: object;
  readonly status: { readonly [field: string]: unknown };
  readonly data?: object;
  readonly revision?: number;
}
type RecordedDeployment = Recorded & DeploymentObject;
type RecordedReplicaSet = Recorded & Pick<RecordedDeployment, 'spec'>;

const recorded = JSON.parse(readFileSync(new URL('../recorded/before-records.json', import.meta.url), 'utf8')) as {
  readonly provider: Recorded;
  readonly objects: readonly Recorded[];
};

function ofKind<T extends Recorded>(kind: string): T[] {
  return recorded.objects.filter((object) => object.kind === kind) as T[];
}

function publish(spec: object): Promise<string> {
  const { apiVersion, kind, metadata } = recorded.provider;
  return apply({ apiVersion, kind, metadata: { name: metadata.name }, spec });
}

/** The installations as people made and then edited them, with the status that the operator had given them. */
async function createInstallations(): Promise<ReadonlyMap<string, string>> {
  const uids = new Map<string, string>();
  for (const { metadata, spec, status } of ofKind('ProviderInstallation')) {
    const { name, annotations = {} } = metadata;
    await apply(JSON.parse(annotations['kubectl.kubernetes.io/last-applied-configuration'] ?? '{}') as object);
    await patch(`${namespace}/${name}`, { spec });
    await kubectl(
      ['patch', 'pi', name, '-n', namespace, '--subresource=status', '--type=merge'].concat(
        `--field-manager=${FIELD_MANAGER}`,
        `-p=${JSON.stringify({ status })}`,
      ),
    );
    const made = await get('pi', name, namespace);
    expect(made.metadata.generation, name).toBe(metadata.generation);
    uids.set(metadata.uid, made.metadata.uid);
  }
  return uids;
}

/** Applies the recorded fields in the name of the earlier operator, so that it owns exactly the fields that it owned. */
async function applyAsOperator(object: Recorded, uids: ReadonlyMap<string, string>, more: object = {}): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const { metadata: owned = {}, ...fields } = ownedFields(object, FIELD_MANAGER) as { readonly metadata?: object };
  const ownerReferences = metadata.ownerReferences?.map((owner) => ({ ...owner, uid: uids.get(owner.uid) }));
  await kubectl(['apply', '--server-side', '--force-conflicts', `--field-manager=${FIELD_MANAGER}`, '-f', '-'], {
    apiVersion,
    kind,
    ...fields,
    ...more,
    metadata: { ...owned, name: metadata.name, namespace, ownerReferences },
  });
}

/**
 * Applies the templates one after the other, as they were rolled out, so that their ReplicaSets exist, too. The earlier
 * templates get pods only where these are still needed.
 */
async function createDeployment(deployment: RecordedDeployment, uids: ReadonlyMap<string, string>): Promise<void> {
  const { metadata, status } = deployment;
  const name = metadata.name as Name;
  const { spec } = ownedFields(deployment, FIELD_MANAGER) as Pick<RecordedDeployment, 'spec'>;
  const replicas = name === 'rolling' ? spec.replicas : 0;
  for (const template of formerTemplates(name)) {
    await applyAsOperator(deployment, uids, { spec: { ...spec, replicas, template } });
    await comesTo(name, { replicas, availableReplicas: replicas });
  }
  await applyAsOperator(deployment, uids);
  await comesTo(name, status);
}

/** The templates that were rolled out before the last one of a Deployment, oldest first. */
function formerTemplates(name: Name): object[] {
  const replicaSets = ofKind<RecordedReplicaSet>('ReplicaSet')
    .filter(({ metadata }) => metadata.labels?.[LABEL.installation] === name)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const last = replicaSets.pop();
  // A template that came back was the first of all.
  const isBack = last?.metadata.annotations?.['deployment.kubernetes.io/revision-history'] !== undefined;
  return [...(isBack ? [last] : []), ...replicaSets].map(({ spec }) => withoutHash(spec.template));
}

function revisionOf({ metadata }: Recorded): number {
  return Number(metadata.annotations?.['deployment.kubernetes.io/revision']);
}

function withoutHash({ metadata, ...template }: DeploymentObject['spec']['template']): object {
  const { 'pod-template-hash': _, ...labels } = (metadata as { readonly labels?: Record<string, string> }).labels ?? {};
  return { ...template, metadata: { ...metadata, labels } };
}

let children: ChildWatch;
let witness: Witness;
let operator: RunningOperator;

/** Waits until the Deployment has as many pods as it had when it was recorded. */
async function comesTo(name: Name, { replicas = 0, availableReplicas = 0 }: DeploymentObject['status']): Promise<void> {
  await children.until(
    () => {
      const { metadata, status } = children.deployment(keyOf(name)) ?? {};
      const isSeen = metadata !== undefined && (status?.observedGeneration ?? 0) >= metadata.generation;
      // A pod that never gets ready exists for a while before it is scheduled.
      const isScheduled = children.pods(keyOf(name)).every(({ spec }) => spec.nodeName !== undefined);
      const isThere = (status?.replicas ?? 0) === replicas && (status?.availableReplicas ?? 0) === availableReplicas;
      return isSeen && isThere && isScheduled;
    },
    () => `${name} does not come to ${availableReplicas} of ${replicas} pods`,
  );
}

/** The fields that the operator owns, without `ownerReferences`. */
function ownedBut(deployment: DeploymentObject): object {
  const { metadata, spec } = ownedFields(deployment, FIELD_MANAGER) as unknown as DeploymentObject;
  const { ownerReferences: _, ...others } = metadata;
  return { spec, ...others };
}

/** Everything that must stay as it was: the pods, how often each restarted, and the template that they are made from. */
function running(name: Name) {
  const pods = children.pods(keyOf(name)).map(({ metadata, status }) => {
    const restarts = status.containerStatuses?.[0]?.restartCount;
    return `${metadata.name} ${metadata.uid} ${restarts}`;
  });
  return { pods: pods.sort(), template: children.deployment(keyOf(name))?.spec.template };
}

/** The records and how their rollouts ended, oldest first. */
function records(name: Name): string[] {
  return children.records(keyOf(name)).map((record) => `${record.data.version} ${markOf(record)}`);
}

/** Whether a revision is a record: the names of saved revisions ended with a hash. */
function isRecord({ metadata, revision }: RecordObject): boolean {
  return metadata.name.endsWith(`-${revision}`);
}

describe.skipIf(!inject('controlPlane').disposable)('what was installed before there were records', () => {
  const before = new Map<Name, ReturnType<typeof running>>();

  beforeAll(async () => {
    await prepare(namespace);
    children = await startChildWatch();
    witness = await startWitness();
    await publish(recorded.provider.spec);
    const uids = await createInstallations();
    for (const object of [...ofKind('Service'), ...ofKind('PodDisruptionBudget')]) {
      await applyAsOperator(object, uids);
    }
    for (const object of ofKind('ControllerRevision')) {
      await applyAsOperator(object, uids, { data: object.data, revision: object.revision });
    }
    await Promise.all(ofKind<RecordedDeployment>('Deployment').map((d) => createDeployment(d, uids)));
    await children.catchUp(namespace);
    NAMES.forEach((name) => before.set(name, running(name)));
  });
  // Hooks run in reverse order, so the operator ends last, even if another hook fails.
  afterAll(() => operator?.stop());
  afterAll(() => children.stop());
  afterAll(() => witness.stop());
  afterAll(() => cleanUp(namespace));

  it.each(NAMES)('is here as it was recorded: %s', async (name) => {
    const was = ofKind<RecordedDeployment>('Deployment').find(({ metadata }) => metadata.name === name);
    const is = await get<DeploymentObject>('deployment', name, namespace);

    expect(is.spec).toEqual(was?.spec);
    expect(ownedBut(is)).toEqual(was && ownedBut(was));
    const { replicas, availableReplicas } = was?.status ?? {};
    expect(is.status).toMatchObject({ replicas, availableReplicas });
    expect(is.metadata.annotations).toEqual(was?.metadata.annotations);
  });

  it('gets a record within a minute', async () => {
    operator = await startOperator();
    const from = performance.now();
    await children.until(
      () => NAMES.every((name) => children.records(keyOf(name)).some(isRecord)),
      () => 'Not everything has a record',
    );
    const tookMs = performance.now() - from;
    await settled(auditLog());
    await children.catchUp(namespace);

    expect(tookMs).toBeLessThan(60_000);
  });

  it.each<[Name, string, string, readonly string[]]>([
    ['fresh', 'True UpgradeAvailable', '1.0.0', ['1.0.0 proven']],
    ['upgraded', 'True UpgradeAvailable', '1.1.0', ['1.1.0 proven']],
    ['rolling', 'Unknown RollingOut', '1.0.1', ['1.0.1 open']],
    ['rolled-back', 'True UpgradeAvailable', '1.1.0', ['1.1.0 proven']],
    ['held', 'False RolledBack', '1.0.0', ['1.0.0 proven']],
  ])('keeps its pods, and is what it was: %s, %s', async (name, ready, version, marks) => {
    const seen = await witness.until(keyOf(name), () => true);

    expect(running(name)).toEqual(before.get(name));
    expect([conditionOf(seen, 'Ready'), seen.status.installedVersion]).toEqual([ready, version]);
    expect(records(name)).toEqual(marks);
    expect(children.deployment(keyOf(name))?.metadata.labels?.[LABEL.rollout]).toBe('1');
  });

  it.each(['rolled-back', 'held'] as const)('remembers what failed: %s', async (name) => {
    const was = ofKind('ProviderInstallation').find(({ metadata }) => metadata.name === name);
    const { status } = await witness.until(keyOf(name), () => true);

    expect(status.failedVersions).toEqual(was?.status['failedVersions']);
  });

  // The failed wish is still held. Nothing tells any more that automation rolled a release out and took it back.
  it.each([
    ['held', 'False RolledBack'],
    ['rolled-back', undefined],
  ] as const)('says of its last rollout what the records tell: %s', async (name, expected) => {
    const seen = await witness.until(keyOf(name), () => true);

    expect(conditionOf(seen, 'UpgradeHealthy')).toBe(expected);
  });

  it('is not said to have been changed by anybody, but for what was hashed in another way', async () => {
    const healed = await kubectl(
      ['get', 'events', '-n', namespace, '--field-selector=reason=DriftHealed'].concat(
        '-o',
        'jsonpath={range .items[*]}{.message}{"\\n"}{end}',
      ),
    );

    // The earlier operator's hash included the owner, which is another one here. The Deployments have records instead
    // of the hash by now.
    const kinds = healed.split('\n').map((message) => /^Restored (\w+)/.exec(message)?.[1]);
    expect(kinds).not.toContain('Deployment');
  });

  it('is upgraded like anything else afterwards, and has the records of that', { timeout: 120_000 }, async () => {
    const { spec } = recorded.provider as { readonly spec: { readonly versions: readonly object[] } };
    await publish({ ...spec, versions: [...spec.versions, release('1.1.1'), release('1.3.0')] });
    await Promise.all(
      (['fresh', 'rolling', 'held'] as const).map((name) => patch(keyOf(name), { spec: { version: '1.1.0' } })),
    );
    const versions: Readonly<Record<Name, string>> = {
      fresh: '1.1.0',
      upgraded: '1.1.1',
      rolling: '1.1.0',
      'rolled-back': '1.3.0',
      held: '1.1.0',
    };
    await Promise.all(NAMES.map((name) => witness.until(keyOf(name), runs(versions[name]))));
    await settled(auditLog());
    await children.catchUp(namespace);

    expect(Object.fromEntries(NAMES.map((name) => [name, records(name)]))).toEqual({
      fresh: ['1.0.0 proven', '1.1.0 proven'],
      upgraded: ['1.1.0 proven', '1.1.1 proven'],
      rolling: ['1.1.0 proven'],
      'rolled-back': ['1.1.0 proven', '1.3.0 proven'],
      held: ['1.0.0 proven', '1.1.0 proven'],
    });
  });
});
