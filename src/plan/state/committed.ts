import { hash } from '../../api/hash.ts';
import type { Committed } from '../../api/record.ts';

/** Of what pods are made from: what the spec says about software shows in them only by what was chosen. */
export function inputsHash({ asked: _, ...inputs }: Committed): string {
  return hash(inputs);
}

/** A template is replaced only when what it was made from changed, never because it would be rendered otherwise today. */
export function isMadeFrom(hashes: Committed, committed: Committed | undefined): boolean {
  return (
    committed !== undefined &&
    committed.wish === hashes.wish &&
    committed.tier === hashes.tier &&
    committed.software === hashes.software
  );
}

/** Of what somebody made: whatever the spec asks for is rolled out. */
export const UNKNOWN_INPUTS: Committed = { wish: 'unknown', tier: 'unknown', release: 'unknown' };
