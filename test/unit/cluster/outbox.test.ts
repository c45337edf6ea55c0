import { expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.ts';
import { Outbox } from '../../../src/cluster/outbox.ts';

function setUp(limits: { inFlight: number; waiting: number }) {
  const outbox = new Outbox(limits);
  const journal: string[] = [];
  const finish = new Map<string, () => void>();
  const put = (name: string): boolean =>
    outbox.put(async () => {
      journal.push(`${name} starts`);
      await new Promise<void>((resolve) => finish.set(name, resolve));
      journal.push(`${name} ends`);
    });
  return { outbox, journal, finish, put };
}

it('runs a few at a time and the others in their order', async () => {
  const { journal, finish, put } = setUp({ inFlight: 2, waiting: 10 });
  ['a', 'b', 'c', 'd'].forEach(put);
  expect(journal).toEqual(['a starts', 'b starts']);

  finish.get('b')?.();
  await settle();

  expect(journal.slice(2)).toEqual(['b ends', 'c starts']);
});

it('refuses more than may wait', async () => {
  const { put, finish } = setUp({ inFlight: 1, waiting: 1 });

  expect(['a', 'b', 'c'].map(put)).toEqual([true, true, false]);
  finish.get('a')?.();
  await settle();

  expect(put('d')).toBe(true);
});

it('is flushed when the last has ended, and at once when there is none', async () => {
  const { outbox, finish, put } = setUp({ inFlight: 1, waiting: 10 });
  await outbox.flush();
  let flushed = false;
  ['a', 'b'].forEach(put);

  const flushing = outbox.flush().then(() => (flushed = true));
  finish.get('a')?.();
  await settle();
  expect(flushed).toBe(false);
  finish.get('b')?.();

  expect(await flushing).toBe(true);
});
