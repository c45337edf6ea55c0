import { ApiError } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import type { Run } from '../controller/workers.ts';
import type { ChildKind, Observed } from '../plan/observed.ts';
import type { Caches } from './caches.ts';
import { isWatched, withChild } from './child-views.ts';
import type { Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';

interface UnansweredPorts {
  readonly caches: Pick<Caches, 'installations'>;
  readonly writer: Pick<Writer, 'get'>;
  readonly offer: (child: ChildKind, raw: Raw) => void;
}

/**
 * Children whose last write got no answer, by the key of their installation: what was asked for may be there, although no
 * cache shows it yet. Lost at a restart, which reads everything anew.
 */
export class Unanswered {
  readonly #ports: UnansweredPorts;
  readonly #children = new Map<string, ReadonlySet<ChildKind>>();

  constructor(ports: UnansweredPorts) {
    this.#ports = ports;
  }

  has(installation: string): boolean {
    return this.#children.has(installation);
  }

  add(installation: string, child: ChildKind): void {
    this.#children.set(installation, new Set([...this.#of(installation), child]));
  }

  forget(installation: string): void {
    this.#children.delete(installation);
  }

  /**
   * Takes what became of them into the caches, before anything is decided or said without it; returns what the caches would
   * not keep, as a change of what is seen.
   */
  async look(key: string, { signal }: Run): Promise<((seen: Observed) => Observed) | undefined> {
    const { caches, writer, offer } = this.#ports;
    const installation = caches.installations.get(key);
    const hidden: [ChildKind, Raw][] = [];
    for (const child of this.#of(key)) {
      const raw = installation && (await readable(writer.get<Raw>(CHILDREN[child], installation)));
      signal.throwIfAborted();
      if (raw && isWatched(raw)) {
        offer(child, raw);
      } else if (raw) {
        hidden.push([child, raw]);
      }
      this.#settle(key, child);
    }
    return hidden.length === 0
      ? undefined
      : (seen) => hidden.reduce((all, [child, raw]) => withChild(all, child, raw), seen);
  }

  #of(installation: string): ChildKind[] {
    return [...(this.#children.get(installation) ?? [])];
  }

  #settle(installation: string, child: ChildKind): void {
    const left = this.#of(installation).filter((other) => other !== child);
    if (left.length > 0) {
      this.#children.set(installation, new Set(left));
    } else {
      this.forget(installation);
    }
  }
}

/** Nothing where it may not be read: the next write says so where people look. */
async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ApiError && error.retry === 'never') {
      return undefined;
    }
    throw error;
  }
}
