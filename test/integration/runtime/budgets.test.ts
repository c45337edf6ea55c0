import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { metricIn } from '../../../bench/operator.ts';
import { requestsSince, settled } from '../../../bench/rest.ts';
import { startFaultProxy } from '../../faults/proxy.ts';
import { auditLog, cleanUp, installation, prepare, provider, release, software } from '../support/cluster.ts';
import { RUNTIME, TIERS } from '../support/everything.ts';
import {
  apply,
  eventually,
  get,
  kubectl,
  waitFor,
  type DeploymentObject,
  type InstallationObject,
} from '../support/kubectl.ts';
import { startOperator as start, type RunningOperator } from '../support/operator.ts';
import { countRequests, now, OPERATOR, type Requests } from '../support/requests.ts';
import { PATIENTLY } from '../support/patience.ts';

/** The budgets of docs/benchmarks.md, counted in the API server's audit log. */
const namespace = 'budgets';
const STATUS = 'patch providerinstallations/status';
const RECORD = 'patch controllerrevisions';
const MARK = 'mark controllerrevisions';
const REMOVED = 'delete controllerrevisions';
const READ = 'get controllerrevisions';

async function startOperator(env: Readonly<Record<string, string>> = {}): Promise<RunningOperator> {
  const operator = await start(env);
  onTestFinished(async () => {
    await operator.stop();
  });
  return operator;
}

/** The requests of the operator because of a change, until it has come to rest, without its watches and its Lease. */
async function costOf(change: () => Promise<unknown>): Promise<Requests> {
  const from = await now(auditLog());
  await change();
  await settled(auditLog());
  return requestsSince(auditLog(), from);
}

/**
 * Expects no request outside the budget, none more often, and no read at all. Events count together, whether new or
 * repeated.
 */
function expectWithin(requests: Requests, budget: Readonly<Record<string, number>>): void {
  const summed: Record<string, number> = {};
  for (const [what, count] of Object.entries(requests)) {
    const kind = what.endsWith(' events') ? 'events' : what;
    summed[kind] = (summed[kind] ?? 0) + count;
  }
  const over = Object.entries(summed).filter(([kind, count]) => count > (budget[kind] ?? 0));
  expect(over).toEqual([]);
}

function patch(name: string, spec: object): Promise<string> {
  return kubectl(['patch', `pi/${name}`, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
}

async function install(name: string, spec: object): Promise<void> {
  await apply(installation(namespace, name, { provider: 'acme/web', version: '1.0.0', ...spec }));
  await waitFor('Ready', `pi/${name}`, namespace);
}

/** A release whose image nobody can pull. */
function bad(version: string): object {
  return release(version, { image: `registry.example.com/acme/no-such-image:${version}` });
}

/** The requests that an edit of a running installation costs until it is Ready again. */
async function costOfEdit(name: string, spec: object): Promise<Requests> {
  await startOperator();
  await install(name, { resourceTier: 'free' });
  await settled(auditLog());
  return costOf(async () => {
    await patch(name, spec);
    await waitFor('Ready', `pi/${name}`, namespace);
  });
}

/** Somebody changes a label of a Deployment, and the operator changes it back; no pod is touched by either. */
async function relabel(name: string): Promise<void> {
  const label = 'provider-operator.io/version';
  const read = async () => (await get<DeploymentObject>('deployment', name, namespace)).metadata.labels?.[label];
  const before = await read();
  await kubectl(['label', `deployment/${name}`, '-n', namespace, `${label}=0.0.0`, '--overwrite']);
  await eventually(async () => (await read()) === before);
}

/** Resolves when this process has looked at every installation. Some are requeued for a later time, such as failed ones. */
async function judgedAll({ url }: RunningOperator): Promise<void> {
  const { items } = JSON.parse(await kubectl(['get', 'pi', '-A', '-o', 'json'])) as { items: unknown[] };
  await eventually(async () => (await looksOf(url)) >= items.length);
}

/** How often this process has looked at an installation. */
async function looksOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const judged = (result: string) =>
    metricIn(text, 'controller_runtime_reconcile_total', `controller="providerinstallation",result="${result}"`);
  return judged('success') + judged('requeue_after');
}

describe.skipIf(!inject('controlPlane').disposable)('counted in the audit log', () => {
  beforeAll(async () => {
    await prepare(namespace);
    const dns = { ports: [{ name: 'dns', containerPort: 53, servicePort: 53, protocol: 'UDP' }] };
    await apply(provider('acme', '1.0.0', '1.1.0', release('2.0.0', { runtime: dns })));
  });

  afterAll(() => cleanUp(namespace));

  it('an install costs a record, a Deployment, a Service, a mark, two statuses and two events', async () => {
    await startOperator();
    await settled(auditLog());
    const cost = await costOf(() => install('free', { resourceTier: 'free' }));

    expect(cost).toMatchObject({ [RECORD]: 1, 'patch deployments': 1, [MARK]: 1 });
    expectWithin(cost, {
      [RECORD]: 1,
      'patch deployments': 1,
      'patch services': 1,
      [MARK]: 1,
      [STATUS]: 2,
      events: 2,
    });
  });

  it('an install with everything, and a PodDisruptionBudget, costs that one more and then comes to rest', async () => {
    const whole = provider('whole', release('1.0.0', { runtime: RUNTIME })) as { spec: object };
    await apply({ ...whole, spec: { ...whole.spec, tiers: TIERS } });
    await startOperator();
    await settled(auditLog());
    const spec = { provider: 'whole/web', resourceTier: 'performance', config: { A: '', B: '$(X)' } };
    const cost = await costOf(() => install('whole', spec));

    expect(cost['patch poddisruptionbudgets']).toBe(1);
    expectWithin(cost, {
      [RECORD]: 1,
      'patch deployments': 1,
      'patch services': 1,
      'patch poddisruptionbudgets': 1,
      [MARK]: 1,
      [STATUS]: 2,
      events: 2,
    });
  });

  it.each([
    ['an upgrade', 'upgraded', { version: '1.1.0' }],
    ['an edit of config', 'configured', { config: { GREETING: 'Hello' } }],
    ['an edit of the tier', 'raised', { resourceTier: 'standard' }],
  ])('%s costs a record, one Deployment, a mark, three statuses and three events', async (_, name, spec) => {
    const cost = await costOfEdit(name, spec);

    expect(cost).toMatchObject({ [RECORD]: 1, 'patch deployments': 1, [MARK]: 1 });
    expectWithin(cost, { [RECORD]: 1, 'patch deployments': 1, [MARK]: 1, [STATUS]: 3, events: 3 });
  });

  it('an upgrade to other ports costs two Services more', async () => {
    const cost = await costOfEdit('ports', { version: '2.0.0' });

    expect(cost['patch services']).toBeGreaterThanOrEqual(1);
    expectWithin(cost, {
      [RECORD]: 1,
      'patch deployments': 1,
      'patch services': 2,
      [MARK]: 1,
      [STATUS]: 3,
      events: 3,
    });
  });

  it('an edit after many costs the removal of one record more', async () => {
    await startOperator();
    await install('often', { resourceTier: 'free' });
    for (const greeting of ['Hello', 'Good day', 'Welcome']) {
      await patch('often', { config: { GREETING: greeting } });
      await waitFor('Ready', 'pi/often', namespace);
    }
    await settled(auditLog());
    const cost = await costOf(async () => {
      await patch('often', { config: { GREETING: 'Hi' } });
      await waitFor('Ready', 'pi/often', namespace);
    });

    expect(cost[REMOVED]).toBe(1);
    expectWithin(cost, { [RECORD]: 1, 'patch deployments': 1, [MARK]: 1, [REMOVED]: 1, [STATUS]: 3, events: 3 });
  });

  it('an upgrade that lets go of what failed costs the removal of two records', async () => {
    await apply(provider('again', '1.0.0', '1.1.0', bad('1.2.0'), '1.3.0'));
    await startOperator();
    await install('again', { provider: 'again/web', resourceTier: 'free' });
    await patch('again', { version: '1.1.0' });
    await waitFor('Ready', 'pi/again', namespace);
    await patch('again', { version: '1.2.0' });
    await waitFor('UpgradeHealthy=False', 'pi/again', namespace);
    await settled(auditLog());
    const cost = await costOf(async () => {
      await patch('again', { version: '1.3.0' });
      await waitFor('Ready', 'pi/again', namespace);
    });

    expect(cost[REMOVED]).toBe(2);
    expectWithin(cost, { [RECORD]: 1, 'patch deployments': 1, [MARK]: 1, [REMOVED]: 2, [STATUS]: 3, events: 3 });
  });

  it.each([
    ['an upgrade by automation', 'taken', { upgradePolicy: 'auto' }, undefined],
    ['an upgrade that was asked for', 'wanted', {}, { version: '1.1.0' }],
  ])('%s that fails costs a read, one Deployment, two statuses and two events more', async (_, name, first, asks) => {
    await apply(provider(name, '1.0.0'));
    await startOperator();
    await install(name, { provider: `${name}/web`, resourceTier: 'free', ...first });
    if (asks) {
      await apply(provider(name, '1.0.0', bad('1.1.0')));
    }
    await settled(auditLog());
    const cost = await costOf(async () => {
      await (asks ? patch(name, asks) : apply(provider(name, '1.0.0', bad('1.1.0'))));
      await waitFor('UpgradeHealthy=False', `pi/${name}`, namespace);
    });

    expect(cost).toMatchObject({ [RECORD]: 1, [MARK]: 1, [READ]: 1, 'patch deployments': 2 });
    expectWithin(cost, {
      [RECORD]: 1,
      [MARK]: 1,
      [READ]: 1,
      'patch deployments': 2,
      [STATUS]: 5,
      events: 5,
      ...(!asks && { 'patch providers/status': 1 }),
    });
  });

  it('an edit of what is only for people costs one status', async () => {
    const cost = await costOfEdit('described', { description: 'The shop window' });

    expect(cost[STATUS]).toBe(1);
    expectWithin(cost, { [STATUS]: 1 });
  });

  it('undoing what somebody changed costs one Deployment and an event', async () => {
    await startOperator();
    await install('changed', { resourceTier: 'free' });
    await settled(auditLog());
    const cost = await costOf(() => relabel('changed'));

    expect(cost['patch deployments']).toBe(1);
    expectWithin(cost, { 'patch deployments': 1, events: 1 });
  });

  it('undoing it where the catalogue cannot say what runs costs a read of its record more', async () => {
    await apply(provider('vanished', '1.0.0'));
    await startOperator();
    await install('vanished', { provider: 'vanished/web', resourceTier: 'free' });
    await kubectl(['delete', 'provider', 'vanished.web']);
    await settled(auditLog());
    const cost = await costOf(() => relabel('vanished'));

    expect(cost).toMatchObject({ [READ]: 1, 'patch deployments': 1 });
    expectWithin(cost, { [READ]: 1, 'patch deployments': 1, events: 1 });
  });

  it('doing nothing costs a Lease renewal each two seconds, and nothing else', async () => {
    const operator = await startOperator();
    await judgedAll(operator);
    await settled(auditLog());
    const from = await now(auditLog());
    const since = performance.now();
    const asked = () => countRequests(auditLog(), from, { userAgent: OPERATOR });
    await eventually(async () => ((await asked())['update leases'] ?? 0) >= 10);

    expect(performance.now() - since).toBeGreaterThan(17_000);
    expect(Object.keys(await asked())).toEqual(['update leases']);
  });

  it('seeing everything anew costs nothing', async () => {
    const proxy = await startFaultProxy(inject('controlPlane').operatorKubeconfig);
    onTestFinished(() => proxy.close());
    const operator = await startOperator({ KUBECONFIG: proxy.kubeconfig });
    await judgedAll(operator);
    await settled(auditLog());
    const watches = proxy.watches.size;
    const streams = () => proxy.passages.filter(({ isWatchList }) => isWatchList).length;

    const cost = await costOf(async () => {
      proxy.watches.forEach((watch) => watch.fail(410));
      await eventually(async () => streams() === 2 * watches);
      await eventually(async () => (await fetch(`${operator.url}/readyz`)).ok);
    });

    expect(watches).toBe(9);
    expect(cost).toEqual({});
  });

  it('a restart with everything up to date costs one question for the version of Kubernetes', async () => {
    const before = await startOperator();
    await judgedAll(before);
    await settled(auditLog());
    await before.stop();
    const cost = await costOf(async () => judgedAll(await startOperator()));

    expect(cost).toEqual({ 'get /version': 1 });
  });

  it('a published release costs a Provider status, a status for who stays and an upgrade for who moves', async () => {
    const [stay, move] = [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ];
    await apply(provider('fleet', '1.0.0'));
    const spec = { provider: 'fleet/web', version: '1.0.0', resourceTier: 'free' };
    await apply(
      ...stay.map((name) => installation(namespace, name, { ...spec, upgradePolicy: 'manual' })),
      ...move.map((name) => installation(namespace, name, { ...spec, upgradePolicy: 'auto' })),
    );
    await startOperator();
    await Promise.all([...stay, ...move].map((name) => waitFor('Ready', `pi/${name}`, namespace)));
    await settled(auditLog());
    const from = await now(auditLog());
    const cost = await costOf(async () => {
      await apply(provider('fleet', '1.0.0', '1.1.0'));
      await eventually(async () => {
        const all = [...stay, ...move].map((name) => get<InstallationObject>('pi', name, namespace));
        return (await Promise.all(all)).every(({ status }) => status.latestVersion === '1.1.0');
      });
      await Promise.all(move.map((name) => waitFor('Ready', `pi/${name}`, namespace)));
    });

    expect(cost['patch deployments']).toBe(move.length);
    expectWithin(cost, {
      'patch providers/status': 1,
      [RECORD]: move.length,
      'patch deployments': move.length,
      [MARK]: move.length,
      [STATUS]: stay.length + 3 * move.length,
      events: 3 * move.length,
    });
    for (const name of stay) {
      expect(await countRequests(auditLog(), from, { userAgent: OPERATOR, where: (e) => e.name === name })).toEqual({
        [STATUS]: 1,
      });
    }
  });

  it('a published version of software costs its status, and a look at those who have any', async () => {
    const needsNode = { systemSoftwareDependencies: [{ name: 'node', range: '>=22.0.0' }] };
    await apply(software('node', '22.4.0'), provider('runs', release('1.0.0', needsNode)));
    const operator = await startOperator();
    await install('runs', { provider: 'runs/web', resourceTier: 'free' });
    await install('bare', { resourceTier: 'free' });
    await settled(auditLog());
    const looks = await looksOf(operator.url);
    const cost = await costOf(async () => {
      await apply(software('node', '22.4.0', '22.5.0'));
      await kubectl(['wait', 'systemsoftware/node', '--for=jsonpath={.status.latestVersion}=22.5.0', PATIENTLY]);
    });

    expect(cost['patch systemsoftwares/status']).toBe(1);
    expectWithin(cost, { 'patch systemsoftwares/status': 1, [STATUS]: 1 });
    const more = (await looksOf(operator.url)) - looks;
    expect(more, 'and one more where its own status has changed').toBe(1 + (cost[STATUS] ?? 0));
  });
});
