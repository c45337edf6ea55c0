import { expect, it } from 'vitest';
import { countHeal, healNotBefore } from '../../../../src/plan/act/heal.ts';
import type { Heals } from '../../../../src/plan/state/observed.ts';

const minute = 60_000;
const HPA = 'spec.replicas was changed by "hpa"';

it('waits after the second heal in a row, a minute at first and never more than an hour', () => {
  const waits: number[] = [];
  let heals: Heals | undefined;
  let now = 0;
  for (let i = 0; i < 10; i += 1) {
    now = Math.max(now + 1, healNotBefore(heals, HPA));
    heals = countHeal(heals, HPA, now);
    waits.push(Math.max(0, healNotBefore(heals, HPA) - now) / minute);
  }
  expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

it('sees a fight also where every heal has another culprit', () => {
  let heals: Heals | undefined;
  let now = 0;
  let healed = 0;
  for (; now < minute; now += 100) {
    const culprit = healed % 2 === 0 ? 'a' : 'b';
    if (healNotBefore(heals, culprit) <= now) {
      heals = countHeal(heals, culprit, now);
      healed += 1;
    }
  }
  expect(healed).toBe(10);
});

it('begins anew with another culprit, and after a quiet time', () => {
  const twice = countHeal(countHeal(undefined, 'a', 0), 'a', 1);
  expect(twice.count).toBe(2);
  expect(healNotBefore(twice, 'b'), 'what is new is healed at once').toBe(0);
  expect(countHeal(twice, 'b', 2).count).toBe(1);
  expect(countHeal(twice, 'a', 1 + 2 * minute).count).toBe(1);
});
