import { hash } from '../../api/hash.ts';
import type { ContainerVariable } from '../pods/environment.ts';
import { NO_SOFTWARE } from '../software/set.ts';
import type { Prospect } from './prospect.ts';

/** What a change would come to, for people: nothing of it says a value, which may be a secret. */
export interface Outcome {
  readonly version: string | undefined;
  readonly path: readonly string[];
  /** The system software that moves; nothing before: it comes, nothing after: it goes. */
  readonly software: readonly { readonly name: string; readonly from?: string; readonly to?: string }[];
  /** Names of environment variables. */
  readonly env: Readonly<Record<'added' | 'changed' | 'removed', readonly string[]>>;
}

export function outcomeOf(before: Prospect | undefined, after: Prospect): Outcome {
  return {
    version: after.goal,
    path: after.path,
    software: movesBetween(before, after),
    env: changesBetween(before?.variables ?? [], after.variables ?? before?.variables ?? []),
  };
}

/** What goes where an installation is deleted. */
export function lossOf(before: Prospect): Outcome {
  return {
    version: undefined,
    path: [],
    software: movesBetween(before, { software: NO_SOFTWARE }),
    env: changesBetween(before.variables ?? [], []),
  };
}

function movesBetween(before: Prospect | undefined, { software: to }: Pick<Prospect, 'software'>): Outcome['software'] {
  const from = before?.software ?? new Map<string, string>();
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  return names
    .filter((name) => from.get(name) !== to.get(name))
    .map((name) => {
      const [old, next] = [from.get(name), to.get(name)];
      return { name, ...(old !== undefined && { from: old }), ...(next !== undefined && { to: next }) };
    });
}

function changesBetween(before: readonly ContainerVariable[], after: readonly ContainerVariable[]): Outcome['env'] {
  const [old, next] = [before, after].map((list) => new Map(list.map((v) => [v.name, hash(v)])));
  const names = (from: ReadonlyMap<string, string> = new Map()) => [...from.keys()].sort();
  return {
    added: names(next).filter((name) => !old?.has(name)),
    changed: names(next).filter((name) => old?.has(name) && old.get(name) !== next?.get(name)),
    removed: names(old).filter((name) => !next?.has(name)),
  };
}
