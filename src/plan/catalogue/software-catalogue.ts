import { firstIssue } from '../../api/field.ts';
import type { OperatorConfig } from '../../api/operator-config.ts';
import { SoftwareRelease, type SoftwareSpec } from '../../api/software.ts';
import { isExactVersion } from '../../api/version.ts';
import { NOT_EXACT, sortOut, type InvalidRelease } from './catalogue.ts';
import { faultOfInputs } from './inputs.ts';

/** The published versions of one system software, as the decisions read them. */
export interface SoftwareCatalogue {
  readonly name: string;
  /** Valid ones, newest first. */
  readonly releases: readonly SoftwareRelease[];
  readonly invalid: readonly InvalidRelease[];
  /** The vendor counts its builds after a hyphen, as in `7.1.1-38`. */
  readonly prereleasesAreReleases: boolean;
}

/** All system software by name; undefined where there is no such SystemSoftware. */
export interface Shelf {
  get(name: string): SoftwareCatalogue | undefined;
}

/** Reads what is published; a version that cannot be used is set aside with its reason and disturbs no other. */
export function readSoftware(name: string, spec: SoftwareSpec, config: OperatorConfig): SoftwareCatalogue {
  return {
    name,
    ...sortOut(spec.versions, (version) => faultOfVersion(version, config)),
    prereleasesAreReleases: spec.prereleasesAreReleases === true,
  };
}

function faultOfVersion(published: SoftwareRelease, config: OperatorConfig): string | undefined {
  const parsed = SoftwareRelease.safeParse(published);
  if (!parsed.success) {
    return firstIssue(parsed.error, 'version');
  }
  return isExactVersion(published.version) ? faultOfInputs(published.userInputs, config) : NOT_EXACT;
}
