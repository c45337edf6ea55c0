import type { ProviderStatus } from '../../api/provider.ts';
import { timestamp } from '../../api/time.ts';
import { latestRelease, type Catalogue } from '../catalogue/catalogue.ts';
import { publishedStatus, type Published } from './published-status.ts';

const WORDS = { one: 'release', use: 'installed', invalid: 'InvalidReleases' };

/** The status of a Provider: what can be installed of it, and what cannot and why. */
export function providerStatus(provider: Published<Catalogue, ProviderStatus>, now: number): ProviderStatus {
  const { catalogue, status } = provider;
  return {
    ...publishedStatus(provider, latestRelease(catalogue.releases), WORDS, now),
    ...(catalogue.releases.length > 0 && { firstSeen: firstSeen(catalogue, status, now) }),
  };
}

/** When each version that is published now was first seen. A version that is published again begins its age again. */
function firstSeen({ releases }: Catalogue, before: ProviderStatus, now: number): Record<string, string> {
  return Object.fromEntries(releases.map(({ version }) => [version, before.firstSeen?.[version] ?? timestamp(now)]));
}
