import { expect, it } from 'vitest';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { WorkQueue } from '../../../src/controller/queue.ts';
import { startWorkers, type Outcome, type Reconcile, type Reconciled } from '../../../src/controller/workers.ts';

function setUp(reconcile: Reconcile, count = 1) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, random: () => 1 });
  const ended: Reconciled[] = [];
  const workers = startWorkers({
    queue,
    count,
    reconcile,
    timeoutMs: 120_000,
    clock,
    onReconciled: (run) => ended.push(run),
  });
  return { clock, queue, ended, workers };
}

function failure(properties: object): Error {
  return Object.assign(new Error('No'), properties);
}

it.each`
  run                         | outcome                                              | result             | again
  ${'has nothing left to do'} | ${{}}                                                | ${'success'}       | ${undefined}
  ${'wants to look again'}    | ${{ requeueAfterMs: 5000 }}                          | ${'requeue_after'} | ${5000}
  ${'has a bug'}              | ${new TypeError('x is undefined')}                   | ${'error'}         | ${200}
  ${'may help by waiting'}    | ${failure({ retry: 'backoff' })}                     | ${'error'}         | ${200}
  ${'was asked to wait'}      | ${failure({ retry: 'backoff', retryAfterMs: 7000 })} | ${'error'}         | ${7000}
  ${'cannot help it'}         | ${failure({ retry: 'never' })}                       | ${'terminal'}      | ${undefined}
`('a run that $run ends as $result and comes again after $again ms', async ({ outcome, result, again }) => {
  const { clock, queue, ended } = setUp(async () => {
    if (outcome instanceof Error) {
      throw outcome;
    }
    return outcome as Outcome;
  });
  queue.add('a');
  await settle();

  expect(ended).toMatchObject([{ key: 'a', result, ...(outcome instanceof Error && { error: outcome }) }]);
  expect(clock.untilNext).toBe(again);
});

it('runs a key again at once that came too early, and then ever more slowly', async () => {
  const { clock, queue, ended } = setUp(async () => {
    throw failure({ retry: 'now' });
  });
  queue.add('a');
  await settle();

  expect(ended.map(({ result }) => result)).toEqual(['requeue', 'requeue']);
  expect(clock.untilNext).toBe(400);
});

it('forgives failures after a success', async () => {
  const outcomes: (() => Outcome)[] = [
    () => {
      throw new Error('No');
    },
    () => ({}),
    () => {
      throw new Error('No');
    },
  ];
  const { clock, queue } = setUp(async () => outcomes.shift()!());
  queue.add('a');
  await clock.advance(200);
  expect(queue.failing).toBe(0);

  queue.add('a');
  await settle();

  expect(clock.untilNext).toBe(200);
});

it('goes on after a run that throws before it returns a promise', async () => {
  const seen: string[] = [];
  const { queue } = setUp((key) => {
    seen.push(key);
    throw new Error('No');
  });
  queue.add('a');
  queue.add('b');
  await settle();

  expect(seen).toEqual(['a', 'b']);
});

it('runs as many keys at once as it has workers, and none twice', async () => {
  const running: string[] = [];
  const { queue } = setUp((key) => {
    running.push(key);
    return new Promise(() => {});
  }, 2);
  ['a', 'b', 'c', 'a'].forEach((key) => queue.add(key));
  await settle();

  expect(running).toEqual(['a', 'b']);
});

it('gives each run an id of its own and reports under it', async () => {
  const ids: string[] = [];
  const { queue, ended } = setUp(async (_, { reconcileID }) => {
    ids.push(reconcileID);
    return {};
  });
  queue.add('a');
  queue.add('b');
  await settle();

  expect(new Set(ids).size).toBe(2);
  expect(ended.map(({ reconcileID }) => reconcileID)).toEqual(ids);
});

it('stops when the runs in flight have ended, and starts no other', async () => {
  const release = Promise.withResolvers<Outcome>();
  const { queue, workers, ended } = setUp(() => release.promise);
  queue.add('a');
  queue.add('b');
  await settle();
  let stopped = false;

  const stopping = workers.stop().then(() => (stopped = true));
  await settle();
  expect(stopped).toBe(false);
  release.resolve({ requeueAfterMs: 1000 });
  await stopping;

  expect(ended.map(({ key }) => key)).toEqual(['a']);
  expect(queue.delayed).toBe(0);
});

it('gives up a run that does not end, tells it so, and goes on with other keys', async () => {
  const signals: AbortSignal[] = [];
  const { clock, queue, ended } = setUp((key, { signal }) => {
    signals.push(signal);
    return key === 'stuck' ? new Promise(() => {}) : Promise.resolve({});
  });
  queue.add('stuck');
  queue.add('b');
  await clock.advance(119_999);
  expect(ended).toEqual([]);
  await clock.advance(1);

  expect(ended).toMatchObject([
    { key: 'stuck', result: 'error', error: { name: 'ReconcileTimeout', message: 'Not done within 120 s' } },
    { key: 'b', result: 'success' },
  ]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(queue.delayed).toBe(1);
});
