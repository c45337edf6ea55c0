import type { Release } from '../api/provider.ts';
import { problem, type Problem } from './problem.ts';
import type { SoftwareUse } from './software.ts';

/** Of the volume that has its files; a release may have volumes of its own. */
export function volumeName(software: string): string {
  return `software-${software}`;
}

/** Why what was chosen cannot be in one pod: two want the same place in it. */
export function clashOf(uses: readonly SoftwareUse[], { version, runtime }: Release): Problem | undefined {
  const places = [
    ...(runtime?.volumeMounts ?? []).map(({ mountPath }) => ({ mountPath, by: `release ${version}` })),
    ...uses.flatMap(({ name, release }) => {
      const mountPath = release?.provides?.mountPath;
      return mountPath === undefined ? [] : [{ mountPath, by: `system software "${name}"` }];
    }),
  ];
  const second = places.find(({ mountPath }, index) => places.findIndex((p) => p.mountPath === mountPath) !== index);
  const first = places.find((p) => p.mountPath === second?.mountPath);
  if (first && second) {
    return problem(
      'SoftwareConflict',
      `Set another version of the ${second.by}: the ${first.by} is mounted at "${second.mountPath}", too`,
    );
  }
  const volume = runtime?.volumes?.find((v) => uses.some(({ name }) => v.name === volumeName(name)));
  return (
    volume &&
    problem('SoftwareConflict', `Set another version: release ${version} has a volume "${volume.name}" of its own`)
  );
}
