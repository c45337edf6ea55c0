import type { Shelf } from '../catalogue/software-catalogue.ts';
import { byName, type SoftwareSet } from './set.ts';

/** The part of a set that the publisher withdrew. */
export function yankedIn(set: SoftwareSet, shelf: Shelf): SoftwareSet {
  return new Map([...set].filter(([name, version]) => lifecycleOf(shelf, name, version)?.stage === 'yanked'));
}

/** The same, and what to do: the first by name, because a message is to be read. */
export function yankedSoftware(set: SoftwareSet, shelf: Shelf): string | undefined {
  const [first] = [...yankedIn(set, shelf)].sort(byName);
  if (!first) {
    return undefined;
  }
  const [name, version] = first;
  const message = lifecycleOf(shelf, name, version)?.message;
  const why = message ? ` (${message})` : '';
  return `${name} ${version} was yanked${why}: set another version of it in systemSoftware`;
}

function lifecycleOf(shelf: Shelf, name: string, version: string) {
  return shelf.get(name)?.releases.find((r) => r.version === version)?.lifecycle;
}
