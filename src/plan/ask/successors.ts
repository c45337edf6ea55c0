import semver from 'semver';
import type { Release } from '../../api/provider.ts';
import { isOffered, type Catalogue } from '../catalogue/catalogue.ts';
import { pathsFrom } from '../version/path.ts';

/**
 * The releases that a version may move to, whoever has it: not yanked, no preview, and with a way there. The lowest first.
 */
export function successorsOf({ releases, requiredVersions }: Catalogue, version: string): readonly Release[] {
  const path = pathsFrom(version, {
    releases,
    requiredVersions,
    isPassable: isOffered,
    isSecondChoice: (release) => release.lifecycle?.stage === 'deprecated',
  });
  return releases
    .filter(
      (release) => isOffered(release) && semver.gt(release.version, version) && path(release.version) !== undefined,
    )
    .toReversed();
}
