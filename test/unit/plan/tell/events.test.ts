import { expect, it } from 'vitest';
import type { Action } from '../../../../src/plan/act/action.ts';
import { eventOfHeal } from '../../../../src/plan/tell/events.ts';

const restore = { kind: 'restore', child: 'Deployment', record: 'web-1' } as const;

it.each<[string, Action, string | undefined]>([
  [
    'what somebody changed',
    { ...restore, uid: 'u', heals: 'spec.replicas was changed by "hpa"' },
    'spec.replicas was changed by "hpa"',
  ],
  ['what somebody deleted', { ...restore, uid: undefined, heals: undefined }, 'somebody deleted it'],
  ['a rollout that goes back', { ...restore, uid: 'u', heals: undefined }, undefined],
  ['what is removed', { kind: 'remove', child: 'Service', name: 'web', uid: 'u' }, undefined],
])('a Warning names %s', (_, action, why) => {
  const note = why && `Restored ${action.child}: ${why}`;
  expect(eventOfHeal(action)).toEqual(note && { type: 'Warning', reason: 'DriftHealed', action: 'Heal', note });
});
