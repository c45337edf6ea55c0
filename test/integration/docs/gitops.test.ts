import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settled } from '../../../bench/rest.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { findConnection } from '../../../src/cluster/connection.ts';
import { createTransport, type Transport } from '../../../src/cluster/transport.ts';
import { INSTALLATIONS, PROVIDERS } from '../../../src/reconcile/resources.ts';
import { auditEvents } from '../../control-plane/audit.ts';
import { GIT_TOOLS, startGit, type Git, type GitTool } from '../../gitops/git.ts';
import { readHealthTable } from '../../gitops/health-table.ts';
import { argoHealth, kstatus } from '../../gitops/verdicts.ts';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { get, kubectl, run, type KubernetesObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { isBack, runs, versionsOf } from '../support/outcome.ts';
import { record, type Recording } from '../support/recording.ts';
import { now, OPERATOR } from '../support/requests.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

const namespace = 'gitops';
const CONFIG = 'defaults: {progressDeadlineSeconds: 60, stableSeconds: 0}';
const AUTO = { upgradePolicy: 'auto', resourceTier: 'free' };
/** The labels and annotations that the tools put on everything they apply. */
const MARKS = {
  flux: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'shop' } },
  argo: {
    annotations: { 'argocd.argoproj.io/tracking-id': 'shop:provider-operator.io/ProviderInstallation:shop/web' },
  },
} as const;
type WayToDiffer = readonly [string, readonly string[]];
/**
 * Flux asks what an apply would change. Argo CD compares with the last applied manifest, or asks like Flux if it is
 * told to.
 */
const WAYS_TO_DIFFER: Readonly<Record<GitTool, readonly WayToDiffer[]>> = {
  flux: [['by an apply on trial', ['--server-side', '--force-conflicts', '--field-manager=kustomize-controller']]],
  argo: [
    ['by what was applied last', []],
    ['by an apply on trial', ['--server-side', '--force-conflicts', '--field-manager=argocd-controller']],
  ],
};
const ROUNDS_AT_REST = 5;
/** The most status writes by design: an install costs two, an upgrade three, and a way back two more. */
const MOST_STATUSES = { good: 5, bad: 7 };
const DEPLOYMENTS = { good: 2, bad: 3 };

type Published = KubernetesObject & { readonly status: Pick<InstallationStatus, 'observedGeneration' | 'conditions'> };

/** Returns an object from Git with the marks that the tool adds. */
function marked(tool: GitTool, object: object): object {
  const { metadata, ...rest } = object as { metadata: object };
  return { ...rest, metadata: { ...metadata, ...MARKS[tool] } };
}

const bad = (org: string) =>
  provider(org, '1.0.0', release('1.1.0', { image: `registry.example.com/${org}/crash-loop:1.1.0` }));

const namesFor = (tool: GitTool) => ({ good: `${tool}-good`, failing: `${tool}-failing` });
const wished = (name: string) => installation(namespace, name, { provider: `${name}/web`, ...AUTO });
const keyOf = (name: string) => `${namespace}/${name}`;

describe.skipIf(!inject('controlPlane').disposable)('manifests that are applied every second', () => {
  let operator: RunningOperator;
  let witness: Witness;
  let transport: Transport;
  let seen: Recording<SeenInstallation>;
  let catalogue: Recording<Published>;
  let began: number;
  const gits = new Map<GitTool, { readonly git: Git; readonly sinceUpgrade: number }>();
  const abort = new AbortController();

  beforeAll(async () => {
    await prepare(namespace);
    witness = await startWitness();
    const connection = await findConnection({ kubeconfig: [inject('controlPlane').kubeconfig] });
    transport = createTransport({ connection, userAgent: 'historian' });
    seen = await record<SeenInstallation>({ transport, resource: INSTALLATIONS, signal: abort.signal });
    catalogue = await record<Published>({ transport, resource: PROVIDERS, signal: abort.signal });
    operator = await startOperator({}, CONFIG);
    began = await now(auditLog());
    await Promise.all(GIT_TOOLS.map(upgrade));
    await settled(auditLog());
  });
  afterAll(() => operator.stop());
  afterAll(async () => {
    abort.abort();
    await transport.close();
    await witness.stop();
  });
  afterAll(() => cleanUp(namespace));
  afterAll(() => Promise.all([...gits.values()].map(({ git }) => git.stop())));

  /** Publishes a release that works and one that does not. */
  async function upgrade(tool: GitTool): Promise<void> {
    const { good, failing } = namesFor(tool);
    const git = startGit(tool);
    await git.commit(
      provider(good, '1.0.0'),
      provider(failing, '1.0.0'),
      ...[good, failing].map((name) => marked(tool, wished(name))),
    );
    await Promise.all([good, failing].map((name) => witness.until(keyOf(name), runs('1.0.0'))));
    await git.commit(provider(good, '1.0.0', '1.1.0'), bad(failing));
    gits.set(tool, { git, sinceUpgrade: git.count });
    await Promise.all([witness.until(keyOf(good), runs('1.1.0')), witness.until(keyOf(failing), isBack)]);
  }

  /** How many writes of one kind the operator made for an installation. */
  async function writes(name: string, resource: string, subresource = ''): Promise<number> {
    let count = 0;
    for await (const event of auditEvents(auditLog(), began)) {
      const isIt = event.namespace === namespace && event.name === name && event.resource === resource;
      const isWrite = event.userAgent.startsWith(OPERATOR) && event.verb === 'patch' && event.code < 300;
      count += isIt && isWrite && event.subresource === subresource ? 1 : 0;
    }
    return count;
  }

  const versions = (name: string) => seen.versions.map((v) => v.object).filter((o) => o.metadata.name === name);

  describe.each(GIT_TOOLS)('as %s does it', (tool) => {
    const { good, failing } = namesFor(tool);

    it('an automatic upgrade and one that is taken back go their way, each once', async () => {
      expect(await versionsOf(witness, keyOf(good))).toEqual(['1.0.0', '1.1.0']);
      expect(await versionsOf(witness, keyOf(failing))).toEqual(['1.0.0', '1.1.0', '1.0.0']);
      const { git, sinceUpgrade } = gits.get(tool)!;
      expect(git.count, 'it was applied meanwhile').toBeGreaterThan(sinceUpgrade);
    });

    it('the operator never writes what Git owns, and the tool changes nothing that the operator did', async () => {
      for (const name of [good, failing]) {
        await seen.catchUp(namespace);
        expect(new Set(versions(name).map((o) => o.metadata.generation))).toEqual(new Set([1]));
        // The operator wrote each version but the first, as a status.
        expect(versions(name)).toHaveLength(1 + (await writes(name, 'providerinstallations', 'status')));
        const { metadata } = await get('pi', name, namespace);
        const owned = metadata.managedFields?.filter((m) => m.manager === 'provider-operator');
        expect(owned?.map((m) => m.subresource)).toEqual(['status']);
      }
    });

    it.each([...WAYS_TO_DIFFER[tool]])('the tool finds nothing to change: %s', async (_, flags) => {
      const items = [marked(tool, wished(good)), provider(good, '1.0.0', '1.1.0'), marked(tool, wished(failing))];
      const { code, stdout } = await run(['diff', '-f', '-', ...flags], { apiVersion: 'v1', kind: 'List', items });

      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    });

    it.runIf(tool === 'argo')('each round but those after a commit left everything unchanged', () => {
      const { git, sinceUpgrade } = gits.get(tool)!;

      expect(git.count).toBeGreaterThan(sinceUpgrade);
      expect(git.printed(sinceUpgrade).join('')).not.toMatch(/configured|created/);
    });

    it('an upgrade costs what it costs without Git, and no drift is healed', async () => {
      expect(await writes(good, 'providerinstallations', 'status')).toBeLessThanOrEqual(MOST_STATUSES.good);
      expect(await writes(failing, 'providerinstallations', 'status')).toBeLessThanOrEqual(MOST_STATUSES.bad);
      expect(await writes(good, 'deployments')).toBe(DEPLOYMENTS.good);
      expect(await writes(failing, 'deployments')).toBe(DEPLOYMENTS.bad);
      const events = await kubectl([
        'get',
        'events.events.k8s.io',
        '-n',
        namespace,
        '-o',
        'jsonpath={.items[*].reason}',
      ]);
      expect(events).toContain('RollingBack');
      expect(events).not.toContain('DriftHealed');
      const drifted = [good, failing].flatMap(versions).filter((o) => conditionOf(o, 'Drifted') !== undefined);
      expect(drifted).toEqual([]);
    });

    it('the marks of the tool reach no child, which it would prune', async () => {
      const children = await kubectl(['get', 'deployments,services', '-n', namespace, '-o', 'json']);

      expect(children).toContain(good);
      expect(children).not.toMatch(/fluxcd\.io|argocd\.argoproj\.io/);
    });
  });

  it('everything comes to rest while it goes on', async () => {
    const look = () =>
      kubectl(['get', 'pi,deployments,services,controllerrevisions', '-n', namespace, '-o', RESOURCE_VERSIONS]);
    const before = await look();
    await Promise.all([...gits.values()].map(({ git }) => git.rounds(ROUNDS_AT_REST)));

    expect(before.split('\n').length).toBeGreaterThan(10);
    expect(await look()).toBe(before);
  });

  it('what each tool shows of every status on the way is what the table says', async () => {
    await seen.catchUp(namespace);
    const reported = [...seen.versions, ...catalogue.versions]
      .map(({ object }) => object)
      .filter(({ status, metadata }) => status.observedGeneration === metadata.generation);
    const [argo, flux] = await Promise.all([argoHealth(reported), kstatus(reported)]);
    const table = readHealthTable();
    const expected = reported.map(
      ({ status }) => table.get(findCondition(status.conditions, 'Ready')?.reason ?? '')?.waiting,
    );

    expect(reported.length).toBeGreaterThan(20);
    expect(reported.map((_, i) => ({ argo: argo[i]?.status, kstatus: flux[i]?.status }))).toEqual(expected);
  });
});

const RESOURCE_VERSIONS = 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
