import { describe, expect, it } from 'vitest';
import type { ProviderStatus, Release } from '../../../../src/api/provider.ts';
import { firstSeenOf } from '../../../../src/plan/catalogue/first-seen.ts';
import { providerStatus } from '../../../../src/plan/tell/provider-status.ts';
import { catalogue, release, shelf } from '../../../support/builders.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const LONG_AGO = '2025-01-01T00:00:00Z';
const TODAY = '2026-01-01T00:00:00Z';

function statusOf(status: ProviderStatus, ...releases: readonly (Release | string)[]): ProviderStatus {
  const provider = { generation: 1, invalid: undefined, catalogue: catalogue(...releases), status };
  return providerStatus(provider, shelf(), NOW);
}

describe('a release is seen first', () => {
  it('once, and anew where it was taken back in between', () => {
    const before = { firstSeen: { '1.0.0': LONG_AGO, '0.9.0': LONG_AGO } };
    expect(statusOf(before, '1.0.0', '1.1.0').firstSeen).toEqual({ '1.0.0': LONG_AGO, '1.1.0': TODAY });
    expect(statusOf({}).firstSeen).toBeUndefined();
  });

  /** What was published when the status was written, and what is published when the operator looks again. */
  it.each<[what: string, was: Release, is: Release, seen: string]>([
    ['is as it was', release('1.0.0'), release('1.0.0'), LONG_AGO],
    ['has another image', release('1.0.0'), release('1.0.0', { image: 'a/web:2' }), TODAY],
    ['runs otherwise', release('1.0.0'), release('1.0.0', { runtime: {} }), TODAY],
    ['asks for more', release('1.0.0'), release('1.0.0', { userInputs: [{ name: 'a', dataType: 'text' }] }), TODAY],
    ['was yanked', release('1.0.0'), release('1.0.0', { lifecycle: { stage: 'yanked' } }), LONG_AGO],
    ['has another changelog', release('1.0.0'), release('1.0.0', { changelog: 'Words' }), LONG_AGO],
    ['is marked as breaking', release('1.0.0'), release('1.0.0', { breaking: {} }), LONG_AGO],
  ])('long ago or today, where it %s and nobody saw it change', (_, was, is, seen) => {
    const before = { ...statusOf({}, was), firstSeen: { '1.0.0': LONG_AGO } };
    expect(statusOf(before, is).firstSeen).toEqual({ '1.0.0': seen });
    // Automation does not wait for the status to learn whether it is young.
    expect(firstSeenOf(catalogue(is), before)).toEqual(seen === LONG_AGO ? { '1.0.0': LONG_AGO } : {});
  });

  it('as a status of the build before says, which knows of no content', () => {
    const after = statusOf({ firstSeen: { '1.0.0': LONG_AGO } }, '1.0.0');
    expect(after.firstSeen).toEqual({ '1.0.0': LONG_AGO });
    expect(after.contents).toEqual(catalogue('1.0.0').contents);
  });
});
