import { expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { sleep } from '../../../src/controller/clock.ts';

it('sleeps for as long as was asked', async () => {
  const clock = new FakeClock();
  let awake = false;
  const sleeping = sleep(clock, 1000, new AbortController().signal).then(() => (awake = true));

  await clock.advance(999);
  expect(awake).toBe(false);
  await clock.advance(1);

  expect(awake).toBe(true);
  await sleeping;
});

it('wakes up and leaves no timer behind when it is aborted', async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, 1000, abort.signal);

  abort.abort();

  await expect(sleeping).resolves.toBeUndefined();
  expect(clock.pending).toBe(0);
});

it('does not fall asleep when it was aborted before', async () => {
  const clock = new FakeClock();

  await sleep(clock, 1000, AbortSignal.abort());

  expect(clock.pending).toBe(0);
});
