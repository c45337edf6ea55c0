import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { createElection, type Election, type LeaseSeen, type LeaseStore } from '../../../src/controller/election.ts';
import type { LeaseRecord } from '../../../src/controller/lease-record.ts';

/** A Lease in memory, whose answers a test may delay, drop or refuse. */
class FakeLease {
  current: LeaseSeen | undefined;
  requests = 0;
  #version = 0;

  set(record: LeaseRecord | undefined): void {
    this.#version += 1;
    this.current = record && { record, version: String(this.#version) };
  }

  /** Returns the Lease as one process reaches it: `trouble` may wait or throw before and after the server does its part. */
  storeFor(trouble: { before: () => Promise<void>; after: () => Promise<void> }): LeaseStore {
    return {
      read: async (signal) => {
        this.requests += 1;
        await orAborted(trouble.before(), signal);
        const { current } = this;
        await trouble.after();
        signal.throwIfAborted();
        return current;
      },
      write: async (record, seen, signal) => {
        this.requests += 1;
        await orAborted(trouble.before(), signal);
        const isAsSeen = this.current?.version === seen?.version;
        if (isAsSeen) {
          this.set(record);
        }
        const written = isAsSeen ? this.current : undefined;
        await trouble.after();
        signal.throwIfAborted();
        return written;
      },
    };
  }
}

/** One process with a clock of its own, which stands still while the process is stopped. */
function startCandidate(lease: FakeLease, identity: string, clock: FakeClock) {
  const trouble = { before: async (): Promise<void> => {}, after: async (): Promise<void> => {} };
  const changes: boolean[] = [];
  const errors: unknown[] = [];
  const election = createElection({
    store: lease.storeFor(trouble),
    identity,
    clock,
    hooks: { onChange: (isLeading) => changes.push(isLeading), onError: (error) => errors.push(error) },
  });
  election.start();
  return { election, trouble, changes, errors };
}

/** Rejects at once when the signal aborts, as a transport does. */
function orAborted(waiting: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Aborted')));
  });
  return Promise.race([waiting, aborted]);
}

async function refuse(): Promise<void> {
  throw new Error('ECONNREFUSED');
}

describe('one process', () => {
  it('leads at once where there is no Lease, and renews each 2 s by one request', async () => {
    const clock = new FakeClock();
    const lease = new FakeLease();
    const { election, changes } = startCandidate(lease, 'a', clock);
    await settle();
    expect(election.isLeading).toBe(true);
    expect(lease.current?.record).toMatchObject({ holder: 'a', seconds: 15, transitions: 0 });

    lease.requests = 0;
    await clock.advance(60_000);

    expect(lease.requests).toBe(30);
    expect(changes).toEqual([true]);
  });

  it('leads on through a slow renewal, and stops 10 s after the last good one began', async () => {
    const clock = new FakeClock();
    const { election, trouble, changes } = startCandidate(new FakeLease(), 'a', clock);
    await settle();
    trouble.after = () => new Promise((resolve) => clock.setTimeout(resolve, 6_000));
    await clock.advance(2_000);
    trouble.after = async () => {};
    await clock.advance(6_000);
    expect([election.isLeading, election.isLive, changes]).toEqual([true, true, [true]]);

    // The last good renewal began just now.
    trouble.after = refuse;
    await clock.advance(9_999);
    expect(changes).toEqual([true]);
    await clock.advance(1);
    expect([election.isLeading, election.isLive, changes]).toEqual([false, false, [true, false]]);
  });

  it('leads again when the server is back, without a restart', async () => {
    const clock = new FakeClock();
    const { trouble, changes, errors } = startCandidate(new FakeLease(), 'a', clock);
    await settle();
    trouble.before = refuse;
    await clock.advance(30_000);
    trouble.before = async () => {};
    await clock.advance(2_000);

    expect(changes).toEqual([true, false, true]);
    expect(errors).toHaveLength(15);
  });

  it('goes on after an answer that was lost, and after somebody deleted the Lease', async () => {
    const clock = new FakeClock();
    const lease = new FakeLease();
    const { trouble, changes } = startCandidate(lease, 'a', clock);
    await settle();
    trouble.after = refuse;
    await clock.advance(2_000);
    trouble.after = async () => {};
    await clock.advance(2_000);
    lease.set(undefined);
    await clock.advance(20_000);

    expect(changes).toEqual([true]);
    expect(lease.current?.record.holder).toBe('a');
  });

  it('stops as soon as it sees another in the Lease', async () => {
    const clock = new FakeClock();
    const lease = new FakeLease();
    const { changes } = startCandidate(lease, 'a', clock);
    await settle();
    lease.set({ ...lease.current!.record, holder: 'b' });
    await clock.advance(2_000);

    expect(changes).toEqual([true, false]);
    expect(lease.current?.record.holder).toBe('b');
  });

  it('knows that it lost before any timer or answer says so, when it was stopped for 30 s', async () => {
    const clock = new FakeClock();
    let stoppedMs = 0;
    const asleep = Object.assign(Object.create(clock) as FakeClock, {
      now: () => clock.now(),
      setTimeout: clock.setTimeout.bind(clock),
      monotonic: () => clock.monotonic() + stoppedMs,
    });
    const { election } = startCandidate(new FakeLease(), 'a', asleep);
    await settle();

    stoppedMs = 30_000;

    expect(election.isLeading).toBe(false);
  });
});

describe('a leader keeps the Lease', () => {
  it.each<[string, (lease: FakeLease, trouble: Trouble) => void]>([
    ['one request that fails', (_, trouble) => failOnce(trouble, 'before')],
    ['one answer that is lost', (_, trouble) => failOnce(trouble, 'after')],
    ['a label that somebody puts on it', (lease) => lease.set(lease.current!.record)],
    ['a hand that empties it', (lease) => lease.set({ ...lease.current!.record, holder: '' })],
    ['a hand that takes all out of it', (lease) => lease.set(EMPTY)],
    ['a hand that deletes it', (lease) => lease.set(undefined)],
    ['one connection that is dead', (_, trouble) => (trouble.before = () => stuckOnce(trouble))],
  ])('through %s', async (_, happen) => {
    const clock = new FakeClock();
    const lease = new FakeLease();
    const a = startCandidate(lease, 'a', clock);
    await settle();
    const b = startCandidate(lease, 'b', clock);
    await clock.advance(3_000);
    happen(lease, a.trouble);
    for (let passed = 0; passed < 60_000; passed += 500) {
      await clock.advance(500);
      expect([a.election.isLeading, b.election.isLeading]).toEqual([true, false]);
    }
  });
});

const EMPTY: LeaseRecord = { holder: '', seconds: 0, acquiredAt: 0, renewedAt: 0, transitions: 0 };

interface Trouble {
  before: () => Promise<void>;
  after: () => Promise<void>;
}

function failOnce(trouble: Trouble, when: 'before' | 'after'): void {
  trouble[when] = async () => {
    trouble[when] = async () => {};
    await refuse();
  };
}

/** Returns a promise that never settles, as for a request without an answer. Later requests succeed. */
function stuckOnce(trouble: Trouble): Promise<void> {
  trouble.before = async () => {};
  return new Promise(() => {});
}

describe('two processes', () => {
  async function setUp() {
    const clock = new FakeClock();
    const lease = new FakeLease();
    const a = startCandidate(lease, 'a', clock);
    await settle();
    const b = startCandidate(lease, 'b', clock);
    await settle();
    return { clock, lease, a, b };
  }

  it('hand over within 2 s when the first gives the Lease back', async () => {
    const { clock, lease, a, b } = await setUp();
    await clock.advance(60_000);
    const stopping = a.election.stop({ release: true });
    await clock.advance(2_000);
    await stopping;

    expect([a.changes, b.changes]).toEqual([[true, false], [true]]);
    expect(lease.current?.record).toMatchObject({ holder: 'b', transitions: 1 });
  });

  it('hand over within 17 s when the first is cut off, and the first has stopped long before', async () => {
    const { clock, a, b } = await setUp();
    a.trouble.before = refuse;
    await clock.advance(10_000);
    expect([a.election.isLeading, b.election.isLeading]).toEqual([false, false]);
    await clock.advance(7_000);

    expect([a.election.isLeading, b.election.isLeading]).toEqual([false, true]);
  });

  it('never lead both, whatever the network does, and whenever somebody deletes the Lease', async () => {
    const troubles = ['fine', 'lost before', 'lost after', 'slow before', 'slow after'] as const;
    const step = fc.record({
      who: fc.nat(2),
      trouble: fc.constantFrom(...troubles),
      ms: fc.integer({ min: 1, max: 20_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(25), async (steps, deletedAt) => {
        const clock = new FakeClock();
        const lease = new FakeLease();
        const candidates = [];
        for (const name of ['a', 'b', 'c']) {
          candidates.push(startCandidate(lease, name, clock));
          await settle();
        }
        const elections: Election[] = candidates.map(({ election }) => election);
        for (const [index, { who, trouble, ms }] of steps.entries()) {
          const slow = () => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
          const { trouble: of } = candidates[who]!;
          of.before = async () => {};
          of.after = async () => {};
          if (trouble !== 'fine') {
            of[trouble.endsWith('before') ? 'before' : 'after'] = trouble.startsWith('slow') ? slow : refuse;
          }
          if (index === deletedAt) {
            lease.set(undefined);
          }
          for (let passed = 0; passed < ms; passed += 500) {
            await clock.advance(500);
            expect(elections.filter(({ isLeading }) => isLeading).length).toBeLessThan(2);
          }
        }
        for (const { trouble } of candidates) {
          trouble.before = async () => {};
          trouble.after = async () => {};
        }
        // A slow answer may still be on its way.
        await clock.advance(60_000);
        expect(elections.filter(({ isLeading }) => isLeading)).toHaveLength(1);
      }),
      { numRuns: 100 },
    );
  });
});
