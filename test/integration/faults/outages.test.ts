import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { startControlPlane, type ControlPlane } from '../../control-plane/boot.ts';
import { isWatch, matching, type ApiRequest } from '../../faults/api-request.ts';
import { dialsPerWatch } from '../../faults/counts.ts';
import { lasting } from '../../faults/fault-duration.ts';
import { prepareOwn } from '../../faults/own-cluster.ts';
import type { Probed } from '../../faults/probes.ts';
import { sumOf } from '../../faults/rates.ts';
import { kubeconfigsOf, startSettled, startSettledWithoutProxy, type Kubeconfigs } from '../../faults/settled.ts';
import { prepare } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';

const cluster = inject('controlPlane');

const OUTAGE_MS = 30_000;
const MOST_DIALS_IN_AN_OUTAGE = 8;
/** Installations, Providers, Deployments, Services, PodDisruptionBudgets, ControllerRevisions, Pods and ConfigMaps. */
const WATCHES = 9;
/** Not ready is who has missed something for longer than a watch takes to be opened again. */
const NOTICED_WITHIN_MS = 15_000;
/**
 * The controller-manager, the scheduler and kwok come back at their own pace: a reflector of client-go waits up to 30 s
 * between two lists, doubled by its jitter, and what one of them writes the next has to see.
 */
const OTHERS_RECOVER_WITHIN_MS = 150_000;
/** From the last pod's readiness to the word of it. */
const SAID_WITHIN_MS = 5_000;
/** A connection that was accepted has asked for something by then, or was cut. */
const ASKED_WITHIN_MS = 2_000;
const anything = () => true;
const isRelist = (request: ApiRequest) => request.verb === 'list' || request.isWatchList;

/** All that is slow suffers side by side, each operator in a namespace or a cluster of its own. */
describe.skipIf(!cluster.disposable)('an operator', { concurrent: true, timeout: 300_000 }, () => {
  let planes: readonly ControlPlane[];
  beforeAll(async () => {
    await prepare('outages');
    planes = await Promise.all([startControlPlane({ nodes: 1 }), startControlPlane({ nodes: 1 })]);
    await Promise.all(planes.map((plane) => prepareOwn(plane.kubeconfig)));
  });
  afterAll(() => Promise.all(planes.map((plane) => plane.stop())));

  const setUp = (namespace: string, context: TestContext, where: Kubeconfigs = cluster) =>
    startSettled({ ...where, namespace }, context);

  function expectUnready(probed: readonly Probed[], from: number, to: number): void {
    const late = probed.filter(({ at }) => at > from + NOTICED_WITHIN_MS && at < to);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late.map(({ readyz }) => readyz))).toEqual(new Set([503]));
  }

  it('lives through a restart of the apiserver that takes 30 s', async (context) => {
    const plane = planes[0]!;
    const where = { ...kubeconfigsOf(plane), namespace: 'restart' };
    const { operator, probes, workload } = await startSettledWithoutProxy(where, context);
    const unanswered = async () =>
      sumOf(await (await fetch(`${operator.url}/metrics`)).text(), 'rest_client_requests_total', 'code="<error>"');
    const [from, before] = [performance.now(), await unanswered()];

    let [until, asked] = [0, 0];
    await plane.restartApiServer(async () => {
      await lasting(OUTAGE_MS);
      asked = (await unanswered()) - before;
      until = performance.now();
    });
    await workload.change('restarted');
    await workload.damage('kept');

    await workload.actedOn(20_000);
    await workload.rolledOut(OTHERS_RECOVER_WITHIN_MS);
    await workload.converges(SAID_WITHIN_MS);
    await eventually(async () => (await fetch(`${operator.url}/readyz`)).ok);
    expectUnready(probes.probed, from, until);
    expect(asked).toBeGreaterThanOrEqual(WATCHES);
    expect(asked).toBeLessThanOrEqual(WATCHES * MOST_DIALS_IN_AN_OUTAGE);
  });

  it('begins anew where the past was compacted away, and sees what was deleted in it', async (context) => {
    const plane = planes[1]!;
    const { proxy, workload, asked } = await setUp('compacted', context, kubeconfigsOf(plane));
    proxy.down();
    await workload.change('compacted');
    await workload.damage('kept');

    await plane.compact();
    await plane.restartApiServer();
    proxy.up();
    await workload.actedOn(20_000);
    await workload.rolledOut(OTHERS_RECOVER_WITHIN_MS);
    await workload.converges(SAID_WITHIN_MS);

    const expired = proxy.passages.filter(({ failed, served }) => failed === 410 || served === 410);
    expect(expired.length).toBeGreaterThan(0);
    await eventually(async () => expired.every((e) => asked(isRelist).some((p) => p.resource === e.resource)), 35_000);
  });

  it('dials seldom while nobody answers, and acts at once on what changed meanwhile', async (context) => {
    const { proxy, probes, operator, workload, asked } = await setUp('outage', context);
    const [accepted, from] = [proxy.accepted.length, performance.now()];
    proxy.down();
    await workload.change('meanwhile');
    await workload.damage('kept');

    await lasting(OUTAGE_MS);
    const dials = dialsPerWatch(asked(anything));
    const connected = proxy.accepted.length - accepted;
    await lasting(ASKED_WITHIN_MS);
    const dialled = asked(anything).length;
    const until = performance.now();
    proxy.up();
    await workload.converges(20_000);

    expect(Object.keys(dials)).toHaveLength(WATCHES);
    expect(Math.max(...Object.values(dials))).toBeLessThanOrEqual(MOST_DIALS_IN_AN_OUTAGE);
    // Nobody dialled without asking for anything.
    expect(connected).toBeLessThanOrEqual(dialled);
    expectUnready(probes.probed, from, until);
    await eventually(async () => (await fetch(`${operator.url}/readyz`)).ok);
    expect(asked(isRelist)).toEqual([]);
  });

  it('notices within 90 s that nothing comes any more, although nobody said so', async (context) => {
    const { proxy, workload, asked } = await setUp('silence', context);
    const from = performance.now();
    proxy.silence();
    await workload.change('unheard');
    await workload.damage('kept');

    const redialled = () => new Map(asked(isWatch).map((p) => [p.resource, p.at]));
    await eventually(async () => redialled().size === WATCHES, 95_000);
    await workload.converges(15_000);

    expect(Math.max(...redialled().values()) - from).toBeLessThanOrEqual(90_000);
    expect(asked(isRelist)).toEqual([]);
  });

  it('bears a server that ends every watch after 2 s, and one that does not answer a write', async (context) => {
    const { proxy, workload, asked } = await setUp('impatient', context);
    const closing = proxy.inject({ kind: 'close-after', ms: 2000 }, isWatch);
    const unanswered = proxy.inject({ kind: 'silence' }, matching({ verb: 'patch', resource: 'deployments' }), 1);
    proxy.watches.forEach((watch) => watch.end());
    await workload.change('impatient');

    await lasting(OUTAGE_MS);
    const dials = dialsPerWatch(asked(anything));
    closing.remove();
    await workload.change('patient');
    await workload.converges(45_000);

    expect(unanswered.hits).toBe(1);
    expect(closing.hits).toBeGreaterThan(WATCHES);
    expect(Math.max(...Object.values(dials))).toBeLessThanOrEqual(MOST_DIALS_IN_AN_OUTAGE);
    expect(asked(isRelist)).toEqual([]);
  });
});
