import type { Release } from '../../api/provider.ts';
import { problem, type Problem } from '../../api/problem.ts';
import type { SoftwareUse } from './resolution.ts';

const VOLUME_PREFIX = 'software-';

/** Of the volume that has its files; a release may have volumes of its own. */
export function volumeName(software: string): string {
  return `${VOLUME_PREFIX}${software}`;
}

/** Its init container has the same name. */
export function isSoftwareVolume(name: string): boolean {
  return name.startsWith(VOLUME_PREFIX);
}

/** Why what was chosen cannot be in one pod: two want the same place, variable or name in it. */
export function clashOf(uses: readonly SoftwareUse[], release: Release): Problem | undefined {
  const clash = placeTakenTwice(uses, release) ?? variableSetTwice(uses) ?? volumeNamedTwice(uses, release);
  return clash === undefined ? undefined : problem('SoftwareConflict', clash);
}

/** Nothing can be mounted within what is read-only, and what is mounted around hides it. */
function placeTakenTwice(uses: readonly SoftwareUse[], { version, runtime }: Release): string | undefined {
  const taken = (runtime?.volumeMounts ?? []).map((m) => ({ place: plainPath(m.mountPath), by: `release ${version}` }));
  for (const { name, release } of uses) {
    const place = release?.provides?.mountPath;
    const other =
      place === undefined ? undefined : taken.find((t) => contains(t.place, place) || contains(place, t.place));
    if (other) {
      return `Set another version of system software "${name}": its files are to be at "${place}", and ${other.by} mounts "${other.place}"`;
    }
    if (place !== undefined) {
      taken.push({ place, by: `system software "${name}"` });
    }
  }
  return undefined;
}

function contains(outer: string, inner: string): boolean {
  return `${inner}/`.startsWith(outer === '/' ? '/' : `${outer}/`);
}

/** A release may write `/opt//php/` for `/opt/php`; of system software the schema asks for the plain form. */
function plainPath(path: string): string {
  return path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** Two of them would have the last word. */
function variableSetTwice(uses: readonly SoftwareUse[]): string | undefined {
  const set = new Map<string, { readonly value: string; readonly by: string }>();
  for (const { name: by, release } of uses) {
    for (const { name, value = '' } of release?.provides?.env ?? []) {
      const other = set.get(name);
      if (other && other.value !== value) {
        return `Set another version of system software "${by}": it sets the variable "${name}", and so does system software "${other.by}"`;
      }
      set.set(name, { value, by });
    }
  }
  return undefined;
}

function volumeNamedTwice(uses: readonly SoftwareUse[], { version, runtime }: Release): string | undefined {
  const own = new Set(runtime?.volumes?.map((v) => v.name));
  const namesake = uses.find(
    ({ name, release }) => release?.provides?.image !== undefined && own.has(volumeName(name)),
  );
  return (
    namesake &&
    `Set another version: release ${version} has a volume "${volumeName(namesake.name)}", and so has system software "${namesake.name}"`
  );
}
