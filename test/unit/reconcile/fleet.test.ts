import { describe, expect, it } from 'vitest';
import { createFleet } from '../../../src/reconcile/fleet.ts';
import { inTurn } from '../../../src/reconcile/turns.ts';

function fleetOf(most: number) {
  const woken: string[] = [];
  return { woken, fleet: createFleet(most, (key) => woken.push(key)) };
}

describe('at most so many at once', () => {
  it('a rollout under way takes a place until it ends', () => {
    const { fleet } = fleetOf(1);
    fleet.countUnderWay('a', true);
    expect([fleet.mayBegin('a'), fleet.mayBegin('b')]).toEqual([true, false]);
    fleet.countUnderWay('a', false);
    expect(fleet.mayBegin('b')).toBe(true);
  });

  it('what is decided counts before the cache shows it, and once', () => {
    const { fleet } = fleetOf(2);
    fleet.reservePlace('a');
    fleet.countUnderWay('a', true);
    expect(fleet.mayBegin('b')).toBe(true);
    fleet.reservePlace('b');
    expect(fleet.mayBegin('c')).toBe(false);
    fleet.endReservation('a');
    expect(fleet.mayBegin('c')).toBe(false);
  });

  it('who waits is woken up when a rollout ends, once', () => {
    const { fleet, woken } = fleetOf(1);
    fleet.countUnderWay('a', true);
    fleet.joinLine('b');
    fleet.countUnderWay('a', false);
    fleet.countUnderWay('a', false);
    expect(woken).toEqual(['b']);
  });
});

describe('who waits', () => {
  it('is woken up in the order of hashes, as many as there is room for', () => {
    const { fleet, woken } = fleetOf(2);
    fleet.countUnderWay('x', true);
    fleet.countUnderWay('y', true);
    const keys = ['a', 'b', 'c', 'd'];
    keys.forEach((key) => fleet.joinLine(key));
    fleet.countUnderWay('x', false);

    expect(woken).toEqual(inTurn(keys).slice(0, 1));
    expect(inTurn(keys)).not.toEqual(keys);
  });

  it('passes its turn to the next when it does not want it any more', () => {
    const { fleet, woken } = fleetOf(1);
    fleet.countUnderWay('x', true);
    const [first = '', second = ''] = inTurn(['a', 'b']);
    fleet.joinLine('a');
    fleet.joinLine('b');
    fleet.countUnderWay('x', false);
    fleet.leaveLine(first);

    expect(woken).toEqual([first, second]);
  });

  it('tries when the rollout before it came to nothing', () => {
    const { fleet, woken } = fleetOf(1);
    fleet.reservePlace('a');
    fleet.joinLine('b');
    fleet.endReservation('a');
    expect(woken).toEqual(['b']);
  });

  it('is not overtaken by who comes later, unless that one’s turn is earlier', () => {
    const { fleet } = fleetOf(1);
    const [first = '', second = '', third = ''] = inTurn(['a', 'b', 'c']);
    fleet.reservePlace('x');
    fleet.joinLine(second);
    fleet.endReservation('x');

    expect([first, second, third].map((key) => fleet.mayBegin(key))).toEqual([true, true, false]);
    fleet.leaveLine(second);
    expect(fleet.mayBegin(third)).toBe(true);
  });

  it('wakes who holds a place and waits, once the other who began meanwhile is done', () => {
    const { fleet, woken } = fleetOf(1);
    fleet.countUnderWay('a', true);
    fleet.countUnderWay('b', true);
    fleet.joinLine('a');
    fleet.joinLine('c');
    expect(fleet.mayBegin('a')).toBe(false);
    fleet.countUnderWay('b', false);

    expect(woken).toEqual(['a']);
    expect([fleet.mayBegin('a'), fleet.mayBegin('c')]).toEqual([true, false]);
  });

  it('keeps nobody out for whom there is room as well', () => {
    const { fleet } = fleetOf(2);
    const [first = '', second = '', third = ''] = inTurn(['a', 'b', 'c']);
    fleet.countUnderWay('x', true);
    fleet.countUnderWay('y', true);
    fleet.joinLine(first);
    fleet.countUnderWay('x', false);
    fleet.countUnderWay('y', false);

    expect(fleet.mayBegin(second)).toBe(true);
    fleet.reservePlace(second);
    expect([fleet.mayBegin(first), fleet.mayBegin(third)]).toEqual([true, false]);
  });
});
