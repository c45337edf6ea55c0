import type { Release } from '../api/provider.ts';
import { problem, type Problem } from './problem.ts';
import type { SoftwareUse } from './software.ts';

/** Of the volume that has its files; a release may have volumes of its own. */
export function volumeName(software: string): string {
  return `software-${software}`;
}

/** Why what was chosen cannot be in one pod: two want the same place in it. */
export function clashOf(uses: readonly SoftwareUse[], { version, runtime }: Release): Problem | undefined {
  const taken = new Map((runtime?.volumeMounts ?? []).map((m) => [placeOf(m.mountPath), `release ${version}`]));
  for (const { name, release } of uses) {
    const mountPath = release?.provides?.mountPath;
    const other = mountPath === undefined ? undefined : taken.get(mountPath);
    if (other !== undefined) {
      return problem(
        'SoftwareConflict',
        `Set another version of system software "${name}": ${other} takes "${mountPath}", too`,
      );
    }
    if (mountPath !== undefined) {
      taken.set(mountPath, `system software "${name}"`);
    }
  }
  const own = new Set(runtime?.volumes?.map((v) => v.name));
  const namesake = uses.find(
    ({ name, release }) => release?.provides?.image !== undefined && own.has(volumeName(name)),
  );
  return (
    namesake &&
    problem(
      'SoftwareConflict',
      `Set another version: release ${version} has a volume "${volumeName(namesake.name)}", and so has system software "${namesake.name}"`,
    )
  );
}

/** A release may write `/opt//php/` for `/opt/php`; of system software the schema asks for the plain form. */
function placeOf(path: string): string {
  return path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
}
