import semver, { type SemVer } from 'semver';
import type { BreakingRelease, Catalogue } from './catalogue.ts';

/** The rest is counted: a message with every note would not be read. */
const MOST_NAMED = 3;

/** The breaking releases that a move from one version to a higher one crosses, that one included, oldest first. */
export function breakingBetween(
  catalogue: Pick<Catalogue, 'breaking'> | undefined,
  from: string,
  to: string,
): readonly BreakingRelease[] {
  const [low, high] = [semver.parse(from), semver.parse(to)];
  if (!catalogue || !low || !high) {
    return [];
  }
  const crossed = catalogue.breaking.filter(({ parsed }) => parsed.compare(low) > 0 && parsed.compare(high) <= 0);
  // What a release breaks is said once, and not of its candidates as well.
  return crossed.filter(({ parsed }) => parsed.prerelease.length === 0 || !crossed.some((r) => isReleaseOf(r, parsed)));
}

function isReleaseOf({ parsed }: BreakingRelease, candidate: SemVer): boolean {
  return parsed.prerelease.length === 0 && parsed.compareMain(candidate) === 0;
}

/** What they break, in words that follow the version that is moved to: `it is breaking: needs another database`. */
export function whatBreaks(crossed: readonly BreakingRelease[], to: string): string {
  const [first] = crossed;
  if (crossed.length === 1 && first?.version === to) {
    return `it is breaking${first.note ? `: ${first.note}` : ''}`;
  }
  const named = crossed.slice(0, MOST_NAMED).map(({ version, note }) => (note ? `${version} (${note})` : version));
  const more = crossed.length - named.length;
  return `it passes what is breaking: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
