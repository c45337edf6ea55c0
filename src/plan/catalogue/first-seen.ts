import type { ProviderStatus } from '../../api/provider.ts';
import type { Catalogue } from './catalogue.ts';

/**
 * When each release was seen first as it is published now, from what the status remembers: RFC 3339 by version. One that was removed
 * and added again with other content is another, also where nobody was there to see it gone.
 */
export function firstSeenOf(
  { contents }: Pick<Catalogue, 'contents'>,
  { firstSeen = {}, contents: before = {} }: Pick<ProviderStatus, 'firstSeen' | 'contents'>,
): Record<string, string> {
  // A status of the build before this one says nothing of content.
  const isSame = ([version]: [string, string]) => [undefined, contents[version]].includes(before[version]);
  return Object.fromEntries(Object.entries(firstSeen).filter(isSame));
}
