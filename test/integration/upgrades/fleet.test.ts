import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApi, type Api } from '../../../bench/api.ts';
import { limit } from '../../../bench/limit.ts';
import { installationsPath, isReady, PROVIDERS_PATH, type InstallationObject } from '../../../bench/objects.ts';
import { settled } from '../../../bench/rest.ts';
import { startTracker, type Tracker } from '../../../bench/tracker.ts';
import { auditEvents, type AuditEvent } from '../../control-plane/audit.ts';
import { followAutomaticRollouts } from '../support/automatic-rollouts.ts';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { now, OPERATOR } from '../support/requests.ts';

const namespace = 'fleet';
const FLEET = 500;
const MOST_AT_ONCE = 50;
const configOf = (progressDeadlineSeconds: number) => `
defaults: {stableSeconds: 0, progressDeadlineSeconds: ${progressDeadlineSeconds}}
maxConcurrentUpgrades: ${MOST_AT_ONCE}
`;
/** A deadline for rollouts that work, however busy the machine, and one for those that fail, fifty at a time. */
const [LONG, SHORT] = [configOf(300), configOf(10)];
/** A long deadline: the test asks whether anything waits for its turn, not how fast pods are on this machine. */
const PATIENT = { rollback: { progressDeadlineSeconds: 300 } };
/**
 * The edits that people make one after the other while the fleet is busy. There are fewer if the fleet is done before
 * that.
 */
const MOST_ASKED = 8;
const BAD = release('1.1.0', { image: 'registry.example.com/acme/never-ready:1.1.0' });

const automatic = Array.from({ length: FLEET }, (_, i) => `auto-${i + 1}`);
const people = Array.from({ length: MOST_ASKED }, (_, i) => `asked-${i + 1}`);

/**
 * The status says that the upgrade is queued, has begun, goes back and is back. One more is allowed where a busy
 * machine delays pods.
 */
const MOST_STATUSES = 5;

/** The later tests look at the results of the first one. */
describe.skipIf(!inject('controlPlane').disposable)('five hundred automatic installations and one bad release', () => {
  let operator: RunningOperator;
  let admin: Api;
  let publishedAt: number;
  const asked: string[] = [];

  beforeAll(async () => {
    await prepare(namespace);
    admin = createApi(inject('controlPlane').kubeconfig, 'people', 32);
    operator = await startOperator({ LOG_LEVEL: 'info' }, LONG);
    await publish('fleet', '1.0.0');
    await publish('asked', '1.0.0', '1.1.0');
    const ready = await follow(isReady);
    const creating = limit(16);
    const upgradePolicy = 'auto';
    const bodies = [
      ...automatic.map((name) => installation(namespace, name, { ...free('fleet'), upgradePolicy })),
      ...people.map((name) => installation(namespace, name, { ...free('asked'), version: '1.0.0', upgrade: PATIENT })),
    ];
    await Promise.all(
      bodies.map((body) => creating(() => admin.request({ method: 'POST', path: installationsPath(namespace), body }))),
    );
    await ready.reached(FLEET + MOST_ASKED);
    await ready.stop();
    await settled(auditLog());
    await operator.stop();
    operator = await startOperator({ LOG_LEVEL: 'info' }, SHORT);
    await settled(auditLog());
  });
  afterAll(() => admin.close());
  afterAll(() => operator.stop());
  afterAll(async () => {
    // kubectl would check each object in turn, and the API server ends a request after a minute.
    await eventually(async () => {
      await admin.request({ method: 'DELETE', path: installationsPath(namespace) });
      return true;
    });
    await cleanUp(namespace);
  });

  function free(org: string): object {
    return { provider: `${org}/web`, resourceTier: 'free' };
  }

  async function publish(org: string, ...versions: readonly (string | object)[]): Promise<void> {
    await admin.request({
      method: 'PATCH',
      path: `${PROVIDERS_PATH}/${org}.web?fieldManager=people&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: provider(org, ...versions),
    });
  }

  function follow(isThere: (i: InstallationObject) => boolean): Promise<Tracker> {
    return startTracker({ api: admin, path: installationsPath(namespace), isThere });
  }

  /** Asks for a release by name, and waits until it runs. */
  async function upgrade(name: string): Promise<void> {
    const moved = await follow((i) => i.metadata.name === name && isReady(i) && i.status?.currentVersion === '1.1.0');
    await admin.request({
      method: 'PATCH',
      path: `${installationsPath(namespace)}/${name}`,
      contentType: 'application/merge-patch+json',
      body: { spec: { version: '1.1.0' } },
    });
    await moved.reached(1);
    await moved.stop();
  }

  it('end on the old version, never more under way at once than allowed', async () => {
    const underWay = await followAutomaticRollouts(admin, namespace);
    const back = await follow((i) => isReady(i) && i.status?.failedVersions?.length === 1);
    publishedAt = await now(auditLog());
    await publish('fleet', '1.0.0', BAD);
    const isDone = () => back.count() === FLEET;
    for (const [index, name] of people.entries()) {
      await eventually(async () => (back.count() >= (index * FLEET) / MOST_ASKED && underWay.count() > 0) || isDone());
      if (!isDone()) {
        asked.push(name);
        await upgrade(name);
      }
    }
    await back.reached(FLEET);
    await settled(auditLog());
    await Promise.all([back.stop(), underWay.stop()]);

    expect(underWay.most()).toBeLessThanOrEqual(MOST_AT_ONCE);
    expect(underWay.most(), 'and not one after the other').toBeGreaterThan(MOST_AT_ONCE / 2);
    const { items } = await admin.request<{ items: InstallationObject[] }>({
      method: 'GET',
      path: installationsPath(namespace),
    });
    const fleet = items.filter(({ metadata }) => automatic.includes(metadata.name));
    expect(fleet).toHaveLength(FLEET);
    for (const one of fleet) {
      expect(isReady(one), one.metadata.name).toBe(true);
      expect(one.status, one.metadata.name).toMatchObject({
        currentVersion: '1.0.0',
        installedVersion: '1.0.0',
        failedVersions: [{ version: '1.1.0', attempts: 1 }],
      });
    }
  });

  it('let those who ask go before: what they want is begun before a turn of the others has passed', async () => {
    const askedAt = await timesOf((e) => e.userAgent === 'people' && e.resource === 'providerinstallations');
    const begunAt = await timesOf((e) => e.userAgent.startsWith(OPERATOR) && e.resource === 'deployments');

    const others = automatic.map((name) => begunAt.get(name)?.[0] ?? Infinity);
    expect(asked).not.toEqual([]);
    for (const name of asked) {
      const [from = Infinity] = askedAt.get(name) ?? [];
      const [to = Infinity] = begunAt.get(name) ?? [];
      expect([from, to].every(Number.isFinite), name).toBe(true);
      expect(others.filter((at) => at > from && at < to).length, name).toBeLessThan(MOST_AT_ONCE);
    }
  });

  it('cost each one attempt and one way back, and little is told of it', async () => {
    const own = (resource: string) => (e: AuditEvent) => e.userAgent.startsWith(OPERATOR) && e.resource === resource;
    const applies = await timesOf(own('deployments'));
    const statuses = await timesOf(own('providerinstallations'));

    expect(automatic.filter((name) => applies.get(name)?.length !== 2)).toEqual([]);
    const told = automatic.reduce((sum, name) => sum + (statuses.get(name)?.length ?? 0), 0);
    expect(told / FLEET).toBeLessThanOrEqual(MOST_STATUSES);
  });

  /** When these patches were requested after the bad release was published, by the name of the object. */
  async function timesOf(isOne: (event: AuditEvent) => boolean): Promise<Map<string, number[]>> {
    const times = new Map<string, number[]>();
    for await (const event of auditEvents(auditLog(), publishedAt)) {
      if (event.verb === 'patch' && event.namespace === namespace && isOne(event)) {
        times.set(event.name, [...(times.get(event.name) ?? []), event.receivedAt]);
      }
    }
    return times;
  }
});
