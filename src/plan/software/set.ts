import { isExactVersion } from '../../api/version.ts';

/** Which version of which system software pods have, by name. */
export type SoftwareSet = ReadonlyMap<string, string>;

export const NO_SOFTWARE: SoftwareSet = new Map();

/** `node=22.4.0 php=8.3.12`, sorted by name; undefined for none. */
export function formatSoftware(set: SoftwareSet): string | undefined {
  const parts = [...set].sort(byName).map(([name, version]) => `${name}=${version}`);
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** Leaves out what was edited beyond recognition. */
export function parseSoftware(text: string | undefined): SoftwareSet {
  const pairs = (text ?? '').split(' ').map((part) => part.split('='));
  return new Map(
    pairs.flatMap(([name = '', version = '']) => (name && isExactVersion(version) ? [[name, version] as const] : [])),
  );
}

/** The part of `set` that is in another version, or not at all, in `before`. */
export function movedSince(before: SoftwareSet, set: SoftwareSet): SoftwareSet {
  return new Map([...set].filter(([name, version]) => before.get(name) !== version));
}

export function isSameSet(a: SoftwareSet, b: SoftwareSet): boolean {
  return formatSoftware(a) === formatSoftware(b);
}

/** In words: `node 22.4.0 and php 8.3.12`; the first few, because it is to be read. */
export function inWords(set: SoftwareSet): string {
  const all = [...set].sort(byName).map(([name, version]) => `${name} ${version}`);
  return all.length > 3 ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more` : all.join(' and ');
}

/** For entries of a set, or of anything else by name. */
export function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
