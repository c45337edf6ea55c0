import { ApiError } from '../cluster/errors.ts';
import type { Writer } from '../cluster/write.ts';
import type { Run } from '../controller/workers.ts';
import { recordName } from '../plan/pods/record-object.ts';
import type { ChildKind, Observed } from '../plan/state/observed.ts';
import type { Caches } from './caches.ts';
import { isWatched, withChild } from './child-views.ts';
import type { Raw } from './raw.ts';
import { CHILDREN } from './resources.ts';

interface Written {
  readonly child: ChildKind;
  readonly name: string;
}

interface UnseenPorts {
  readonly caches: Pick<Caches, 'installations' | 'deployments' | 'revisions'>;
  readonly writer: Pick<Writer, 'get'>;
  readonly offer: (child: ChildKind, raw: Raw) => void;
}

/**
 * Children that may be there, or be marked, although no cache shows it, by the key of their installation: the last write of them got no
 * answer, there are records of a Deployment and no Deployment, or it names a record that is not there: the streams of two kinds
 * do not keep step. Somebody may have taken away the label by which it is
 * watched, and what still runs must not be judged as deleted.
 */
export class Unseen {
  readonly #ports: UnseenPorts;
  /** Lost at a restart, which reads everything anew. */
  readonly #unanswered = new Map<string, readonly Written[]>();

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
  add(installation: string, written: Written): void {
    this.#unanswered.set(installation, [...this.#without(installation, written), written]);
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
    const { namespace = '', name: own = '' } = installation ?? {};
    const record = this.#lackedRecord(key);
    if (this.#lacksDeployment(key)) {
      this.add(key, { child: 'Deployment', name: own });
    }
    if (record !== undefined) {
      this.add(key, { child: 'ControllerRevision', name: record });
    }
    for (const written of this.#unanswered.get(key) ?? []) {
      const { child, name } = written;
      const raw = installation && (await readable(writer.get<Raw>(CHILDREN[child], { namespace, name })));
      signal.throwIfAborted();
      if (raw && isWatched(raw)) {
        offer(child, raw);
      } else if (raw) {
        hidden.push([child, raw]);
      }
      this.#settle(key, written);
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

  #without(installation: string, { child, name }: Written): Written[] {
    return (this.#unanswered.get(installation) ?? []).filter((w) => w.child !== child || w.name !== name);
  }

  #settle(installation: string, written: Written): void {
    const left = this.#without(installation, written);
    if (left.length > 0) {
      this.#unanswered.set(installation, left);
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
