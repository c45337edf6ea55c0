import type { SoftwareStatus } from '../../api/software.ts';
import { softwareNotes } from './published-notes.ts';
import { publishedStatus, type Published } from './published-status.ts';
import { isForAll } from '../catalogue/catalogue.ts';
import type { Shelf, SoftwareCatalogue } from '../catalogue/software-catalogue.ts';

const WORDS = { one: 'version', use: 'used', invalid: 'InvalidVersions' };

/** The status of a SystemSoftware: what can be used of it, and what cannot and why. */
export function softwareStatus(
  software: Published<SoftwareCatalogue, SoftwareStatus>,
  shelf: Shelf,
  now: number,
): SoftwareStatus {
  const { catalogue } = software;
  const notes = softwareNotes(catalogue, shelf);
  const latest = catalogue.releases.find((r) => isForAll(r, catalogue.prereleasesAreReleases));
  return publishedStatus(software, latest, { words: WORDS, notes, now });
}
