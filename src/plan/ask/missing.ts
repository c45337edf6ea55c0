import type { Release } from '../../api/provider.ts';
import type { SoftwareDependency } from '../../api/software.ts';
import { askedBy, type AskedInput } from '../pods/asked.ts';
import type { Shortcoming } from '../pods/sheet.ts';
import { meets } from '../software/need.ts';
import type { Prospect } from './prospect.ts';

/** What a release needs that an installation does not have. */
export interface Missing {
  /** System software that is not there, or in no version that does. */
  readonly software: readonly SoftwareDependency[];
  readonly inputs: readonly (Shortcoming & { readonly input: AskedInput | undefined })[];
}

export function missingFor({ outlook, software }: Prospect, release: Release): Missing {
  const { answers, software: finder } = outlook?.input ?? {};
  const resolution = finder?.resolve(release);
  const asked = askedBy(release, resolution?.kind === 'resolution' ? resolution.uses : []);
  return {
    software: (release.systemSoftwareDependencies ?? []).filter((need) => {
      const version = software.get(need.name);
      return version === undefined || !meets(version, [need]);
    }),
    inputs: (answers?.(release).missing ?? []).map((shortcoming) => ({
      ...shortcoming,
      input: asked.find(({ name }) => name === shortcoming.name),
    })),
  };
}
