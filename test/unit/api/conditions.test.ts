import { expect, it } from 'vitest';
import { stampConditions, type Verdict } from '../../../src/api/conditions.ts';

const at = (minute: number) => ({ generation: 2, now: Date.UTC(2026, 0, 1, 0, minute) });
const ready: Verdict = { type: 'Ready', status: 'False', reason: 'A', message: 'M' };
const first = stampConditions([], [ready], at(0));

it.each<[string, Verdict, boolean]>([
  ['another status moves the transition time', { ...ready, status: 'True' }, true],
  ['another message alone does not', { ...ready, message: 'N' }, false],
  ['another reason alone does not', { ...ready, reason: 'B' }, false],
])('%s', (_, verdict, moves) => {
  const [condition] = stampConditions(first, [verdict], at(1));
  expect(condition?.lastTransitionTime).toBe(moves ? '2026-01-01T00:01:00Z' : '2026-01-01T00:00:00Z');
});

it('a new reason is a new episode of Reconciling and Stalled', () => {
  const waiting: Verdict = { ...ready, type: 'Reconciling', status: 'True' };
  const [before] = stampConditions([], [waiting], at(0));
  const [after] = stampConditions([before!], [{ ...waiting, reason: 'B' }], at(1));
  expect(after?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
});

it('a new generation is one too: a corrected version gets its whole time again', () => {
  const waiting: Verdict = { ...ready, type: 'Reconciling', status: 'True' };
  const [before] = stampConditions([], [waiting], at(0));
  const [after] = stampConditions([before!], [waiting], { ...at(1), generation: 3 });
  expect(after?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
});

it('a message is cut: a status that the schema refuses says nothing at all', () => {
  const [condition] = stampConditions([], [{ ...ready, message: 'x'.repeat(9000) }], at(0));
  expect(condition?.message).toHaveLength(4096);
});

it('what is not said any more is gone, and the order does not matter', () => {
  const available: Verdict = { ...ready, type: 'Available' };
  const both = stampConditions(first, [ready, available], at(1));
  expect(both).toEqual(stampConditions(first, [available, ready], at(1)));
  expect(stampConditions(both, [ready], at(2)).map((c) => c.type)).toEqual(['Ready']);
});
