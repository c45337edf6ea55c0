import { describe, expect, it } from 'vitest';
import type { Condition } from '../../../src/api/conditions.ts';
import { InstallationSpec } from '../../../src/api/installation.ts';
import { deployment, record } from '../../support/records.ts';
import { isRestarting, isSettled, isToBeRetried } from '../../../src/rest/watch.ts';

function condition(type: string, status: Condition['status'], reason = 'Reason'): Condition {
  return { type, status, reason, message: '', observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

describe('an installation that somebody watches', () => {
  it.each<{ reason: string; conditions: Condition[]; observed?: number; suspend?: boolean; is: boolean }>([
    { reason: 'as asked', conditions: [condition('Ready', 'True')], is: true },
    { reason: 'as asked before', conditions: [condition('Ready', 'True')], observed: 1, is: false },
    { reason: 'rolling out', conditions: [condition('Ready', 'Unknown'), condition('Reconciling', 'True')], is: false },
    { reason: 'waiting', conditions: [condition('Ready', 'False'), condition('Reconciling', 'True')], is: false },
    { reason: 'stalled', conditions: [condition('Ready', 'False'), condition('Stalled', 'True')], is: true },
    { reason: 'taken back', conditions: [condition('Ready', 'False', 'RolledBack')], is: true },
    { reason: 'frozen in the midst', conditions: [condition('Ready', 'Unknown')], suspend: true, is: true },
    { reason: 'not looked at yet', conditions: [], observed: -1, is: false },
    { reason: 'without conditions', conditions: [], is: false },
  ])('is settled: $is, $reason', ({ conditions, observed = 2, suspend = false, is }) => {
    const spec = InstallationSpec.parse({ provider: 'acme/web', suspend });
    expect(isSettled({ generation: 2, spec, status: { observedGeneration: observed, conditions } })).toBe(is);
  });
});

// An annotation asks for new pods, and raises no generation.
describe('new pods of the same version', () => {
  const done = { restart: 'a', generation: 2, observedGeneration: 2, replicas: 2, total: 2, updated: 2, available: 2 };
  it.each<{ reason: string; pods: Parameters<typeof deployment>[1]; restart?: string; stalled?: boolean; is: boolean }>(
    [
      { reason: 'are there', pods: done, restart: 'a', is: false },
      { reason: 'were not asked for', pods: done, is: false },
      { reason: 'were asked for once more', pods: done, restart: 'b', is: true },
      { reason: 'are not begun', pods: { ...done, observedGeneration: 1 }, restart: 'a', is: true },
      { reason: 'are not all there', pods: { ...done, updated: 1 }, restart: 'a', is: true },
      { reason: 'are there beside old ones', pods: { ...done, total: 3 }, restart: 'a', is: true },
      { reason: 'were there, and one fails since', pods: { ...done, available: 1 }, restart: 'a', is: false },
      { reason: 'do not come, and a person must act', pods: done, restart: 'b', stalled: true, is: false },
    ],
  )('are under way: $is, they $reason', ({ pods, restart, stalled = false, is }) => {
    const spec = InstallationSpec.parse({ provider: 'acme/web' });
    const conditions = stalled ? [condition('Stalled', 'True')] : [condition('Ready', 'True')];
    expect(isRestarting({ restart, spec, status: { conditions } }, deployment(record(1), pods))).toBe(is);
  });

  it.each([
    { retry: undefined, handled: undefined, suspend: false, is: false },
    { retry: 'b', handled: 'a', suspend: false, is: true },
    { retry: 'b', handled: 'b', suspend: false, is: false },
    { retry: 'b', handled: 'a', suspend: true, is: false },
  ])('are to be tried again: $is, with $retry after $handled', ({ retry, handled, suspend, is }) => {
    const spec = InstallationSpec.parse({ provider: 'acme/web', suspend });
    const status = { ...(handled !== undefined && { lastHandledRetry: handled }) };
    expect(isToBeRetried({ retry, spec, status })).toBe(is);
  });
});
