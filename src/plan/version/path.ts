import semver from 'semver';
import type { Release } from '../../api/provider.ts';
import { numbersOf, parseRange, type Numbers } from '../../api/range.ts';

/** Where an upgrade may pass. */
export interface Terrain {
  /** Newest first; what is not newer than the start has no part in it. */
  readonly releases: readonly Release[];
  /** Versions over which no upgrade may jump, oldest first. */
  readonly requiredVersions: readonly string[];
  /** Whether an upgrade may rest on a release on its way to another. */
  readonly isPassable: (release: Release) => boolean;
  /** Whether another way of the same length is better. */
  readonly isSecondChoice: (release: Release) => boolean;
}

/** The releases from a start to one of them, each a rollout of its own, the start not among them. */
export type PathFinder = (version: string) => readonly string[] | undefined;

/**
 * Finds all shortest ways at once: outwards from the start, at the same distance the newest first, so that of several ways
 * each passes by the newest releases. Every pair of releases is looked at once at the most.
 */
export function pathsFrom(start: string, terrain: Terrain): PathFinder {
  const nodes = nodesAbove(start, terrain);
  const before = new Map<string, string>();

  /** The nodes to which a place leads directly and that no way has reached yet, up to the next required version. */
  function reachFrom({ version, numbers, order, requiredUpTo }: Place): Node[] {
    const reached: Node[] = [];
    for (let next = order + 1; next < nodes.length; next += 1) {
      const node = nodes[next];
      if (!node || node.requiredBelow > requiredUpTo) {
        break;
      }
      if (!before.has(node.version) && node.isFrom(version, numbers)) {
        before.set(node.version, version);
        reached.push(node);
      }
    }
    return reached;
  }

  let front: readonly Place[] = [{ version: start, numbers: numbersOf(start), order: -1, requiredUpTo: 0 }];
  while (front.length > 0) {
    front = front
      .flatMap(reachFrom)
      .filter((node) => terrain.isPassable(node.release))
      .sort(preferred);
  }

  return function pathTo(version) {
    const path: string[] = [];
    for (let at: string | undefined = version; at !== undefined && at !== start; at = before.get(at)) {
      path.unshift(at);
    }
    return before.has(version) ? path : undefined;
  };
}

interface Place {
  readonly version: string;
  readonly numbers: Numbers;
  /** Its place among the nodes, which come oldest first. */
  readonly order: number;
  /** How many required versions one has come to when one is here. */
  readonly requiredUpTo: number;
}

interface Node extends Place {
  readonly release: Release;
  /** How many required versions one must have come to before. */
  readonly requiredBelow: number;
  readonly isSecondChoice: boolean;
  readonly isFrom: (version: string, numbers: Numbers) => boolean;
}

function nodesAbove(start: string, { releases, requiredVersions, isSecondChoice }: Terrain): Node[] {
  const above = requiredVersions.filter((version) => semver.gt(version, start));
  let requiredBelow = 0;
  return releases
    .filter((r) => semver.gt(r.version, start))
    .toReversed()
    .map((release, order) => {
      const { version, upgradesFrom } = release;
      for (let next = above[requiredBelow]; next !== undefined && semver.lt(next, version);) {
        requiredBelow += 1;
        next = above[requiredBelow];
      }
      const range = upgradesFrom === undefined ? undefined : parseRange(upgradesFrom);
      return {
        release,
        version,
        numbers: numbersOf(version),
        order,
        requiredBelow,
        requiredUpTo: requiredBelow + (above[requiredBelow] === version ? 1 : 0),
        isSecondChoice: isSecondChoice(release),
        isFrom: (from, numbers) => upgradesFrom === undefined || range?.hasNumbers(from, numbers) === true,
      };
    });
}

function preferred(a: Node, b: Node): number {
  return Number(a.isSecondChoice) - Number(b.isSecondChoice) || b.order - a.order;
}
