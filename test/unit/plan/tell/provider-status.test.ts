import { expect, it } from 'vitest';
import type { ProviderStatus } from '../../../../src/api/provider.ts';
import { providerStatus } from '../../../../src/plan/tell/provider-status.ts';
import { catalogue } from '../../../support/builders.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function firstSeen(status: ProviderStatus, ...versions: readonly string[]) {
  return providerStatus({ generation: 1, invalid: undefined, catalogue: catalogue(...versions), status }, NOW)
    .firstSeen;
}

it('a release is seen first once, and anew where it was taken back in between', () => {
  const before = { firstSeen: { '1.0.0': '2025-01-01T00:00:00Z', '0.9.0': '2025-01-01T00:00:00Z' } };
  expect(firstSeen(before, '1.0.0', '1.1.0')).toEqual({
    '1.0.0': '2025-01-01T00:00:00Z',
    '1.1.0': '2026-01-01T00:00:00Z',
  });
  expect(firstSeen({})).toBeUndefined();
});
