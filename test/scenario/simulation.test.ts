import { expect, it } from 'vitest';
import { describeFailure } from './simulation/check.ts';
import { liveThrough } from './simulation/seed.ts';

/** `SEED=7` lives through that seed alone and shows its whole journal; `SEEDS=1000` lives through so many. */
const { SEED = '', SEEDS = '6' } = process.env;
const seeds = SEED === '' ? Array.from({ length: Number(SEEDS) }, (_, i) => i + 1) : [Number(SEED)];

it(`stays right through ${SEED === '' ? `${SEEDS} seeds` : `seed ${SEED}`}`, { timeout: 600_000 }, async () => {
  const failures: string[] = [];
  for (const seed of seeds) {
    const simulation = await liveThrough(seed);
    if (simulation.violations.length > 0) {
      failures.push(describeFailure(seed, simulation, SEED === '' ? undefined : Infinity));
    }
  }

  expect(failures.slice(0, 3).join('\n\n'), `${failures.length} of ${seeds.length} seeds fail`).toBe('');
});
