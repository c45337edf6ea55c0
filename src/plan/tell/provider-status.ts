import type { ProviderStatus } from '../../api/provider.ts';
import { timestamp } from '../../api/time.ts';
import { firstSeenOf } from '../catalogue/first-seen.ts';
import { latestRelease, type Catalogue } from '../catalogue/catalogue.ts';
import type { Shelf } from '../catalogue/software-catalogue.ts';
import { releaseNotes } from './published-notes.ts';
import { publishedStatus, type Published } from './published-status.ts';

const WORDS = { one: 'release', use: 'installed', invalid: 'InvalidReleases' };

/** The status of a Provider: what can be installed of it, and what cannot and why. */
export function providerStatus(
  provider: Published<Catalogue, ProviderStatus>,
  shelf: Shelf,
  now: number,
): ProviderStatus {
  const { catalogue, status } = provider;
  const notes = releaseNotes(catalogue.releases, shelf);
  return {
    ...publishedStatus(provider, latestRelease(catalogue.releases), { words: WORDS, notes, now }),
    ...(catalogue.releases.length > 0 && {
      firstSeen: firstSeen(catalogue, status, now),
      contents: catalogue.contents,
    }),
  };
}

/** When each version that is published now was first seen. A version that is published again begins its age again. */
function firstSeen(catalogue: Catalogue, before: ProviderStatus, now: number): Record<string, string> {
  const known = firstSeenOf(catalogue, before);
  return Object.fromEntries(catalogue.releases.map(({ version }) => [version, known[version] ?? timestamp(now)]));
}
