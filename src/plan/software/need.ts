import { parseRange } from '../../api/range.ts';

/** A release or software that needs a software, and in which versions. */
export interface Need {
  readonly by: string;
  readonly range: string;
}

/** Prereleases count by their numbers. */
export function meets(version: string, needs: readonly Pick<Need, 'range'>[]): boolean {
  return needs.every(({ range }) => parseRange(range)?.hasNumbers(version) === true);
}
