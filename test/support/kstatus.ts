import { expect } from 'vitest';
import type { InstallationStatus } from '../../src/api/installation.ts';

/**
 * The rules that every status must keep, so that kstatus, `kubectl wait`, Flux and Helm read it rightly.
 * https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
 */
export function expectKstatus(status: InstallationStatus, generation: number): void {
  const conditions = status.conditions ?? [];
  const has = (type: string) => conditions.find((c) => c.type === type);
  const ready = has('Ready');
  expect(ready, 'Ready is always there').toBeDefined();
  expect(status.observedGeneration).toBe(generation);
  expect(conditions.map((c) => c.type)).toEqual([...new Set(conditions.map((c) => c.type))].sort());
  for (const condition of conditions) {
    expect(condition.observedGeneration, `${condition.type} speaks of this generation`).toBe(generation);
    expect(condition.message, condition.type).toMatch(/^[A-Z0-9]/);
    expect(condition.message, condition.type).not.toMatch(/\.$|\d{2}:\d{2}/);
    expect(condition.reason).toMatch(/^[A-Z][A-Za-z]*$/);
  }
  if (ready?.status === 'True') {
    expect(has('Reconciling'), 'Ready is not working').toBeUndefined();
    expect(has('Stalled'), 'Ready is not stalled').toBeUndefined();
  }
  if (ready?.status === 'Unknown') {
    expect(has('Reconciling'), 'what is not known is being worked on').toBeDefined();
  }
  expect(has('Reconciling') && has('Stalled'), 'never both').toBeUndefined();
}
