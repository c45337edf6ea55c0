import { describe, expect, it } from 'vitest';
import type { Condition } from '../../../src/api/conditions.ts';
import { InstallationSpec } from '../../../src/api/installation.ts';
import { isSettled } from '../../../src/rest/watch.ts';

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
