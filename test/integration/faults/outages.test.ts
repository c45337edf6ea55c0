import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { startControlPlane, type ControlPlane } from '../../control-plane/boot.ts';
import { isWatch, matching, type ApiRequest } from '../../faults/api-request.ts';
import { dialsPerWatch } from '../../faults/counts.ts';
import { lasting } from '../../faults/fault-duration.ts';
import { prepareOwn } from '../../faults/own-cluster.ts';
import type { Probed } from '../../faults/probes.ts';
import { sumOf } from '../../faults/rates.ts';
import { kubeconfigsOf, startSettled, startSettledWithoutProxy, type Kubeconfigs } from '../../faults/settled.ts';
import { CONFIG_MAPS } from '../../../src/reconcile/resources.ts';
import { prepare } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';

const cluster = inject('controlPlane');

const OUTAGE_MS = 30_000;
const MOST_DIALS_IN_AN_OUTAGE = 8;
/**
 * Installations, Providers, SystemSoftware, Deployments, Services, PodDisruptionBudgets, ControllerRevisions, Pods and
 * ConfigMaps.
 */
const WATCHES = 9;
/** So many writes more than a backup has: the cluster takes some minutes for as many. */
const AHEAD = 1500;
const anything = () => true;
const isRelist = (request: ApiRequest) => request.verb === 'list' || request.isWatchList;

/** The slow tests run side by side, each operator in a namespace or a cluster of its own. */
describe.skipIf(!cluster.disposable)('an operator', { concurrent: true }, () => {
  let planes: readonly ControlPlane[];
  beforeAll(async () => {
    await prepare('outages');
    planes = await Promise.all([1, 2, 3].map(() => startControlPlane({ nodes: 1 })));
    await Promise.all(planes.map((plane) => prepareOwn(plane.kubeconfig)));
  });
  afterAll(() => Promise.all(planes.map((plane) => plane.stop())));

  const setUp = (namespace: string, context: TestContext, where: Kubeconfigs = cluster) =>
    startSettled({ ...where, namespace }, context);

  /** Expects that readiness is lost some time after `from`, and does not come back before `to`. */
  function expectUnready(probed: readonly Probed[], from: number, to: number): void {
    const said = probed.filter(({ at }) => at > from && at < to).map(({ readyz }) => readyz);
    expect(said).toContain(503);
    expect(new Set(said.slice(said.indexOf(503)))).toEqual(new Set([503]));
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

    await workload.actedOn();
    await workload.rolledOut();
    await workload.converges();
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
    await workload.actedOn();
    await workload.rolledOut();
    await workload.converges();

    const expired = proxy.passages.filter(({ failed, served }) => failed === 410 || served === 410);
    expect(expired.length).toBeGreaterThan(0);
    await eventually(async () => expired.every((e) => asked(isRelist).some((p) => p.resource === e.resource)));
  });

  it('dials seldom while nobody answers, and acts on what changed meanwhile', async (context) => {
    const { proxy, probes, operator, workload, asked } = await setUp('outage', context);
    const [before, from] = [proxy.accepted.length, performance.now()];
    proxy.down();
    await workload.change('meanwhile');
    await workload.damage('kept');

    await lasting(OUTAGE_MS);
    const dials = dialsPerWatch(asked(anything));
    const [after, until] = [proxy.accepted.length, performance.now()];
    proxy.up();
    await workload.converges();

    expect(Object.keys(dials)).toHaveLength(WATCHES);
    expect(Math.max(...Object.values(dials))).toBeLessThanOrEqual(MOST_DIALS_IN_AN_OUTAGE);
    // Every connection carried a request.
    const dialled = Array.from({ length: after - before }, (_, i) => before + i);
    expect(dialled.filter((connection) => !asked(anything).some((p) => p.connection === connection))).toEqual([]);
    expectUnready(probes.probed, from, until);
    await eventually(async () => (await fetch(`${operator.url}/readyz`)).ok);
    // Nobody knows what happened to etcd meanwhile.
    expect(asked(isRelist).filter(({ served }) => served === 200)).toHaveLength(WATCHES);
  });

  // kubernetes/kubernetes#107457, kubernetes/kubernetes#135452: a watch from the future is not refused, it is silent.
  it('sees what changes after etcd was restored from a backup', async (context) => {
    const plane = planes[2]!;
    const { workload, api, operator } = await startSettledWithoutProxy(
      { ...kubeconfigsOf(plane), namespace: 'restored' },
      context,
    );
    const restore = await plane.backUp();
    await workload.converges();
    // The versions of the cluster run far ahead of those in the backup: it would take many minutes until they are reached again.
    for (let i = 0; i < AHEAD; i += 1) {
      const metadata = { name: 'counter', namespace: 'restored' };
      await api.apply(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { i: String(i) } });
    }
    await workload.want('edited', 'lost');
    await workload.converges();

    await restore();
    await workload.want('edited', 'restored');
    await workload.damage('kept');
    await workload.converges();
    expect((await fetch(`${operator.url}/readyz`)).ok).toBe(true);
  });

  it('notices that nothing comes any more, although nobody said so, and dials once for each watch', async (context) => {
    const { proxy, workload, asked } = await setUp('silence', context);
    proxy.silence();
    await workload.change('unheard');
    await workload.damage('kept');

    await eventually(async () => Object.keys(dialsPerWatch(asked(isWatch))).length === WATCHES);
    await workload.converges();

    expect(Object.values(dialsPerWatch(asked(anything)))).toEqual(Array(WATCHES).fill(1));
    expect(asked(isRelist)).toHaveLength(WATCHES);
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
    await workload.converges();

    expect(unanswered.hits).toBe(1);
    expect(closing.hits).toBeGreaterThan(WATCHES);
    expect(Math.max(...Object.values(dials))).toBeLessThanOrEqual(MOST_DIALS_IN_AN_OUTAGE);
    expect(asked(isRelist)).toEqual([]);
  });
});
