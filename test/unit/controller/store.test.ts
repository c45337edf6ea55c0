import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Feed } from '../../../src/controller/feed.ts';
import { namespaceOf } from '../../../src/controller/object-key.ts';
import { Store } from '../../../src/controller/store.ts';

interface Item {
  readonly key: string;
  readonly resourceVersion: string;
  readonly colour: string;
}

function item(key: string, version: number, colour = 'red'): Item {
  return { key, resourceVersion: String(version), colour };
}

function setUp(...namespaces: string[]) {
  const store = new Store<Item, 'colour'>({ colour: ({ colour }) => (colour === 'none' ? [] : [colour]) });
  const feeds = (namespaces.length === 0 ? [''] : namespaces).map((namespace) => store.feed(namespace));
  const changes: string[] = [];
  store.onChange((before, after) => {
    changes.push(`${(after ?? before)?.key}: ${before?.colour ?? '-'} to ${after?.colour ?? '-'}`);
  });
  return { store, feed: feeds[0]!, feeds, changes };
}

function keys(items: Iterable<Item>): string[] {
  return Array.from(items, ({ key }) => key).sort();
}

describe('changes', () => {
  it('are told of with what was before and what is after', () => {
    const { feed, changes } = setUp();
    feed.upsert(item('a', 1));
    feed.upsert(item('a', 2, 'blue'));
    feed.remove('a', '3');

    expect(changes).toEqual(['a: - to red', 'a: red to blue', 'a: blue to -']);
  });

  it('are none where only the version is new, which is kept all the same', () => {
    const { store, feed, changes } = setUp();
    feed.upsert(item('a', 1));
    feed.upsert(item('a', 2));

    expect(changes).toEqual(['a: - to red']);
    expect(store.get('a')).toEqual(item('a', 2));
  });

  it('are none where something unknown is deleted', () => {
    const { feed, changes } = setUp();
    feed.remove('a', '1');

    expect(changes).toEqual([]);
  });

  it('that were missed come out when a list replaces everything', () => {
    const { store, feed, changes } = setUp();
    feed.replaceAll([item('same', 1), item('changed', 2), item('gone', 3)], '3');
    changes.length = 0;

    feed.replaceAll([item('same', 1), item('changed', 5, 'blue'), item('new', 6)], '7');

    expect(changes).toEqual(['changed: red to blue', 'new: - to red', 'gone: red to -']);
    expect(keys(store.values())).toEqual(['changed', 'new', 'same']);
    expect(store.size).toBe(3);
  });
});

describe('an index', () => {
  it('finds what is filed under a value', () => {
    const { store, feed } = setUp();
    feed.replaceAll([item('a', 1), item('b', 2, 'blue'), item('c', 3), item('d', 4, 'none')], '4');

    expect(keys(store.byIndex('colour', 'red'))).toEqual(['a', 'c']);
    expect(store.byIndex('colour', 'none')).toEqual([]);
  });

  it('follows an item that changes and one that goes', () => {
    const { store, feed } = setUp();
    feed.replaceAll([item('a', 1), item('b', 2)], '2');
    feed.upsert(item('a', 3, 'blue'));
    feed.remove('b', '4');

    expect(store.byIndex('colour', 'red')).toEqual([]);
    expect(store.byIndex('colour', 'blue')).toEqual([item('a', 3, 'blue')]);
  });
});

describe('several feeds', () => {
  it('each replace only their own namespace', () => {
    const { store, feeds } = setUp('shop', 'shop-2');
    feeds[0]?.replaceAll([item('shop/a', 1)], '1');
    feeds[1]?.replaceAll([item('shop-2/a', 2)], '2');
    feeds[0]?.replaceAll([item('shop/b', 3)], '3');

    expect(keys(store.values())).toEqual(['shop-2/a', 'shop/b']);
  });

  it('each know only how far they themselves are', () => {
    const { store, feeds } = setUp('shop', 'bank');
    feeds[0]?.replaceAll([], '10');
    feeds[1]?.replaceAll([], '20');

    expect(store.offer(item('shop/a', 15))).toBe(true);
    expect(store.offer(item('bank/a', 15))).toBe(false);
    expect(store.offer(item('elsewhere/a', 99))).toBe(false);
  });
});

describe('what a write returned', () => {
  it.each`
    situation                                        | version | stored       | highWater | taken
    ${'is ahead of everything'}                      | ${12}   | ${10}        | ${11}     | ${true}
    ${'made a new object'}                           | ${12}   | ${undefined} | ${11}     | ${true}
    ${'changed nothing'}                             | ${10}   | ${10}        | ${10}     | ${false}
    ${'was overtaken by a later change'}             | ${12}   | ${13}        | ${13}     | ${false}
    ${'was overtaken by a change of another object'} | ${12}   | ${10}        | ${13}     | ${false}
    ${'was of an object that was deleted since'}     | ${12}   | ${undefined} | ${13}     | ${false}
    ${'has more digits than what is stored'}         | ${100}  | ${99}        | ${99}     | ${true}
  `('and $situation is taken: $taken', ({ version, stored, highWater, taken }) => {
    const { store, feed } = setUp();
    feed.replaceAll(stored === undefined ? [] : [item('a', stored)], String(highWater));

    expect(store.offer(item('a', version, 'blue'))).toBe(taken);
    expect(store.get('a')?.colour).toBe(taken ? 'blue' : stored && 'red');
  });

  it('is not undone by older news that come late', () => {
    const { store, feed } = setUp();
    feed.replaceAll([item('a', 10), item('b', 10)], '10');
    store.offer(item('a', 13, 'blue'));
    store.offer(item('b', 14, 'blue'));

    feed.upsert(item('a', 11, 'green'));
    feed.remove('b', '12');
    feed.replaceAll([], '12');

    expect(keys(store.byIndex('colour', 'blue'))).toEqual(['a', 'b']);
  });

  it('is not undone by an older list', () => {
    const { store, feed } = setUp();
    feed.replaceAll([item('a', 10)], '10');
    store.offer(item('a', 13, 'blue'));

    feed.replaceAll([item('a', 11, 'green')], '12');

    expect(store.get('a')).toEqual(item('a', 13, 'blue'));
  });

  it('is refused if the answer to a later write was here before', () => {
    const { store, feed } = setUp();
    feed.replaceAll([item('a', 10)], '10');
    store.offer(item('a', 13, 'blue'));

    expect(store.offer(item('a', 12, 'green'))).toBe(false);
  });

  it.each`
    news            | deliver
    ${'a change'}   | ${(feed: Feed<Item>) => feed.upsert(item('b', 13))}
    ${'a deletion'} | ${(feed: Feed<Item>) => feed.remove('b', '13')}
    ${'a bookmark'} | ${(feed: Feed<Item>) => feed.bookmark('13')}
  `('is refused after $news that is newer', ({ deliver }) => {
    const { store, feed } = setUp();
    feed.replaceAll([], '10');

    deliver(feed);

    expect(store.offer(item('a', 12))).toBe(false);
    expect(store.offer(item('a', 14))).toBe(true);
  });

  it('goes when the feed got there and had no such object', () => {
    const { store, feed } = setUp();
    feed.replaceAll([], '10');
    store.offer(item('a', 12));
    store.offer(item('b', 15));

    feed.bookmark('12');
    expect(keys(store.values())).toEqual(['b']);
    feed.replaceAll([], '15');

    expect(store.size).toBe(0);
  });
});

it('takes a list for the truth, even one from before: etcd was restored', () => {
  const { store, feed } = setUp();
  feed.replaceAll([item('a', 900), item('b', 901)], '901');

  feed.replaceAll([item('a', 100, 'blue')], '120');

  expect(Array.from(store.values())).toEqual([item('a', 100, 'blue')]);
  expect(store.offer(item('a', 121))).toBe(true);
});

it('takes a list for the truth also where it has written since: that was lost with etcd', () => {
  const { store, feed } = setUp();
  feed.replaceAll([item('a', 900)], '901');
  store.offer(item('a', 902, 'blue'));

  feed.replaceAll([item('a', 100)], '120');

  expect(Array.from(store.values())).toEqual([item('a', 100)]);
});

describe('law: whatever was offered, listed, and delivered in between, in the end the store is what the server has', () => {
  const key = fc.constantFrom('n1/a', 'n1/b', 'n2/a');
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('write' as const), key, colour: fc.constantFrom('red', 'blue') }),
    },
    fc.record({ do: fc.constant('delete' as const), key }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant('offer' as const), nth: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver' as const), feed: fc.nat(1), events: fc.nat(3) }) },
    fc.record({ do: fc.constant('bookmark' as const), feed: fc.nat(1) }),
    fc.record({ do: fc.constant('relist' as const), feed: fc.nat(1), lag: fc.nat(5) }),
  );

  /** An API server with every event that ever happened, in order. The version of an event is its place. */
  class Server {
    readonly events: { readonly key: string; readonly after: Item | undefined }[] = [];

    write(key: string, colour: string): Item {
      const after = item(key, this.events.length + 1, colour);
      this.events.push({ key, after });
      return after;
    }

    stateAt(version: number): Map<string, Item> {
      const state = new Map<string, Item>();
      for (const { key, after } of this.events.slice(0, version)) {
        state.delete(key);
        if (after) {
          state.set(key, after);
        }
      }
      return state;
    }
  }

  /** Feeds a store as a reflector does. */
  class Reader {
    readonly server: Server;
    readonly namespace: string;
    readonly feed: Feed<Item>;
    seen = 0;

    constructor(server: Server, namespace: string, feed: Feed<Item>) {
      this.server = server;
      this.namespace = namespace;
      this.feed = feed;
    }

    covers(key: string): boolean {
      return this.namespace === '' || namespaceOf(key) === this.namespace;
    }

    deliver(events: number): void {
      for (const { key, after } of this.server.events.slice(this.seen, this.seen + events)) {
        this.seen += 1;
        if (!this.covers(key)) {
          continue;
        }
        if (after) {
          this.feed.upsert(after);
        } else {
          this.feed.remove(key, String(this.seen));
        }
      }
    }

    relist(lag: number): void {
      this.seen = Math.max(this.seen, this.server.events.length - lag);
      const items = [...this.server.stateAt(this.seen).values()].filter(({ key }) => this.covers(key));
      this.feed.replaceAll(items, String(this.seen));
    }
  }

  it.each([{ namespaces: [''] }, { namespaces: ['n1', 'n2'] }])('fed by $namespaces', ({ namespaces }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, feeds } = setUp(...namespaces);
        const server = new Server();
        const readers = feeds.map((feed, i) => new Reader(server, namespaces[i]!, feed));
        const answers: Item[] = [];
        const told = new Map<string, Item>();
        store.onChange((before, after) => {
          expect(told.get((before ?? after)!.key)?.colour).toBe(before?.colour);
          told.delete(before?.key ?? '');
          if (after) {
            told.set(after.key, after);
          }
        });

        for (const step of steps) {
          const reader = readers['feed' in step ? step.feed % readers.length : 0]!;
          switch (step.do) {
            case 'write':
              answers.push(server.write(step.key, step.colour));
              break;
            case 'delete':
              server.events.push({ key: step.key, after: undefined });
              break;
            case 'offer':
              if (answers.length > 0) {
                store.offer(answers[step.nth % answers.length]!);
              }
              break;
            case 'deliver':
              reader.deliver(step.events);
              break;
            case 'bookmark':
              reader.feed.bookmark(String(reader.seen));
              break;
            case 'relist':
              reader.relist(step.lag);
              break;
          }
        }
        readers.forEach((reader) => reader.deliver(Infinity));
        answers.forEach((answer) => store.offer(answer));

        const truth = [...server.stateAt(Infinity).values()].sort(byKey);
        expect(Array.from(store.values()).sort(byKey)).toEqual(truth);
        expect([...told.values()].map(colourOf).sort()).toEqual(truth.map(colourOf).sort());
        expect(keys(store.byIndex('colour', 'red'))).toEqual(keys(truth.filter(({ colour }) => colour === 'red')));
      }),
      { numRuns: 500 },
    );
  });

  function byKey(a: Item, b: Item): number {
    return a.key < b.key ? -1 : 1;
  }

  function colourOf({ key, colour }: Item): string {
    return `${key} ${colour}`;
  }
});

describe('what was delivered before', () => {
  it('brings nothing back, and takes nothing away, when it is told again', () => {
    const { feed, store } = setUp();
    feed.replaceAll([], '1');
    feed.upsert(item('a', 2));
    feed.remove('a', '3');
    feed.upsert(item('a', 2));
    expect(store.get('a')).toBeUndefined();

    feed.upsert(item('a', 4));
    feed.remove('a', '3');
    expect(store.get('a')).toEqual(item('a', 4));
  });
});
