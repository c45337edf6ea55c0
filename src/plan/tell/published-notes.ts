import semver from 'semver';
import type { Release } from '../../api/provider.ts';
import type { SoftwareDependency } from '../../api/software.ts';
import type { Shelf, SoftwareCatalogue } from '../catalogue/software-catalogue.ts';
import { meets } from '../software/need.ts';

/** What its publisher should know of valid versions: why one cannot be had all the same, and what may surprise. */
export interface Notes {
  /** Which versions nobody gets, each with why. */
  readonly except: readonly string[];
  readonly remarks: readonly string[];
}

interface Version extends Pick<Release, 'version' | 'lifecycle'> {
  readonly image: string | undefined;
  readonly needs: readonly SoftwareDependency[];
}

interface Options {
  readonly shelf: Shelf;
  /** A number after the hyphen counts the builds. */
  readonly prereleasesAreReleases: boolean;
  /** Who takes a prerelease, in words. */
  readonly takesPrereleases: string;
}

export function releaseNotes(releases: readonly Release[], shelf: Shelf): Notes {
  const versions = releases.map(({ systemSoftwareDependencies: needs = [], ...r }) => ({ ...r, needs }));
  const takesPrereleases = 'automation takes it only where upgrade.prereleases is true';
  return notesOn(versions, { shelf, prereleasesAreReleases: false, takesPrereleases });
}

export function softwareNotes({ releases, prereleasesAreReleases }: SoftwareCatalogue, shelf: Shelf): Notes {
  const versions = releases.map(({ dependencies: needs = [], provides, ...r }) => ({
    ...r,
    needs,
    image: provides?.image,
  }));
  const takesPrereleases = 'only who names it gets it, unless prereleasesAreReleases is true';
  return notesOn(versions, { shelf, prereleasesAreReleases, takesPrereleases });
}

function notesOn(versions: readonly Version[], options: Options): Notes {
  const { shelf, prereleasesAreReleases, takesPrereleases } = options;
  const lacks = ({ needs }: Version) => needs.find((need) => !isOnShelf(need, shelf));
  const isYanked = ({ lifecycle }: Version) => lifecycle?.stage === 'yanked';
  const isBuild = ({ version }: Version) => !prereleasesAreReleases && hasBuildNumber(version);
  const lacking = versions.filter((v) => !isYanked(v) && lacks(v));
  const [first] = lacking.flatMap((v) => lacks(v) ?? []);
  return {
    except: [
      ...counted(versions.filter(isYanked), (which) => `${which} (yanked)`),
      ...counted(
        lacking,
        (which, s) => `${which} (need${s} "${first?.name}" in "${first?.range}", which nobody publishes)`,
      ),
    ],
    remarks: [
      ...counted(
        versions.filter(({ image }) => image !== undefined && !isPinned(image)),
        (which, s) =>
          `${which} name${s} an image without a tag of its own, which may change unseen: name one tag or digest for it`,
      ),
      ...counted(versions.filter(isBuild), (which, s) => `${which} count${s} as a prerelease: ${takesPrereleases}`),
    ],
  };
}

/** Some version of it is offered to everybody, or at least to who names it. */
function isOnShelf(need: SoftwareDependency, shelf: Shelf): boolean {
  return (
    shelf.get(need.name)?.releases.some((r) => r.lifecycle?.stage !== 'yanked' && meets(r.version, [need])) ?? false
  );
}

/** A tag that is not `latest`, or a digest. What follows the colon of a registry is its port. */
function isPinned(image: string): boolean {
  const [, tag] = /:([^:/@]+)$/.exec(image) ?? [];
  return image.includes('@') || (tag !== undefined && tag !== 'latest');
}

/** `7.1.1-38`, and not `7.1.1-rc.1`. */
function hasBuildNumber(version: string): boolean {
  return semver.prerelease(version)?.every((part) => typeof part === 'number') === true;
}

/** Speaks of the newest, and of how many more; `s` ends a verb where it is one. */
function counted(versions: readonly Version[], text: (which: string, s: string) => string): string[] {
  const [newest, ...others] = versions;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return newest ? [text(`${newest.version}${more}`, more === '' ? 's' : '')] : [];
}
