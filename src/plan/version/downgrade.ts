import semver from 'semver';
import { parseRange } from '../../api/range.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import { problem, type Problem } from '../../api/problem.ts';
import type { VersionInput } from './version-input.ts';

/**
 * Why what is lower than stable is refused, if it is. A downgrade needs the tenant's consent to exactly this version and
 * the running release's word that it can be done.
 */
export function refuseDowngrade(input: VersionInput, stable: string, version: string): Problem | undefined {
  const why = whyRefused(input, stable, version);
  return why === undefined ? undefined : problem('DowngradeRefused', `Set version ${stable} to stay${why}`);
}

function whyRefused({ spec, catalogue, usedConsent }: VersionInput, stable: string, version: string) {
  if (spec.upgrade?.allowDowngradeTo !== version) {
    return `, or upgrade.allowDowngradeTo ${version} to go back from ${stable}; until then nothing of the spec is rolled out`;
  }
  if (usedConsent === version) {
    return `: the consent to ${version} was used already, remove upgrade.allowDowngradeTo and set it again to renew it`;
  }
  const running = findRelease(catalogue, stable);
  if (!running) {
    return `: release ${stable} is not published any more, so nothing says what it can be downgraded to`;
  }
  const { downgradableTo } = running;
  const isAllowed =
    downgradableTo === undefined
      ? semver.major(stable) === semver.major(version) && semver.minor(stable) === semver.minor(version)
      : parseRange(downgradableTo)?.hasNumbers(version) === true;
  const reach = downgradableTo === undefined ? 'releases of the same minor' : `"${downgradableTo}"`;
  return isAllowed ? undefined : `: release ${stable} can be downgraded to ${reach} only`;
}
