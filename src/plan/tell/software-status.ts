import type { SoftwareStatus } from '../../api/software.ts';
import { latestRelease } from '../catalogue/catalogue.ts';
import { publishedStatus, type Published } from './published-status.ts';
import type { SoftwareCatalogue } from '../catalogue/software-catalogue.ts';

const WORDS = { one: 'version', use: 'used', invalid: 'InvalidVersions' };

/** The status of a SystemSoftware: what can be used of it, and what cannot and why. */
export function softwareStatus(software: Published<SoftwareCatalogue, SoftwareStatus>, now: number): SoftwareStatus {
  return publishedStatus(software, latestRelease(software.catalogue.releases), WORDS, now);
}
