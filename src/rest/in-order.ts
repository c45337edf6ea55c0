import type { Caches } from '../reconcile/caches.ts';
import type { InstallationView } from '../reconcile/project.ts';

/** The installations of a namespace, or of all, by their keys. */
export interface InOrder {
  readonly total: number;
  /** A part of them; all of them without bounds. */
  slice(from?: number, to?: number): readonly InstallationView[];
}

const EVERYWHERE = '';

/** Remembers the order until one comes or goes: portals list again and again, and to sort a thousand takes a millisecond. */
export function createInOrder({ installations }: Pick<Caches, 'installations'>) {
  const orders = new Map<string, readonly string[]>();

  installations.onChange((before, after) => {
    if (!before || !after) {
      orders.delete((before ?? after)?.namespace ?? EVERYWHERE);
      orders.delete(EVERYWHERE);
    }
  });

  function orderOf(namespace: string): readonly string[] {
    const known = orders.get(namespace);
    if (known) {
      return known;
    }
    const all = namespace === EVERYWHERE ? [...installations.values()] : installations.byIndex('namespace', namespace);
    const order = all.map(({ key }) => key).sort(alphabetically);
    // A namespace that is not there has none, and names can be made up without end.
    if (order.length > 0) {
      orders.set(namespace, order);
    }
    return order;
  }

  return (namespace = EVERYWHERE): InOrder => {
    const order = orderOf(namespace);
    return {
      total: order.length,
      slice: (from, to) => order.slice(from, to).flatMap((key) => installations.get(key) ?? []),
    };
  };
}

function alphabetically(a: string, b: string): number {
  return a < b ? -1 : 1;
}
