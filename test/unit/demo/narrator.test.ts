import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createNarrator } from '../../../demo/narrator.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('is never quiet for longer than 13 s, however long something takes', async () => {
  const saidAt: number[] = [];
  const narrator = createNarrator(() => saidAt.push(Date.now()));
  const work = Promise.withResolvers<string>();
  narrator.line('Begin');
  const waiting = narrator.during('a build', work.promise);
  await vi.advanceTimersByTimeAsync(300_000);
  work.resolve('built');

  expect(await waiting).toBe('built');
  const ends = [...saidAt, Date.now()];
  expect(Math.max(...ends.slice(1).map((at, i) => at - ends[i]!))).toBeLessThanOrEqual(13_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(saidAt.at(-1), 'it says nothing more of what is done').toBeLessThanOrEqual(ends.at(-1)!);
});
