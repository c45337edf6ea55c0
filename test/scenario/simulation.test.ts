import { expect, it } from 'vitest';
import { describeFailure } from './simulation/check.ts';
import { liveThrough } from './simulation/seed.ts';

/** `SEED=7` lives through that seed alone and shows its whole journal; `START=n SEEDS=m` through seeds n+1 to n+m. */
const { SEED = '', START = '0', SEEDS = '6' } = process.env;
const first = Number(START) + 1;
const seeds = SEED === '' ? Array.from({ length: Number(SEEDS) }, (_, i) => first + i) : [Number(SEED)];
const range = SEED === '' ? `seeds ${first} to ${seeds.at(-1)}` : `seed ${SEED}`;

it(`stays right through ${range}`, { timeout: 3_600_000 }, async () => {
  const failures: string[] = [];
  for (const seed of seeds) {
    const simulation = await liveThrough(seed);
    if (simulation.violations.length > 0) {
      failures.push(describeFailure(seed, simulation, SEED === '' ? undefined : Infinity));
    }
  }

  expect(failures.slice(0, 3).join('\n\n'), `${failures.length} of ${seeds.length} seeds fail`).toBe('');
});
