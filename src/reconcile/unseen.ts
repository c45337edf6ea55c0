import { ApiError } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import type { Run } from '../controller/workers.ts';
import { recordName } from '../plan/pods/record-object.ts';
import type { ChildKind, Observed } from '../plan/state/observed.ts';
import type { Caches } from './caches.ts';
import { isWatched, withChild } from './child-views.ts';
import type { Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';

interface UnseenPorts {
  readonly caches: Pick<Caches, 'installations' | 'deployments' | 'revisions'>;
  readonly writer: Pick<Writer, 'get'>;
  readonly offer: (child: ChildKind, raw: Raw) => void;
}

/**
 * Children that may be there although no cache shows them, by the key of their installation: the last write of them got no
 * answer, there are records of a Deployment and no Deployment, or it names a record that is not there: the streams of two kinds
 * do not keep step. Somebody may have taken away the label by which it is
 * watched, and what still runs must not be judged as deleted.
 */
export class Unseen {
  readonly #ports: UnseenPorts;
  /** Lost at a restart, which reads everything anew. */
  readonly #unanswered = new Map<string, ReadonlySet<ChildKind>>();

  constructor(ports: UnseenPorts) {
    this.#ports = ports;
  }

  has(installation: string): boolean {
    return (
      this.#unanswered.has(installation) ||
      this.#lacksDeployment(installation) ||
      this.#lackedRecord(installation) !== undefined
    );
  }

  /** Its last write got no answer. */
  add(installation: string, child: ChildKind): void {
    this.#unanswered.set(installation, new Set([...this.#unansweredOf(installation), child]));
  }

  forget(installation: string): void {
    this.#unanswered.delete(installation);
  }

  /**
   * Takes what became of them into the caches, before anything is decided or said without it; returns what the caches would
   * not keep, as a change of what is seen.
   */
  async look(key: string, { signal }: Run): Promise<((seen: Observed) => Observed) | undefined> {
    const { caches, writer, offer } = this.#ports;
    const installation = caches.installations.get(key);
    const hidden: [ChildKind, Raw][] = [];
    const record = this.#lackedRecord(key);
    const lacking: ChildKind[] = [
      ...(this.#lacksDeployment(key) ? (['Deployment'] as const) : []),
      ...(record === undefined ? [] : (['ControllerRevision'] as const)),
    ];
    for (const child of new Set([...this.#unansweredOf(key), ...lacking])) {
      const { namespace = '', name = '' } = installation ?? {};
      const object = { namespace, name: child === 'ControllerRevision' ? (record ?? '') : name };
      const raw = installation && (await readable(writer.get<Raw>(CHILDREN[child], object)));
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

  #lacksDeployment(installation: string): boolean {
    const { deployments, revisions } = this.#ports.caches;
    // A generated Secret outlives its Deployment.
    const isOfRollout = ({ kind }: { readonly kind: string }) => kind !== 'generated';
    return !deployments.get(installation) && revisions.byIndex('installation', installation).some(isOfRollout);
  }

  /** The name of the record that the Deployment names. */
  #lackedRecord(installation: string): string | undefined {
    const { deployments, revisions, installations } = this.#ports.caches;
    const { record: number } = deployments.get(installation) ?? {};
    const { name } = installations.get(installation) ?? {};
    const isThere = revisions.byIndex('installation', installation).some((r) => r.number === number);
    return number === undefined || name === undefined || isThere ? undefined : recordName({ name }, number);
  }

  #unansweredOf(installation: string): ChildKind[] {
    return [...(this.#unanswered.get(installation) ?? [])];
  }

  #settle(installation: string, child: ChildKind): void {
    const left = this.#unansweredOf(installation).filter((other) => other !== child);
    if (left.length > 0) {
      this.#unanswered.set(installation, new Set(left));
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
