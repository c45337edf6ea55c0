import { describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../../src/plan/observed.ts';
import { createFleet, inTurn } from '../../../src/reconcile/fleet.ts';

function rollingOut(trigger: string): DeploymentView {
  const view = { generation: 2, observedGeneration: 2, replicas: 1, total: 2, updated: 1, available: 1 };
  return { ...view, attempt: { trigger, startedAt: '2026-01-01T00:00:00Z', wish: 'w' } } as DeploymentView;
}

const done = { ...rollingOut('Policy'), total: 1 };

function fleetOf(most: number) {
  const woken: string[] = [];
  return { woken, fleet: createFleet(most, (key) => woken.push(key)) };
}

describe('at most so many at once', () => {
  it.each(['Policy', 'Tier'])('%s takes a place from its commit to its end', (trigger) => {
    const { fleet } = fleetOf(1);
    fleet.seen('a', rollingOut(trigger));
    expect([fleet.mayBegin('a'), fleet.mayBegin('b')]).toEqual([true, false]);
    fleet.seen('a', done);
    expect(fleet.mayBegin('b')).toBe(true);
  });

  it.each(['Spec', 'Install', 'Rollback'])('%s takes none', (trigger) => {
    const { fleet } = fleetOf(1);
    fleet.seen('a', rollingOut(trigger));
    expect(fleet.mayBegin('b')).toBe(true);
  });

  it('what is decided counts before the cache shows it, and once', () => {
    const { fleet } = fleetOf(2);
    fleet.reserve('a');
    fleet.seen('a', rollingOut('Policy'));
    expect(fleet.mayBegin('b')).toBe(true);
    fleet.reserve('b');
    expect(fleet.mayBegin('c')).toBe(false);
    fleet.settle('a');
    expect(fleet.mayBegin('c')).toBe(false);
  });

  it.each<[string, (fleet: ReturnType<typeof createFleet>) => void]>([
    ['is done', (fleet) => fleet.seen('a', done)],
    ['goes back', (fleet) => fleet.seen('a', rollingOut('Rollback'))],
    ['is deleted', (fleet) => fleet.seen('a', undefined)],
    ['is stuck', (fleet) => fleet.letGo('a', true)],
  ])('a place is free when a rollout %s', (_, end) => {
    const { fleet, woken } = fleetOf(1);
    fleet.seen('a', rollingOut('Policy'));
    fleet.wait('b');
    end(fleet);
    expect(woken).toEqual(['b']);
  });
});

it('what is stuck takes no place again because its Deployment is heard of', () => {
  const { fleet } = fleetOf(1);
  fleet.seen('a', rollingOut('Policy'));
  fleet.letGo('a', true);
  fleet.seen('a', rollingOut('Policy'));
  expect(fleet.mayBegin('b')).toBe(true);
  fleet.letGo('a', false);
  fleet.seen('a', rollingOut('Policy'));
  expect(fleet.mayBegin('b')).toBe(false);
});

it('what was stuck and begins anew takes a place', () => {
  const { fleet } = fleetOf(1);
  fleet.seen('a', rollingOut('Policy'));
  fleet.letGo('a', true);
  fleet.reserve('a');
  fleet.seen('a', rollingOut('Policy'));
  fleet.settle('a');
  expect(fleet.mayBegin('b')).toBe(false);
});

describe('who waits', () => {
  it('is woken up in the order of hashes, as many as there is room for', () => {
    const { fleet, woken } = fleetOf(2);
    fleet.seen('x', rollingOut('Policy'));
    fleet.seen('y', rollingOut('Policy'));
    const keys = ['a', 'b', 'c', 'd'];
    keys.forEach((key) => fleet.wait(key));
    fleet.seen('x', done);

    expect(woken).toEqual(inTurn(keys).slice(0, 1));
    expect(inTurn(keys)).not.toEqual(keys);
  });

  it('and does not want any more gives its turn to the next', () => {
    const { fleet, woken } = fleetOf(1);
    fleet.seen('x', rollingOut('Policy'));
    const [first = '', second = ''] = inTurn(['a', 'b']);
    fleet.wait('a');
    fleet.wait('b');
    fleet.seen('x', done);
    fleet.pass(first);

    expect(woken).toEqual([first, second]);
  });

  it('and came to nothing lets the next one try', () => {
    const { fleet, woken } = fleetOf(1);
    fleet.reserve('a');
    fleet.wait('b');
    fleet.settle('a');
    expect(woken).toEqual(['b']);
  });

  it('is not overtaken by who comes later, unless that one’s turn is earlier', () => {
    const { fleet } = fleetOf(1);
    const [first = '', second = '', third = ''] = inTurn(['a', 'b', 'c']);
    fleet.reserve('x');
    fleet.wait(second);
    fleet.settle('x');

    expect([first, second, third].map((key) => fleet.mayBegin(key))).toEqual([true, true, false]);
    fleet.pass(second);
    expect(fleet.mayBegin(third)).toBe(true);
  });

  it('keeps nobody out for whom there is room as well', () => {
    const { fleet } = fleetOf(2);
    const [first = '', second = '', third = ''] = inTurn(['a', 'b', 'c']);
    fleet.seen('x', rollingOut('Policy'));
    fleet.seen('y', rollingOut('Policy'));
    fleet.wait(first);
    fleet.seen('x', done);
    fleet.seen('y', done);

    expect(fleet.mayBegin(second)).toBe(true);
    fleet.reserve(second);
    expect([fleet.mayBegin(first), fleet.mayBegin(third)]).toEqual([true, false]);
  });
});

it('who does not hear whether it began keeps its place for one more try', () => {
  const { fleet, woken } = fleetOf(1);
  fleet.reserve('a');
  fleet.wait('b');
  fleet.doubt('a');
  expect([fleet.mayBegin('a'), fleet.mayBegin('b')]).toEqual([true, false]);
  fleet.reserve('a');
  fleet.doubt('a');
  expect(woken).toEqual(['b']);
  fleet.reserve('a');
  fleet.settle('a');
  fleet.reserve('a');
  fleet.doubt('a');
  expect(fleet.mayBegin('b')).toBe(false);
});
