import type { Shelf } from '../plan/catalogue/software-catalogue.ts';
import type { Caches } from './caches.ts';

/** All system software that is published now. */
export function shelfOf({ software }: Pick<Caches, 'software'>): Shelf {
  return { get: (name) => software.get(name)?.catalogue };
}
