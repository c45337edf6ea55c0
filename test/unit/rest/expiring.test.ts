import { describe, expect, it } from 'vitest';
import { Expiring } from '../../../src/rest/expiring.ts';
import type { Clock } from '../../../src/controller/clock.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const TTL_MS = 10_000;

function setUp({ most = 100, ttlMs = () => TTL_MS }: { most?: number; ttlMs?: (value: string) => number } = {}) {
  const time = new FakeClock();
  const clock: Clock = {
    monotonic: () => time.monotonic(),
    setTimeout: (fn, ms) => time.setTimeout(fn, ms),
    now: () => {
      throw new Error('Somebody may set that clock back');
    },
  };
  const cache = new Expiring<string>({ most, clock, ttlMs });
  const loads: string[] = [];
  const ask = (key: string, value: Promise<string> = Promise.resolve(key)): Promise<string> =>
    cache.get(key, () => {
      loads.push(key);
      return value;
    });
  return { cache, time, loads, ask };
}

describe('one load', () => {
  // https://github.com/kubernetes/kubernetes/issues/83259: N requests at once made N reviews, until none got through.
  // https://github.com/kubernetes/kubernetes/pull/85242
  it('is for all who ask while it is under way, and for nobody else', async () => {
    const { loads, ask } = setUp();
    const review = Promise.withResolvers<string>();
    const answers = Promise.all([ask('alice', review.promise), ask('alice'), ask('alice'), ask('bob')]);
    review.resolve('alice is a user');

    expect(await answers).toEqual(['alice is a user', 'alice is a user', 'alice is a user', 'bob']);
    expect(loads).toEqual(['alice', 'bob']);
  });

  // https://github.com/platform-mesh/platform-mesh/pull/343: one who missed the value just before it came loaded it again.
  it('is enough for who asks in the very moment when it ends', async () => {
    const { loads, ask } = setUp();
    const first = ask('alice');
    const second = first.then(() => ask('alice'));

    expect(await second).toBe('alice');
    expect(loads).toEqual(['alice']);
  });
});

describe('a value', () => {
  it('is good until its time is over, whatever is set on the wall clock', async () => {
    const { time, loads, ask } = setUp();
    await ask('alice');
    time.tick(TTL_MS - 1);
    await ask('alice');
    expect(loads).toHaveLength(1);

    time.tick(1);
    await ask('alice');
    expect(loads).toHaveLength(2);
  });

  it('is not good for longer because it is asked for often', async () => {
    const { time, loads, ask } = setUp();
    for (let second = 0; second < 100; second += 1) {
      await ask('alice');
      time.tick(1_000);
    }

    expect(loads).toHaveLength(10);
  });

  it('is as old as its load: what was true when it began may have been revoked before it ended', async () => {
    const { cache, time, loads, ask } = setUp();
    const review = Promise.withResolvers<string>();
    const first = ask('alice', review.promise);
    time.tick(TTL_MS - 1);
    review.resolve('late');
    await first;
    await ask('alice');
    expect(loads).toHaveLength(1);

    time.tick(1);
    await ask('alice');
    expect(loads).toHaveLength(2);
    expect(cache.size).toBe(1);
  });

  // https://github.com/kubernetes/kubernetes/pull/84687: what was denied was kept as long as what was allowed.
  it('says itself how long it is good', async () => {
    const { time, loads, ask } = setUp({ ttlMs: (value) => (value === 'allowed' ? TTL_MS : 1_000) });
    await Promise.all([ask('alice', Promise.resolve('allowed')), ask('eve', Promise.resolve('denied'))]);
    time.tick(1_000);
    await Promise.all([ask('alice'), ask('eve')]);

    expect(loads).toEqual(['alice', 'eve', 'eve']);
  });

  it('is not kept where it is good for no time, and still is one load for all who wait', async () => {
    const { cache, loads, ask } = setUp({ ttlMs: () => 0 });
    await Promise.all([ask('eve'), ask('eve')]);
    await settle();

    expect(loads).toEqual(['eve']);
    expect(cache.size).toBe(0);
    await ask('eve');
    expect(loads).toEqual(['eve', 'eve']);
  });
});

describe('a load that fails', () => {
  // https://github.com/kubeguard/guard/pull/340, https://github.com/kubernetes/kubernetes/pull/27889,
  // https://github.com/opendatahub-io/models-as-a-service/pull/786: a moment without an API server locked people out.
  it('is told to all who wait for it, and is not kept', async () => {
    const { cache, ask } = setUp();
    const review = Promise.withResolvers<string>();
    const answers = Promise.allSettled([ask('alice', review.promise), ask('alice')]);
    const unavailable = new Error('503');
    review.reject(unavailable);

    expect(await answers).toEqual([
      { status: 'rejected', reason: unavailable },
      { status: 'rejected', reason: unavailable },
    ]);
    await settle();
    expect(cache.size).toBe(0);
    expect(await ask('alice')).toBe('alice');
  });

  it('does not take away what took its place', async () => {
    const { loads, ask } = setUp({ most: 1 });
    const lost = Promise.withResolvers<string>();
    const first = ask('alice', lost.promise);
    await ask('bob');
    await ask('alice');
    lost.reject(new Error('503'));
    await expect(first).rejects.toThrow('503');
    await settle();

    expect(await ask('alice')).toBe('alice');
    expect(loads).toEqual(['alice', 'bob', 'alice']);
  });

  it('does not even keep a value whose time cannot be told', async () => {
    const { cache, ask } = setUp({
      ttlMs: () => {
        throw new Error('no expiry');
      },
    });

    expect(await ask('alice')).toBe('alice');
    await settle();
    expect(cache.size).toBe(0);
  });
});

describe('a crowd of keys', () => {
  // https://github.com/agentscope-ai/AgentTeams/pull/810, https://github.com/stolostron/console/pull/6302,
  // https://github.com/AlistGo/alist/issues/9524: caches of tokens and of reviews that grew for ever.
  it.each([
    ['that are good', (key: string) => Promise.resolve(key)],
    ['that load for ever', () => new Promise<string>(() => undefined)],
    ['that fail', () => Promise.reject(new Error('503'))],
  ])('takes no more room than there is, with %s', async (_name, load) => {
    const { cache, time, ask } = setUp({ most: 50 });
    let largest = 0;
    for (let count = 0; count < 5_000; count += 1) {
      ask(`token-${count}`, load(`token-${count}`)).catch(() => undefined);
      largest = Math.max(largest, cache.size);
      time.tick(1);
    }
    await settle();

    expect(largest).toBe(50);
  });

  // https://github.com/volcano-sh/agentcube/pull/296: what was in use went first, because it had come first.
  it('takes the place of what nobody has asked for longest', async () => {
    const { loads, ask } = setUp({ most: 3 });
    for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'c']) {
      await ask(key);
    }
    expect(loads).toEqual(['a', 'b', 'c', 'd']);

    await ask('b');
    expect(loads).toEqual(['a', 'b', 'c', 'd', 'b']);
  });

  // https://github.com/ai-dynamo/modelexpress/issues/530: tokens that somebody made up drove out those of users.
  it('does not drive out what is in use, where a no is not kept', async () => {
    const { loads, ask } = setUp({ most: 10, ttlMs: (value) => (value === 'no' ? 0 : TTL_MS) });
    for (let count = 0; count < 1_000; count += 1) {
      await ask(`made-up-${count}`, Promise.resolve('no'));
      await ask('alice');
    }

    expect(loads.filter((key) => key === 'alice')).toHaveLength(1);
  });

  // https://github.com/volcano-sh/agentcube/pull/334: what had expired held places for ever.
  it('does not wait for a place behind what has expired', async () => {
    const { cache, time, loads, ask } = setUp({ most: 2 });
    await ask('a');
    await ask('b');
    time.tick(TTL_MS);
    await ask('b');
    await ask('c');
    await ask('b');

    expect(loads).toEqual(['a', 'b', 'b', 'c']);
    expect(cache.size).toBe(2);
  });
});
