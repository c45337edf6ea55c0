import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startControlPlane, type ControlPlane } from '../../control-plane/boot.ts';
import { isWatch, type ApiRequest } from '../../faults/api-request.ts';
import { prepareOwn } from '../../faults/own-cluster.ts';
import type { Passage } from '../../faults/passage.ts';
import type { FaultProxy } from '../../faults/proxy.ts';
import { kubeconfigsOf, startSettled, type Settled } from '../../faults/settled.ts';
import { prepare } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';

const cluster = inject('controlPlane');

const isWatchList = (request: ApiRequest) => request.isWatchList;
const isList = (request: ApiRequest) => request.verb === 'list';
const resourcesOf = (passages: readonly Passage[]) => new Set(passages.map(({ resource }) => resource));
/**
 * Installations, Providers, SystemSoftware, Deployments, Services, PodDisruptionBudgets, ControllerRevisions, Pods and
 * ConfigMaps.
 */
const WATCHES = 9;

describe.skipIf(!cluster.disposable)('where a stream of all objects', { concurrent: true }, () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    await prepare('watch-list');
    plane = await startControlPlane({ nodes: 1, apiServerFlags: ['--feature-gates=WatchList=false'] });
    await prepareOwn(plane.kubeconfig);
  });
  afterAll(() => plane.stop());

  /** Expects that the operator had to list, begins again by listing, and does not ask for a stream again. */
  async function expectListsOnly({ proxy, workload }: Settled) {
    expect(resourcesOf(proxy.passages.filter(isWatchList)).size).toBe(WATCHES);
    expect(proxy.passages.filter(isWatchList)).toHaveLength(WATCHES);
    expect(proxy.passages.filter(isList)).toHaveLength(WATCHES);

    proxy.watches.forEach((watch) => watch.fail(410));
    await workload.change('relisted');
    await workload.converges();

    await eventually(async () => resourcesOf(proxy.passages.filter(isList).slice(WATCHES)).size === WATCHES);
    expect(proxy.passages.filter(isWatchList)).toHaveLength(WATCHES);
  }

  it('is refused by a real server, it lists, and asks for no stream again', async (context) => {
    const settled = await startSettled({ ...kubeconfigsOf(plane), namespace: 'refused' }, context);

    expect(settled.proxy.passages.filter(isWatchList).map((p) => p.served)).toEqual(Array(WATCHES).fill(422));
    await expectListsOnly(settled);
  });

  it.for([400, 422])('is refused with a %s, it lists, and asks for no stream again', async (code, context) => {
    const prepare = (proxy: FaultProxy) => void proxy.inject({ kind: 'refuse', code }, isWatchList);
    const settled = await startSettled({ ...cluster, namespace: `refused-${code}`, prepare }, context);

    expect(settled.proxy.passages.filter(isWatchList).map((p) => p.told)).toEqual(Array(WATCHES).fill(code));
    await expectListsOnly(settled);
  });

  it.for(['withhold-initial-end', 'withhold-bookmarks'] as const)(
    'never says that it has come to its end (%s), it lists, once',
    async (fault, context) => {
      const settled = await startSettled({ ...cluster, namespace: fault }, context);
      const { proxy, workload } = settled;
      expect(proxy.passages.filter(isList), 'it streams where it can').toEqual([]);
      const withheld = proxy.inject({ kind: fault }, isWatch);

      proxy.watches.forEach((watch) => watch.fail(410));
      await workload.change('relisted');
      await workload.converges();

      await eventually(async () => resourcesOf(proxy.passages.filter(isList)).size === WATCHES);
      expect(proxy.passages.filter(isList)).toHaveLength(WATCHES);
      expect(withheld.hits).toBeGreaterThanOrEqual(WATCHES);
      await eventually(async () => (await fetch(`${settled.operator.url}/readyz`)).ok);
    },
  );

  it('cannot be had: a list is asked for what is true now, never for what some server remembers', async (context) => {
    const { proxy, workload, asked } = await startSettled({ ...cluster, namespace: 'remembered' }, context);
    proxy.inject(
      { kind: 'refuse', code: 400 },
      (request) => isWatchList(request) && request.resource === 'deployments',
    );
    proxy.watches.forEach((watch) => watch.fail(410));
    await workload.change('relisted');
    await workload.converges();
    await eventually(async () => asked(isList).length === 1 && resourcesOf(asked(isWatchList)).size === WATCHES);

    const initial = proxy.passages.filter((request) => isList(request) || isWatchList(request));
    expect(initial.map(({ resourceVersion }) => resourceVersion)).toEqual(initial.map(() => ''));
  });
});
