import { firstIssue } from '../../api/field.ts';
import { SoftwareRelease, type SoftwareSpec } from '../../api/software.ts';
import { isExactVersion } from '../../api/version.ts';
import { NOT_EXACT, sortOut, type InvalidRelease } from './catalogue.ts';

/** The published versions of one system software, as the decisions read them. */
export interface SoftwareCatalogue {
  readonly name: string;
  /** Valid ones, newest first. */
  readonly releases: readonly SoftwareRelease[];
  readonly invalid: readonly InvalidRelease[];
}

/** All system software by name; undefined where there is no such SystemSoftware. */
export interface Shelf {
  get(name: string): SoftwareCatalogue | undefined;
}

/** Reads what is published; a version that cannot be used is set aside with its reason and disturbs no other. */
export function readSoftware(name: string, spec: SoftwareSpec): SoftwareCatalogue {
  return { name, ...sortOut(spec.versions, faultOfVersion) };
}

function faultOfVersion(published: SoftwareRelease): string | undefined {
  const parsed = SoftwareRelease.safeParse(published);
  if (!parsed.success) {
    return firstIssue(parsed.error, 'version');
  }
  return isExactVersion(published.version) ? undefined : NOT_EXACT;
}
