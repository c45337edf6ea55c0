import { isWatch } from './api-request.ts';
import type { Passage } from './passage.ts';

/** Returns how many requests there were of each verb and resource: `{ 'patch deployments': 2 }`. */
export function countByKind(passages: readonly Passage[]): Record<string, number> {
  return count(passages, ({ verb, resource, subresource }) =>
    [verb, [resource, subresource].filter(Boolean).join('/')].join(' '),
  );
}

/**
 * Returns how often each watch dialled. A dial is a list or a watch: while the server is away, a reflector tries either
 * of them to see the objects again. Watches of one resource in different namespaces are different watches.
 */
export function dialsPerWatch(passages: readonly Passage[]): Record<string, number> {
  const dials = passages.filter((p) => isWatch(p) || p.verb === 'list');
  return count(dials, ({ resource, namespace }) => [namespace, resource].filter(Boolean).join('/'));
}

function count(passages: readonly Passage[], nameOf: (passage: Passage) => string): Record<string, number> {
  const groups = Map.groupBy(passages, nameOf);
  return Object.fromEntries(Array.from(groups, ([name, members]) => [name, members.length]));
}
