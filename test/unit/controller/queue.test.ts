import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { WorkQueue, type QueueOptions } from '../../../src/controller/queue.ts';

function setUp(options: QueueOptions = {}): { clock: FakeClock; queue: WorkQueue } {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue({ clock, random: () => 1, ...options }) };
}

/** Takes and finishes every key in line, and returns the keys in order. */
async function drain(queue: WorkQueue): Promise<string[]> {
  const taken: string[] = [];
  while (queue.depth > 0) {
    const key = await queue.take();
    taken.push(key ?? '');
    queue.done(key ?? '');
  }
  return taken;
}

describe('the line', () => {
  it('hands out keys in the order in which they came', async () => {
    const { queue } = setUp();
    queue.add('a');
    queue.add('b');
    expect(await queue.take()).toBe('a');
    queue.add('c');
    queue.add('d');

    expect(await drain(queue)).toEqual(['b', 'c', 'd']);
  });

  it('has a key once, however often it was added', async () => {
    const { queue } = setUp();
    queue.add('a');
    queue.add('a');

    expect(queue.depth).toBe(1);
    expect(await drain(queue)).toEqual(['a']);
  });

  it('gives a key to who waits for one', async () => {
    const { queue } = setUp();
    const first = queue.take();
    const second = queue.take();

    queue.add('a');
    queue.add('b');

    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });

  it('keeps a key that is added while it runs until it is done', async () => {
    const { queue } = setUp();
    queue.add('a');
    await queue.take();

    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');

    expect(await drain(queue)).toEqual(['a']);
  });

  it('tells how long a key was in it', async () => {
    const waits: [string, number][] = [];
    const { queue, clock } = setUp({ onTaken: (key, seconds) => waits.push([key, seconds]) });
    queue.add('a');
    clock.tick(1500);
    await drain(queue);

    expect(waits).toEqual([['a', 1.5]]);
  });
});

describe('a wake-up', () => {
  it('comes when it is due', () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 1000);

    clock.tick(999);
    expect(queue.depth).toBe(0);
    clock.tick(1);

    expect(queue.depth).toBe(1);
  });

  it.each`
    first   | second  | due
    ${1000} | ${5000} | ${1000}
    ${5000} | ${1000} | ${1000}
  `('comes at the earlier of $first and $second ms, and once', async ({ first, second, due }) => {
    const { queue, clock } = setUp();
    queue.addAfter('a', first);
    queue.addAfter('a', second);

    clock.tick(due);
    expect(await drain(queue)).toEqual(['a']);
    clock.tick(60_000);

    expect(queue.depth).toBe(0);
  });

  it('is forgotten when the key runs before', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 1000);
    queue.add('a');
    await drain(queue);

    clock.tick(1000);

    expect(queue.depth).toBe(0);
  });

  it('that is due while the key runs makes it run again', async () => {
    const { queue, clock } = setUp();
    queue.add('a');
    await queue.take();
    queue.addAfter('a', 1000);

    clock.tick(1000);
    queue.done('a');

    expect(await drain(queue)).toEqual(['a']);
  });

  it('shares one timer with all others', () => {
    const { queue, clock } = setUp();
    for (let i = 0; i < 1000; i += 1) {
      queue.addAfter(`key-${i}`, 1000 + ((i * 7919) % 1000));
    }

    expect(clock.pending).toBe(1);
    clock.tick(2000);

    expect(queue.depth).toBe(1000);
  });
});

describe('a retry', () => {
  it('waits twice as long after each failure in a row, up to a minute', async () => {
    const { queue, clock } = setUp();
    const waits: (number | undefined)[] = [];
    for (let failure = 0; failure < 11; failure += 1) {
      queue.retry('a');
      waits.push(clock.untilNext);
      clock.tick(60_000);
      await drain(queue);
    }

    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  });

  it('starts again with the shortest wait once the key did well', () => {
    const { queue, clock } = setUp();
    queue.retry('a');
    clock.tick(200);
    queue.forget('a');

    queue.retry('b');
    queue.forget('b');
    clock.tick(200);
    queue.retry('a');

    expect(clock.untilNext).toBe(200);
  });

  it('waits no less than the other side asked for', () => {
    const { queue, clock } = setUp();
    queue.retry('a', 10_000);

    expect(clock.untilNext).toBe(10_000);
  });

  it('now is at once, but not again and again', () => {
    const { queue, clock } = setUp();
    queue.retryNow('a');
    expect(queue.depth).toBe(1);
    queue.retryNow('b');
    queue.retryNow('b');

    expect(clock.untilNext).toBe(400);
  });
});

describe('a closed queue', () => {
  it('sends everybody home and takes nothing in', async () => {
    const { queue, clock } = setUp();
    const waiting = queue.take();
    queue.addAfter('a', 1000);
    queue.retry('b');

    queue.close();
    queue.add('c');
    queue.addAfter('d', 1000);
    queue.retry('e');

    expect(await waiting).toBeUndefined();
    expect(await queue.take()).toBeUndefined();
    expect([queue.depth, queue.delayed, queue.failing, clock.pending]).toEqual([0, 0, 0, 0]);
  });

  it('drops what was still in line', async () => {
    const { queue } = setUp();
    queue.add('a');
    queue.close();

    expect(await queue.take()).toBeUndefined();
  });
});

describe('laws, whatever happens in whatever order', () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key }),
    fc.record({ do: fc.constant('addAfter' as const), key, ms: fc.nat(5000) }),
    fc.record({ do: fc.constant('retry' as const), key }),
    fc.record({ do: fc.constant('retryNow' as const), key }),
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({ do: fc.constant('done' as const), nth: fc.nat(5) }),
    fc.record({ do: fc.constant('tick' as const), ms: fc.nat(5000) }),
  );

  it('a key is with one worker at a time, is taken after it was added, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { queue, clock } = setUp();
        const running: string[] = [];
        /** Keys that were added since they were last taken. */
        const owed = new Set<string>();
        const take = async (): Promise<void> => {
          const taken = (await queue.take())!;
          expect(running).not.toContain(taken);
          running.push(taken);
          owed.delete(taken);
        };
        const finish = (nth: number): void => {
          const [finished] = running.splice(nth % running.length, 1);
          queue.done(finished!);
        };

        for (const step of steps) {
          switch (step.do) {
            case 'add':
            case 'retry':
            case 'retryNow':
              queue[step.do](step.key);
              owed.add(step.key);
              break;
            case 'addAfter':
              queue.addAfter(step.key, step.ms);
              owed.add(step.key);
              break;
            case 'take':
              if (queue.depth > 0) {
                await take();
              }
              break;
            case 'done':
              if (running.length > 0) {
                finish(step.nth);
              }
              break;
            case 'tick':
              clock.tick(step.ms);
              break;
          }
        }
        while (running.length > 0) {
          finish(0);
        }
        for (let passes = 0; passes < 3; passes += 1) {
          clock.tick(60_000);
          while (queue.depth > 0) {
            await take();
            finish(0);
          }
        }
        ['a', 'b', 'c'].forEach((key) => queue.forget(key));

        expect(owed).toEqual(new Set());
        expect([queue.depth, queue.running, queue.delayed, queue.failing, clock.pending]).toEqual([0, 0, 0, 0, 0]);
      }),
    );
  });
});

describe('priorities', () => {
  it('let what somebody asked for go first, then what changed, then the rest, each in its order', async () => {
    const queue = new WorkQueue();
    queue.add('r1', 'resync');
    queue.add('c1');
    queue.add('e1', 'edit');
    queue.add('r2', 'resync');
    queue.add('e2', 'edit');
    queue.add('c2', 'change');

    expect(await drain(queue)).toEqual(['e1', 'e2', 'c1', 'c2', 'r1', 'r2']);
  });

  it('move a key up, never down, and never give it out twice', async () => {
    const queue = new WorkQueue();
    queue.add('a', 'resync');
    queue.add('b', 'resync');
    queue.add('c', 'edit');
    queue.add('b', 'edit');
    queue.add('c', 'resync');
    expect(queue.depth).toBe(3);
    expect(await drain(queue)).toEqual(['c', 'b', 'a']);

    queue.add('b', 'resync');
    expect(await drain(queue)).toEqual(['b']);
  });

  it('hold for a key that is added again while it runs', async () => {
    const queue = new WorkQueue();
    queue.add('a', 'resync');
    const running = (await queue.take())!;
    queue.add('a', 'resync');
    queue.add('b');
    queue.add('a', 'edit');
    queue.done(running);

    expect(await drain(queue)).toEqual(['a', 'b']);
  });
});

it('lets a key that failed wait, whatever came in while it ran, unless somebody edited it', async () => {
  const { clock, queue } = setUp();
  for (const priority of ['change', 'edit'] as const) {
    queue.add('a');
    const key = (await queue.take())!;
    queue.add('a', priority);
    queue.retry(key, 3_000);
    queue.done(key);
    expect(queue.depth).toBe(priority === 'edit' ? 1 : 0);
    clock.tick(3_000);
    expect(await drain(queue)).toEqual(['a']);
  }
});

describe('a queue that is held', () => {
  it('gives nothing away, loses nothing, and goes on', async () => {
    const queue = new WorkQueue();
    const taken: (string | undefined)[] = [];
    queue.hold();
    void queue.take().then((key) => taken.push(key));
    void queue.take().then((key) => taken.push(key));
    queue.add('a');
    queue.add('b');
    queue.add('a');
    await settle();
    expect([taken, queue.depth]).toEqual([[], 2]);

    queue.release();
    await settle();

    expect(taken).toEqual(['a', 'b']);
  });

  it('forgets what is dropped, and counts no wait before it goes on', async () => {
    const waits: number[] = [];
    const { clock, queue } = setUp({ onTaken: (_, seconds) => waits.push(seconds) });
    queue.hold();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 1000);
    clock.tick(600_000);
    queue.drop('a');
    queue.drop('c');
    queue.release();

    expect(await drain(queue)).toEqual(['b']);
    expect(waits).toEqual([0]);
  });

  it('can be closed', async () => {
    const queue = new WorkQueue();
    queue.hold();
    const taking = queue.take();
    queue.close();

    expect(await taking).toBeUndefined();
  });
});
