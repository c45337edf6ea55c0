import type { Shelf } from './software-catalogue.ts';
import { byName, type SoftwareSet } from './software-set.ts';

/** What of a set the publisher withdrew, and what to do: the first by name, because a message is to be read. */
export function yankedSoftware(set: SoftwareSet, shelf: Shelf): string | undefined {
  for (const [name, version] of [...set].sort(byName)) {
    const lifecycle = shelf.get(name)?.releases.find((r) => r.version === version)?.lifecycle;
    if (lifecycle?.stage === 'yanked') {
      const why = lifecycle.message ? ` (${lifecycle.message})` : '';
      return `${name} ${version} was yanked${why}: set another version of it in systemSoftware`;
    }
  }
  return undefined;
}
