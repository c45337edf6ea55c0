import { hash } from '../../api/hash.ts';
import type { Committed } from '../../api/record.ts';

/** The hash of the inputs of pods. The wish for software is no part of it: pods show only the versions that were chosen. */
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

/** The hashes of a Deployment that somebody else made. They match no spec, so that the spec is rolled out. */
export const UNKNOWN_INPUTS: Committed = { wish: 'unknown', tier: 'unknown', release: 'unknown' };
