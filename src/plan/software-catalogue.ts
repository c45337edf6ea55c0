import { SoftwareRelease, type SoftwareSpec } from '../api/software.ts';
import { isExactVersion, isPrerelease, newestFirst } from '../api/version.ts';
import { isOffered, type InvalidRelease } from './catalogue.ts';

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
  const releases: SoftwareRelease[] = [];
  const invalid: InvalidRelease[] = [];
  for (const published of spec.versions ?? []) {
    const parsed = SoftwareRelease.safeParse(published);
    if (parsed.success && isExactVersion(parsed.data.version)) {
      releases.push(published);
    } else {
      const issue = parsed.error?.issues[0];
      const reason = `${issue?.path.join('.') || 'version'}: ${issue?.message ?? 'Must be one exact version such as 1.4.2'}`;
      const { version } = published as { readonly version?: unknown };
      invalid.push({ version: typeof version === 'string' ? version.slice(0, 64) : '', reason });
    }
  }
  return {
    name,
    releases: releases.sort((a, b) => newestFirst(a.version, b.version)),
    invalid: invalid.sort((a, b) => (a.version < b.version ? -1 : 1)),
  };
}

/** The highest for everybody: not yanked, no preview, no prerelease. */
export function latestSoftware({ releases }: SoftwareCatalogue): SoftwareRelease | undefined {
  return releases.find((r) => !isPrerelease(r.version) && isOffered(r));
}
