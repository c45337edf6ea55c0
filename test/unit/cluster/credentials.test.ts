import { expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { rereadSeldom } from '../../../src/cluster/credentials.ts';

function setUp() {
  const clock = new FakeClock();
  const readings: (string | Error)[] = [];
  let count = 0;
  const read = rereadSeldom(async () => {
    count += 1;
    const reading = readings.shift();
    if (typeof reading === 'string') {
      return reading;
    }
    throw reading;
  }, clock);
  return { clock, readings, read, count: () => count };
}

it('reads once for a minute, whoever asks', async () => {
  const { clock, readings, read, count } = setUp();
  readings.push('one', 'two');

  expect(await Promise.all([read(), read()])).toEqual(['one', 'one']);
  clock.tick(59_999);
  expect(await read()).toBe('one');
  expect(count()).toBe(1);
  clock.tick(1);

  expect(await read()).toBe('two');
});

it('goes on with what it has when a later reading fails, and reads again a minute after', async () => {
  const { clock, readings, read } = setUp();
  readings.push('one', new Error('ENOENT'), 'three');

  await read();
  clock.tick(60_000);
  expect(await read()).toBe('one');
  clock.tick(60_000);

  expect(await read()).toBe('three');
});

it('fails when there is nothing yet, and then reads again at once', async () => {
  const { readings, read } = setUp();
  readings.push(new Error('ENOENT'), 'two');

  await expect(read()).rejects.toThrow('ENOENT');

  expect(await read()).toBe('two');
});
