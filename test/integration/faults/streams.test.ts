import { beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { firstOfEach, isWatch, matching, type ApiRequest } from '../../faults/api-request.ts';
import { startSettled } from '../../faults/settled.ts';
import { prepare } from '../support/cluster.ts';
import { eventually } from '../support/kubectl.ts';

const cluster = inject('controlPlane');

const isWatchOf = (resource: string) => matching({ verb: 'watch', resource });
const isRelist = (request: ApiRequest) => request.verb === 'list' || request.isWatchList;
/**
 * Leaves out the installation that is dropped: its children may be collected before the operator has seen that it is
 * gone, and are then healed in vain.
 */
const isChildWrite = ({ verb, resource, name }: ApiRequest) =>
  verb === 'patch' && resource === 'deployments' && name !== 'dropped';
/** A round of changes needs two writes, for an edit and a new installation. More would be in vain. */
const WRITES_PER_ROUND = 2;
/**
 * Installations, Providers, SystemSoftware, Deployments, Services, PodDisruptionBudgets, ControllerRevisions, Pods and
 * ConfigMaps.
 */
const WATCHES = 9;

describe.skipIf(!cluster.disposable)('a watch that breaks', { concurrent: true }, () => {
  beforeAll(() => prepare('streams'));

  const setUp = (namespace: string, context: TestContext) => startSettled({ ...cluster, namespace }, context);

  it('in the midst of an event goes on from the last whole one', async (context) => {
    const { proxy, workload, asked } = await setUp('cut', context);
    proxy.inject({ kind: 'cut-mid-event' }, isWatchOf('providerinstallations'), 1);
    proxy.inject({ kind: 'cut-mid-event' }, isWatchOf('deployments'), 2);

    await workload.change('cut');
    await workload.converges();

    expect(asked(isRelist)).toEqual([]);
    expect(asked(isChildWrite)).toHaveLength(WRITES_PER_ROUND);
  });

  it('with a 410 as an event begins anew, and sees what was deleted meanwhile', async (context) => {
    const { proxy, workload, asked } = await setUp('expired', context);
    const held = proxy.inject({ kind: 'delay', ms: 1000 }, isWatchOf('providerinstallations'), 1);
    proxy.watches.forEach((watch) => watch.fail(410));

    await workload.change('expired');
    await workload.converges();
    await workload.damage('kept');
    await workload.converges();

    expect(held.hits).toBe(1);
    expect(new Set(asked(isRelist).map((p) => p.resource)).size).toBe(WATCHES);
    expect(asked(isChildWrite)).toHaveLength(WRITES_PER_ROUND + 1);
  });

  it('with a 410 as an answer begins anew', async (context) => {
    const { proxy, workload, asked } = await setUp('expired-at-once', context);
    const expired = firstOfEach((request) => isWatch(request) && !request.isWatchList);
    const refusal = proxy.inject({ kind: 'refuse', code: 410 }, expired);
    proxy.watches.forEach((watch) => watch.end());

    await workload.change('expired');
    await workload.converges();

    await eventually(async () => new Set(asked(isRelist).map((p) => p.resource)).size === WATCHES);
    expect(refusal.hits).toBe(WATCHES);
    expect(asked(isChildWrite)).toHaveLength(WRITES_PER_ROUND);
  });

  it('with a 500 as an event and then as an answer goes on from where it was', async (context) => {
    const { proxy, workload, asked } = await setUp('failed', context);
    const refusal = proxy.inject({ kind: 'refuse', code: 500 }, firstOfEach(isWatch));
    proxy.watches.forEach((watch) => watch.fail(500));

    await workload.change('failed');
    await workload.converges();

    expect(refusal.hits).toBe(WATCHES);
    expect(asked(isRelist)).toEqual([]);
    expect(asked(isChildWrite)).toHaveLength(WRITES_PER_ROUND);
  });

  it('with a 429 waits for as long as it was told, and so does a list', async (context) => {
    const { proxy, workload, asked } = await setUp('throttled', context);
    proxy.inject({ kind: 'refuse', code: 429, retryAfterSeconds: 4 }, isWatchOf('deployments'), 1);
    proxy.watches.forEach((watch) => watch.request.resource === 'deployments' && watch.end());
    const isListing = (request: ApiRequest) => request.resource === 'services' && isRelist(request);
    proxy.inject({ kind: 'refuse', code: 429, retryAfterSeconds: 4 }, isListing, 1);
    proxy.watches.forEach((watch) => watch.request.resource === 'services' && watch.fail(410));

    await workload.change('throttled');
    await workload.converges();

    for (const match of [isWatchOf('deployments'), isListing]) {
      await eventually(async () => asked(match).length > 1);
      const [refused, next] = asked(match);
      expect(refused?.told).toBe(429);
      expect(next!.at - refused!.at).toBeGreaterThanOrEqual(4000);
    }
  });

  it('that repeats events, old ones too, changes nothing', async (context) => {
    const { proxy, workload, asked } = await setUp('replayed', context);
    const replay = proxy.inject({ kind: 'replay', last: 5 }, isWatch);

    await workload.change('replayed');
    await workload.converges();
    // The name is used again: repeated events of the former object must not harm the new one.
    await workload.drop('replayed');
    await workload.collected();
    await workload.want('replayed', 'again');
    await workload.converges();

    expect(replay.hits).toBeGreaterThan(10);
    expect(asked(isChildWrite)).toHaveLength(WRITES_PER_ROUND + 1);
  });
});
