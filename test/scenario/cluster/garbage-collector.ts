import { KINDS, type Kind } from './kinds.ts';
import { keyOf, type ApiServer } from './server.ts';

const OWNED: readonly Kind[] = [
  KINDS.Deployment,
  KINDS.Service,
  KINDS.PodDisruptionBudget,
  KINDS.ControllerRevision,
  KINDS.Pod,
];
const OWNERS: readonly Kind[] = [KINDS.ProviderInstallation, KINDS.Deployment];
/** The pause after each deletion: a real garbage collector hears of deletions late, through a queue of its own. */
const PAUSE_MS = 500;

/** Deletes objects whose owners are all gone. An object that has no owner is not garbage. */
export class GarbageCollector {
  readonly #server: ApiServer;
  readonly #now: () => number;
  #busyUntil = 0;

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  /** The object that it deletes next; undefined during the pause and if there is none. */
  get work(): { readonly kind: Kind; readonly key: string } | undefined {
    return this.#busyUntil <= this.#now() ? this.#garbage() : undefined;
  }

  /** When the pause ends; undefined if it is over or there is nothing to delete. */
  get deadline(): number | undefined {
    return this.#busyUntil > this.#now() && this.#garbage() ? this.#busyUntil : undefined;
  }

  step(): void {
    const { work } = this;
    if (work) {
      this.#server.remove(work.kind, work.key, 'garbage-collector');
      this.#busyUntil = this.#now() + PAUSE_MS;
    }
  }

  #garbage(): { readonly kind: Kind; readonly key: string } | undefined {
    const owners = new Set(OWNERS.flatMap((kind) => this.#server.list(kind)).map(({ metadata }) => metadata.uid));
    for (const kind of OWNED) {
      for (const { metadata } of this.#server.list(kind)) {
        const { ownerReferences = [] } = metadata;
        if (ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => owners.has(uid))) {
          return { kind, key: keyOf(metadata) };
        }
      }
    }
    return undefined;
  }
}
