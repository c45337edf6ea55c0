import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import type { KubernetesObject, ListWatch, Page, WatchEvent } from '../../../src/controller/list-watch.ts';
import { objectKey } from '../../../src/controller/object-key.ts';
import { Reflector, type ReflectorHooks } from '../../../src/controller/reflector.ts';
import { Store } from '../../../src/controller/store.ts';

interface Raw extends KubernetesObject {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly colour?: string;
}

interface Item {
  readonly key: string;
  readonly resourceVersion: string;
  readonly colour: string;
}

function raw(name: string, version: number, colour = 'red'): Raw {
  return { metadata: { name, resourceVersion: String(version) }, colour };
}

function project({ metadata, colour }: Raw): Item | undefined {
  if (colour === undefined) {
    throw new TypeError('No colour');
  }
  return colour === 'invisible'
    ? undefined
    : { key: objectKey(metadata), resourceVersion: metadata.resourceVersion, colour };
}

/** A watch that a reflector opened, controlled by the test. */
class Watch {
  readonly #said: (WatchEvent<Raw> | Error | 'end')[] = [];
  #wake = (): void => {};
  isOpen = true;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.say(new Error('Aborted')));
  }

  say(...said: (WatchEvent<Raw> | Error | 'end')[]): Promise<void> {
    this.#said.push(...said);
    this.#wake();
    return settle();
  }

  async *events(): AsyncGenerator<WatchEvent<Raw>> {
    try {
      while (true) {
        const next = this.#said.shift();
        if (next instanceof Error) {
          throw next;
        } else if (next === 'end') {
          return;
        } else if (next) {
          yield next;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      this.isOpen = false;
    }
  }
}

/** An API server that gives prepared answers to lists, and keeps a journal of the requests. */
class FakeSource implements ListWatch<Raw> {
  readonly journal: string[] = [];
  readonly watches: Watch[] = [];
  /** Answers to the next lists. The last one is repeated. */
  lists: (readonly Page<Raw>[] | Error | Promise<readonly Page<Raw>[]>)[] = [[{ items: [], resourceVersion: '1' }]];
  /** Errors for the next watches. */
  refusals: Error[] = [];
  /** Whether the server can send initial events in a watch. */
  streams = false;

  get current(): Watch {
    return this.watches.at(-1)!;
  }

  async *list(): AsyncGenerator<Page<Raw>> {
    this.journal.push('list');
    const answer = await (this.lists.length > 1 ? this.lists.shift()! : this.lists[0]!);
    if (answer instanceof Error) {
      throw answer;
    }
    yield* answer;
  }

  async watch(resourceVersion: string | undefined, signal: AbortSignal): Promise<AsyncIterable<WatchEvent<Raw>>> {
    if (resourceVersion === undefined && !this.streams) {
      throw refusal(400);
    }
    this.journal.push(resourceVersion === undefined ? 'stream' : `watch from ${resourceVersion}`);
    const refused = this.refusals.shift();
    if (refused) {
      throw refused;
    }
    const watch = new Watch(signal);
    this.watches.push(watch);
    return watch.events();
  }
}

async function setUp(prepare: (source: FakeSource) => void = () => {}) {
  const clock = new FakeClock();
  const source = new FakeSource();
  prepare(source);
  const store = new Store<Item>({});
  const errors: { readonly message: string; readonly delayMs: number }[] = [];
  const misfits: string[] = [];
  const recoveries: number[] = [];
  const hooks: ReflectorHooks = {
    onRecovered: () => recoveries.push(clock.now()),
    onError: (error, delayMs) => errors.push({ message: (error as Error).message, delayMs }),
    onProjectionError: (_, key) => misfits.push(key),
  };
  const reflector = new Reflector({ source, feed: store.feed(), project, clock, random: () => 1, hooks });
  reflector.start();
  await settle();
  const contents = (): string[] => Array.from(store.values(), ({ key, colour }) => `${key} ${colour}`).sort();
  return { clock, source, store, reflector, errors, misfits, recoveries, contents };
}

function refusal(status: number, details?: object): Error {
  return Object.assign(new Error(`HTTP ${status}`), { status, details });
}

const tooLarge = { causes: [{ reason: 'ResourceVersionTooLarge' }] };

describe('the first list', () => {
  it('is put together from its pages, and watched on from its version', async () => {
    const { source, reflector, contents } = await setUp((source) => {
      source.lists = [
        [
          { items: [raw('a', 3), raw('b', 5)], resourceVersion: '7' },
          { items: [raw('c', 4, 'blue')], resourceVersion: '7' },
        ],
      ];
    });

    expect(reflector.hasSynced).toBe(true);
    expect(contents()).toEqual(['a red', 'b red', 'c blue']);
    expect(source.journal).toEqual(['list', 'watch from 7']);
  });

  it('is tried for ever, ever more slowly, and nothing is synced before', async () => {
    const { source, reflector, errors, clock } = await setUp((source) => {
      source.lists = [
        ...Array.from({ length: 8 }, () => refusal(503)),
        [{ items: [raw('a', 1)], resourceVersion: '1' }],
      ];
    });

    await clock.advance(90_000);
    expect(reflector.hasSynced).toBe(false);
    await clock.advance(30_000);

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(reflector.hasSynced).toBe(true);
    expect(source.journal.at(-1)).toBe('watch from 1');
  });
});

function bookmark(version: number, isEnd = false): WatchEvent<Raw> {
  const annotations = isEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version), ...annotations } } };
}

describe('a stream of initial events', () => {
  const setUpStream = () =>
    setUp((source) => {
      source.streams = true;
      source.lists = [[{ items: [raw('listed', 5)], resourceVersion: '5' }]];
    });

  it('fills the store when it is complete, and goes on as a watch', async () => {
    const { source, reflector, contents } = await setUpStream();
    await source.current.say(
      { type: 'ADDED', object: raw('b', 4) },
      { type: 'ADDED', object: raw('a', 2) },
      { type: 'MODIFIED', object: raw('a', 6, 'blue') },
      { type: 'DELETED', object: raw('b', 7) },
    );
    expect([reflector.hasSynced, contents()]).toEqual([false, []]);

    await source.current.say(bookmark(7, true), { type: 'ADDED', object: raw('c', 8) });

    expect([reflector.hasSynced, contents()]).toEqual([true, ['a blue', 'c red']]);
    expect(source.journal).toEqual(['stream']);
  });

  it('is no place to go on from while it is not complete', async () => {
    const { source, clock } = await setUpStream();
    await source.current.say({ type: 'ADDED', object: raw('a', 99) }, new Error('ECONNRESET'));
    await clock.advance(800);

    expect(source.journal).toEqual(['stream', 'stream']);
  });

  it.each`
    that                     | say
    ${'falls silent'}        | ${[{ type: 'ADDED', object: raw('a', 1) }]}
    ${'never says a word'}   | ${[]}
    ${'hides its end'}       | ${[{ type: 'ADDED', object: raw('a', 1) }, bookmark(1)]}
    ${'only brings changes'} | ${[{ type: 'ADDED', object: raw('a', 1) }, { type: 'MODIFIED', object: raw('a', 2) }]}
  `('that $that gives way to a list within 10 s, and is tried again the next time', async ({ say }) => {
    const { source, clock, contents, errors } = await setUpStream();
    await source.current.say(...say);
    await clock.advance(10_000);
    expect([source.journal, contents()]).toEqual([['stream', 'list', 'watch from 5'], ['listed red']]);

    await source.current.say(refusal(410));
    await clock.advance(800);

    expect(source.journal.at(-1)).toBe('stream');
    expect(errors.map(({ message }) => message)).toEqual(['HTTP 410']);
  });

  it('that the server does not know is not asked for again', async () => {
    const { source, clock } = await setUp((source) => {
      source.streams = true;
      source.refusals = [refusal(422)];
    });
    await source.current.say(refusal(410));
    await clock.advance(800);

    expect(source.journal).toEqual(['stream', 'list', 'watch from 1', 'list', 'watch from 1']);
  });
});

describe('whether it is live', () => {
  it('means that changes arrive, or did until a moment ago', async () => {
    const { source, reflector, clock } = await setUp();
    // The events that a server kept for a resumed watch come first.
    expect(reflector.isWatching).toBe(false);
    await clock.advance(500);
    expect([reflector.isWatching, reflector.isLive]).toEqual([true, true]);

    source.refusals = Array.from({ length: 9 }, () => refusal(0));
    await source.current.say(new Error('ECONNRESET'));
    await clock.advance(9_000);
    expect(reflector.isLive).toBe(true);
    await clock.advance(1_000);
    expect(reflector.isLive).toBe(false);
  });

  it('ends with the type of the objects, and so does being synced', async () => {
    const { source, reflector, clock, contents } = await setUp((source) => {
      source.lists = [
        [{ items: [raw('a', 1)], resourceVersion: '1' }],
        refusal(404),
        [{ items: [], resourceVersion: '9' }],
      ];
    });
    await source.current.say(refusal(404));
    await clock.advance(800);
    expect([reflector.hasSynced, reflector.isLive, contents()]).toEqual([false, false, ['a red']]);

    await clock.advance(1_600 + 500);
    expect([reflector.hasSynced, reflector.isLive, contents()]).toEqual([true, true, []]);
  });
});

describe('a wait', () => {
  it('is over when somebody knows that the server answers again, and is said to be', async () => {
    const { source, reflector, clock, recoveries } = await setUp((source) => {
      source.refusals = Array.from({ length: 6 }, () => refusal(0));
    });
    await clock.advance(800 + 1600 + 3200 + 6400 + 12_800);
    expect(source.journal).toHaveLength(1 + 6);
    expect(recoveries).toEqual([]);

    reflector.wake();
    await settle();
    expect(source.journal).toHaveLength(1 + 7);
    await clock.advance(500);

    expect(recoveries).toHaveLength(1);
  });

  it('is short where somebody knew it while the last attempt was still under way', async () => {
    const attempt = Promise.withResolvers<readonly Page<Raw>[]>();
    const { source, reflector, clock, errors } = await setUp((source) => {
      source.lists = [refusal(0), refusal(0), refusal(0), attempt.promise, [{ items: [], resourceVersion: '1' }]];
    });
    await clock.advance(800 + 1600 + 3200);
    reflector.wake();
    attempt.reject(refusal(0));
    await settle();

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([800, 1600, 3200, 800]);
    expect(source.journal).toHaveLength(4);
  });

  it('starts short again when the first word after a silence is that the past is gone', async () => {
    const { source, clock, errors } = await setUp((source) => {
      source.refusals = Array.from({ length: 5 }, () => refusal(0));
    });
    await clock.advance(800 + 1600 + 3200 + 6400 + 12_800);
    await source.current.say({ type: 'ERROR', object: { code: 410, message: 'too old' } });

    expect(errors.at(-1)).toEqual({ message: 'Watch: too old', delayMs: 800 });
  });

  it('grows for a server that accepts every watch and breaks it at once', async () => {
    const { source, clock } = await setUp();
    for (let second = 0; second < 30; second += 1) {
      if (source.current.isOpen) {
        await source.current.say(refusal(0));
      }
      await clock.advance(1000);
    }

    expect(source.watches.length).toBeLessThanOrEqual(8);
  });

  it('starts short again as soon as the server says anything, be it no', async () => {
    const { source, clock, errors, recoveries } = await setUp((source) => {
      source.refusals = [...Array.from({ length: 5 }, () => refusal(0)), refusal(429)];
    });
    await clock.advance(800 + 1600 + 3200 + 6400 + 12_800);

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([800, 1600, 3200, 6400, 12_800, 800]);
    expect(recoveries).toHaveLength(1);
    await clock.advance(800);
    expect(source.current.isOpen).toBe(true);
  });

  it('for a server that refused goes on', async () => {
    const { source, reflector } = await setUp((source) => {
      source.refusals = [refusal(500)];
    });
    reflector.wake();
    await settle();

    expect(source.journal).toEqual(['list', 'watch from 1']);
  });

  it('is as long as the server asks', async () => {
    const { errors } = await setUp((source) => {
      source.lists = [Object.assign(refusal(429), { retry: 'backoff', retryAfterMs: 7_000 })];
    });

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([7_000]);
  });
});

describe('a watch', () => {
  it('brings additions, changes and deletions into the store', async () => {
    const { source, contents } = await setUp((source) => {
      source.lists = [[{ items: [raw('a', 1), raw('b', 2)], resourceVersion: '2' }]];
    });

    await source.current.say(
      { type: 'ADDED', object: raw('c', 3) },
      { type: 'MODIFIED', object: raw('a', 4, 'blue') },
      { type: 'DELETED', object: raw('b', 5) },
    );

    expect(contents()).toEqual(['a blue', 'c red']);
  });

  it.each`
    end                                     | say
    ${'is closed by the server'}            | ${'end'}
    ${'is cut off'}                         | ${new Error('ECONNRESET')}
    ${'says that the server is in trouble'} | ${{ type: 'ERROR', object: { code: 500, message: 'etcd is gone' } }}
  `('that $end goes on from the last version, without a list', async ({ say }) => {
    const { source, clock } = await setUp();
    await source.current.say({ type: 'ADDED', object: raw('a', 7) });

    await source.current.say(say);
    await clock.advance(800);

    expect(source.journal).toEqual(['list', 'watch from 1', 'watch from 7']);
  });

  it('goes on from a bookmark, and takes all before it for known', async () => {
    const { source, clock, store } = await setUp();
    await source.current.say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '99' } } }, 'end');
    await clock.advance(800);

    expect(source.journal.at(-1)).toBe('watch from 99');
    expect(store.offer({ key: 'a', resourceVersion: '50', colour: 'red' })).toBe(false);
  });

  it.each`
    what                                         | error
    ${'its version was compacted away'}          | ${refusal(410)}
    ${'etcd was set back to before its version'} | ${refusal(504, tooLarge)}
  `('that is refused because $what starts from a list', async ({ error }) => {
    const { source, clock, contents } = await setUp((source) => {
      source.lists = [
        [{ items: [raw('a', 1), raw('b', 2)], resourceVersion: '2' }],
        [{ items: [raw('b', 2)], resourceVersion: '9' }],
      ];
      source.refusals = [error];
    });
    await clock.advance(800);

    expect(source.journal).toEqual(['list', 'watch from 2', 'list', 'watch from 9']);
    expect(contents()).toEqual(['b red']);
  });

  it.each`
    what                  | status
    ${'expired'}          | ${{ code: 410, reason: 'Expired', message: 'too old resource version' }}
    ${'is in the future'} | ${{ code: 504, reason: 'Timeout', details: tooLarge }}
  `('that learns on its way that its version $what starts from a list', async ({ status }) => {
    const { source, clock } = await setUp();
    await source.current.say({ type: 'ERROR', object: status });
    await clock.advance(800);

    expect(source.journal).toEqual(['list', 'watch from 1', 'list', 'watch from 1']);
  });

  it('that is refused is tried again, ever more slowly, from where it was', async () => {
    const { source, errors, clock } = await setUp((source) => {
      source.refusals = [refusal(500), refusal(429), new Error('ECONNREFUSED')];
    });
    await clock.advance(800 + 1600 + 3200);

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([800, 1600, 3200]);
    expect(source.journal).toEqual(['list', ...Array.from({ length: 4 }, () => 'watch from 1')]);
  });

  // kubernetes/kubernetes#135452: etcd may have been restored meanwhile, and a watch from the future is silent
  it.each`
    what       | ms        | after
    ${'long'}  | ${12_000} | ${['list', 'watch from 1']}
    ${'short'} | ${5_000}  | ${['watch from 1', 'watch from 1']}
  `('that nobody answered for $what goes on with $after', async ({ ms, after }) => {
    const { source, clock } = await setUp();
    await clock.advance(1_000);
    source.refusals = Array.from({ length: 9 }, () => refusal(0));
    await source.current.say(refusal(0));
    await clock.advance(ms);
    source.refusals = [];
    await clock.advance(30_000);

    expect(source.journal.slice(-2)).toEqual(after);
  });

  it('that nobody answers after a list is not begun with another', async () => {
    const { source, clock } = await setUp((s) => {
      s.refusals = Array.from({ length: 50 }, () => refusal(0));
    });
    await clock.advance(300_000);

    expect(source.journal.filter((call) => call === 'list')).toHaveLength(1);
  });

  it('that lived for a while makes up for the failures before it', async () => {
    const { source, errors, clock } = await setUp((source) => {
      source.refusals = [refusal(500), refusal(500)];
    });
    await clock.advance(800 + 1600 + 10_000);
    await source.current.say({ type: 'ADDED', object: raw('a', 7) }, new Error('ECONNRESET'));

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([800, 1600, 800]);
  });

  it('that took long to fail makes up for nothing', async () => {
    const { source, errors, clock } = await setUp((source) => {
      source.refusals = [refusal(500)];
    });
    await clock.advance(800 + 30_000);
    await source.current.say(new Error('Headers Timeout'));

    expect(errors.map(({ delayMs }) => delayMs)).toEqual([800, 1600]);
  });

  it.each([0, 60_000])(
    'on which nothing came for 80 s after %d ms is given up for dead, and all is asked for anew',
    async (ms) => {
      const { source, errors, clock } = await setUp();
      await clock.advance(ms);
      await source.current.say(bookmark(7));
      await clock.advance(79_999);
      expect(source.current.isOpen).toBe(true);
      await clock.advance(1 + 800);

      expect(errors.map(({ message }) => message)).toEqual(['Nothing came for 80 s']);
      expect(source.journal.slice(-2)).toEqual(['list', 'watch from 1']);
    },
  );

  it('that ended in good health is opened again at once', async () => {
    const { source, clock } = await setUp();
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(60_000);
      await source.current.say(bookmark(1));
    }
    await source.current.say('end');

    expect(source.journal).toEqual(['list', 'watch from 1', 'watch from 1']);
  });

  it('that the server keeps closing is opened ever more seldom, and is not an error', async () => {
    const { source, clock, errors } = await setUp();
    for (let second = 0; second < 120; second += 1) {
      if (source.current.isOpen) {
        await source.current.say('end');
      }
      await clock.advance(1000);
    }

    expect(source.watches.length).toBeLessThan(12);
    expect(errors).toEqual([]);
  });
});

describe('an object that does not fit', () => {
  it('is reported, and what is known of it stays until it is deleted', async () => {
    const misfit: Raw = { metadata: { name: 'a', resourceVersion: '3' } };
    const { source, misfits, contents, clock } = await setUp((source) => {
      source.lists = [
        [{ items: [raw('a', 1), raw('b', 2)], resourceVersion: '2' }],
        [{ items: [misfit], resourceVersion: '5' }],
      ];
    });

    await source.current.say({ type: 'MODIFIED', object: misfit }, { type: 'MODIFIED', object: raw('b', 4, 'blue') });
    expect(contents()).toEqual(['a red', 'b blue']);
    await source.current.say(refusal(410));
    await clock.advance(800);
    expect(contents()).toEqual(['a red']);
    await source.current.say({ type: 'DELETED', object: { metadata: { name: 'a', resourceVersion: '6' } } });

    expect(contents()).toEqual([]);
    expect(misfits).toEqual(['a', 'a']);
  });

  it('leaves the store when it is projected to nothing', async () => {
    const { source, contents } = await setUp((source) => {
      source.lists = [[{ items: [raw('a', 1), raw('b', 1, 'invisible')], resourceVersion: '2' }]];
    });
    await source.current.say({ type: 'MODIFIED', object: raw('a', 3, 'invisible') });

    expect(contents()).toEqual([]);
  });
});

describe('a stop', () => {
  it('ends the watch, and silence follows', async () => {
    const { source, reflector, clock, errors } = await setUp();

    await reflector.stop();
    await clock.advance(600_000);

    expect(source.current.isOpen).toBe(false);
    expect(source.journal).toEqual(['list', 'watch from 1']);
    expect(errors).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('lets nothing in any more', async () => {
    const { source, reflector, contents } = await setUp();

    const saying = source.current.say({ type: 'ADDED', object: raw('a', 2) });
    await reflector.stop();
    await saying;

    expect(contents()).toEqual([]);
  });

  it('in the midst of a list opens no watch and fills no store', async () => {
    const list = Promise.withResolvers<readonly Page<Raw>[]>();
    const { source, reflector, contents, clock } = await setUp((source) => {
      source.lists = [list.promise];
    });

    const stopping = reflector.stop();
    list.resolve([{ items: [raw('a', 1)], resourceVersion: '1' }]);
    await stopping;
    await clock.advance(60_000);

    expect(source.journal).toEqual(['list']);
    expect(contents()).toEqual([]);
  });

  it('in the midst of a pause ends it', async () => {
    const { source, reflector, clock } = await setUp((source) => {
      source.lists = [refusal(503)];
    });

    await reflector.stop();

    expect(clock.pending).toBe(0);
    expect(source.journal).toEqual(['list']);
  });
});
