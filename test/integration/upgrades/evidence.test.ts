import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, type DeploymentObject, type KubernetesObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { isHeld, patch, runs } from '../support/outcome.ts';
import { startWebhook, type Mutable, type Webhook } from '../support/webhook.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

/**
 * What speaks for a rollout or against it, on real controllers: pods of its own ReplicaSets, and of them the containers of the
 * release. Not copies, not sidecars, and not the absence of pods.
 */
const namespace = 'evidence';
const CONFIG = 'defaults: {progressDeadlineSeconds: 120, stableSeconds: 0}';
/** Long enough for a good release on a busy machine, and the time that a test waits for a bad one. */
const IMPATIENT = { rollback: { progressDeadlineSeconds: 20 } };
/** They have this in their names, and the webhook puts it into their new pods. */
const MESH = 'mesh';

let operator: RunningOperator;
let witness: Witness;
let webhook: Webhook;

const of = (name: string) => `${namespace}/${name}`;
const messageOf = (seen: SeenInstallation, type: string) =>
  seen.status.conditions?.find((c) => c.type === type)?.message;
const deployment = (name: string) => get<DeploymentObject>('deployment', name, namespace);
const versionOf = async (name: string) =>
  (await deployment(name)).spec.template.metadata.annotations['provider-operator.io/version'];

interface Pod extends KubernetesObject {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

async function podsOf(name: string): Promise<Pod[]> {
  const selector = `provider-operator.io/installation=${name}`;
  const { items } = JSON.parse(await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json'])) as {
    items: Pod[];
  };
  return items;
}

/** What a kubelet would say of the pods of an installation. */
async function report(name: string, isReady: boolean): Promise<void> {
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: isReady ? 'True' : 'False' }));
  await Promise.all(
    (await podsOf(name)).map(({ metadata }) =>
      kubectl([
        'patch',
        'pod',
        metadata.name,
        '-n',
        namespace,
        '--subresource=status',
        '-p',
        JSON.stringify({ status: { conditions } }),
      ]),
    ),
  );
}

/** Whose tier leaves the number of pods to others, where `isFree`. */
async function install(name: string, spec: object = {}, isFree = false): Promise<void> {
  const bad = release('1.2.0', { image: 'registry.example.com/acme/crash-loop:1.2.0' });
  const published = provider(name, '1.0.0', '1.1.0', bad) as { readonly spec: object };
  const tiers = isFree ? { standard: {} } : undefined;
  await apply(
    { ...published, spec: { ...published.spec, tiers } },
    installation(namespace, name, { provider: `${name}/web`, version: '1.0.0', ...spec }),
  );
  await witness.until(of(name), runs('1.0.0'));
}

const scale = (name: string, replicas: number) =>
  kubectl(['scale', `deployment/${name}`, '-n', namespace, `--replicas=${replicas}`]);

beforeAll(async () => {
  await prepare(namespace);
  webhook = await startWebhook(namespace, ['pods'], (pod: Mutable, operation) => {
    const isNew = pod.metadata.annotations?.['provider-operator.io/version'] === '1.1.0';
    if (
      operation === 'CREATE' &&
      isNew &&
      String(pod.metadata.labels?.['provider-operator.io/installation']).includes(MESH)
    ) {
      pod.spec.containers.push({ name: 'istio-proxy', image: 'registry.example.com/mesh/crash-loop:1' });
    }
  });
  await apply(webhook.configuration);
  witness = await startWitness();
  operator = await startOperator({}, CONFIG);
});
afterAll(() => operator.stop());
afterAll(() => witness.stop());
afterAll(async () => {
  await kubectl(['delete', 'mutatingwebhookconfiguration', `rewrites-${namespace}`]);
  webhook.stop();
  await cleanUp(namespace);
});

describe.skipIf(!inject('controlPlane').disposable)('pods that are not of the rollout', { concurrent: true }, () => {
  // kubernetes/kubernetes#123149, kubernetes/kubectl#1440
  it('a copy for debugging that crashes takes back no healthy rollout', async () => {
    const name = 'copied';
    // It is not done before the pods were ready for so long. A pod that is spread over nodes cannot be copied: the API server has put
    // `matchLabelKeys` into its selector, and takes no pod that has both.
    const patient = { rollback: { progressDeadlineSeconds: 120, stableSeconds: 8 } };
    await install(name, { resourceTier: 'free', upgrade: patient });
    await patch(of(name), { spec: { version: '1.1.0' } });
    const pod = await eventually(async () =>
      (await podsOf(name)).find((p) => (p.metadata as Mutable).annotations['provider-operator.io/version'] === '1.1.0'),
    );
    const image = '--set-image=provider=registry.example.com/acme/crash-loop:1';
    await kubectl([
      'debug',
      pod.metadata.name,
      '-n',
      namespace,
      '--copy-to=copied-debug',
      '--keep-labels',
      '--keep-annotations',
      image,
    ]);
    // One that no ReplicaSet adopts.
    await apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'copied-by-hand',
        namespace,
        labels: { 'provider-operator.io/installation': name },
        annotations: (pod.metadata as Mutable).annotations as object,
      },
      spec: { containers: [{ name: 'provider', image: 'registry.example.com/acme/crash-loop:1' }] },
    });
    await witness.until(of(name), runs('1.1.0'));
    expect(
      (await get<Mutable>('pod', 'copied-by-hand', namespace)).status.containerStatuses[0].restartCount,
    ).toBeGreaterThan(2);
  });

  // vtmocanu/uzi#951, Shopify/krane#36
  it('an evicted pod keeps nothing from being done', async () => {
    const name = 'evicted';
    await install(name);
    const [pod] = await podsOf(name);
    const status = { phase: 'Failed', reason: 'Evicted', containerStatuses: [] };
    await kubectl([
      'patch',
      'pod',
      pod!.metadata.name,
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ]);
    await patch(of(name), { spec: { version: '1.1.0' } });
    await witness.until(of(name), runs('1.1.0'));
  });
});

describe.skipIf(!inject('controlPlane').disposable)('a sidecar that others inject', { concurrent: true }, () => {
  // cloudfoundry/eirini#81, linkerd/linkerd2#4973
  it('and that crashes is named, and holds no wish for good', async () => {
    const name = `${MESH}-crash`;
    await install(name, { upgrade: IMPATIENT });
    await patch(of(name), { spec: { version: '1.1.0' } });
    const held = await witness.until(of(name), isHeld);
    expect(messageOf(held, 'Ready')).toMatch(
      /the container "istio-proxy", which others put into them, is not ready: CrashLoopBackOff.*It is tried again later/,
    );
    expect(held.status.failedVersions?.[0]).toMatchObject({
      version: '1.1.0',
      reason: 'DeadlineExceeded',
      retryAfter: expect.any(String) as string,
    });
  });

  // pravega/pravega-operator#527
  it('does not hide that the release crashes', async () => {
    const name = `${MESH}-release`;
    await install(name);
    await patch(of(name), { spec: { version: '1.2.0' } });
    const held = await witness.until(of(name), isHeld);
    expect(messageOf(held, 'Ready')).toMatch(/its container "provider" ended \d+ times/);
    expect(held.status.failedVersions?.[0]?.retryAfter).toBeUndefined();
  });
});

// wetware/ww#570, argoproj/argo-rollouts#4950
describe.skipIf(!inject('controlPlane').disposable)('at zero pods', { concurrent: true }, () => {
  const asleep = async (name: string) => {
    await install(name, {}, true);
    await scale(name, 0);
    await eventually(async () => (await podsOf(name)).length === 0);
  };

  it('automation waits, and goes on with the first pod', async () => {
    const name = 'asleep-auto';
    await asleep(name);
    await patch(of(name), { spec: { upgradePolicy: 'auto' } });
    const waits = await witness.until(of(name), (seen) => conditionOf(seen, 'UpdateAvailable') === 'True NoPods');
    expect([await versionOf(name), waits.status.updateCandidates?.[0]?.blockedBy]).toEqual(['1.0.0', ['NoPods']]);

    await scale(name, 1);
    // 1.2.0 crashes, and is taken back.
    await witness.until(of(name), runs('1.1.0'));
  });

  it('what somebody names is applied and unproven, and goes back where its first pod crashes', async () => {
    const name = 'asleep-named';
    await asleep(name);
    await patch(of(name), { spec: { version: '1.2.0' } });
    const applied = await witness.until(
      of(name),
      (seen) => messageOf(seen, 'Ready')?.startsWith('Runs 1.2.0 without a pod') === true,
    );
    expect(applied.status.currentVersion).toBe('1.0.0');

    await scale(name, 1);
    const held = await witness.until(of(name), isHeld);
    expect([held.status.currentVersion, await versionOf(name)]).toEqual(['1.0.0', '1.0.0']);
  });
});

// elastic/cloud-on-k8s#1748
describe.skipIf(!inject('controlPlane').disposable)('an outage of what runs', { concurrent: true }, () => {
  it('is told, lets automation wait, ends as Stalled, and is over with the pods', async () => {
    const name = 'outage';
    await install(name, { upgrade: IMPATIENT });
    await report(name, false);
    const down = await witness.until(of(name), (seen) => conditionOf(seen, 'Ready') === 'False Unavailable');
    expect(conditionOf(down, 'Available')).toBe('False PodsUnavailable');

    await patch(of(name), { spec: { upgradePolicy: 'auto' } });
    const stalled = await witness.until(of(name), (seen) => conditionOf(seen, 'Stalled') === 'True Unavailable');
    expect([await versionOf(name), conditionOf(stalled, 'UpdateAvailable')]).toEqual(['1.0.0', 'True Unhealthy']);

    await patch(of(name), { spec: { upgradePolicy: 'manual' } });
    await report(name, true);
    const up = await witness.until(of(name), runs('1.0.0'));
    expect([conditionOf(up, 'Available'), conditionOf(up, 'Stalled')]).toEqual(['True PodsAvailable', undefined]);
  });
});

// fluxcd/kustomize-controller#1180: the ConfigMap of before is pruned with the commit that fails
describe.skipIf(!inject('controlPlane').disposable)('what came back', { concurrent: true }, () => {
  it('names the ConfigMap that its pods read and that is gone, until it is put back', async () => {
    const name = 'pruned';
    const create = (suffix: string) =>
      kubectl(['create', 'configmap', `settings-${suffix}`, '-n', namespace, '--from-literal=a=1']);
    const from = (suffix: string) => ({
      configFrom: [{ name: 'A', configMapKeyRef: { name: `settings-${suffix}`, key: 'a' } }],
    });
    await Promise.all([create('a'), create('b')]);
    await install(name, from('a'));

    await patch(of(name), { spec: { version: '1.2.0', ...from('b') } });
    await kubectl(['delete', 'configmap', 'settings-a', '-n', namespace]);
    const held = await witness.until(
      of(name),
      (seen) => isHeld(seen) && conditionOf(seen, 'ReferencesMissing') === 'True PodsCannotRestart',
    );
    expect(messageOf(held, 'ReferencesMissing')).toMatch(/^Put back ConfigMap "settings-a" with key "a"/);
    const events = await kubectl(['get', 'events', '-n', namespace, '--field-selector=reason=ReferencesMissing']);
    expect(events).toMatch(/Warning.*pruned.*Put back ConfigMap "settings-a"/);

    await create('a');
    await witness.until(of(name), (seen) => conditionOf(seen, 'ReferencesMissing') === undefined);
  });
});
