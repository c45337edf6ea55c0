import { keyOf } from '../../cluster/server.ts';
import type { ApiObject } from '../../cluster/object.ts';
import type { Kind } from '../../cluster/kinds.ts';

interface View {
  readonly step: number;
  readonly version: number;
  readonly object: ApiObject | undefined;
}

/** The states of each object that one process was told of, and when: by lists, watches and answers to its requests. */
export class Views {
  readonly #views = new Map<string, View[]>();

  /**
   * Notes that the process heard of an object; undefined: it is gone. A state older than the last one is left out; but one that
   * was missing in a newer list may be found by a read, where it lost the label by which it is listed.
   */
  note(kind: Kind, key: string, { step, version, object }: View): void {
    const id = idOf(kind, key);
    const views = this.#views.get(id) ?? [];
    const last = views.at(-1);
    if (!last || version >= last.version || last.object === undefined) {
      views.push({ step, version, object });
    }
    this.#views.set(id, views);
  }

  /** Notes that the process heard of all objects of a kind. An object that is not among them is gone. */
  noteAll(kind: Kind, objects: readonly ApiObject[], step: number, version: number): void {
    const listed = new Map(objects.map((object) => [keyOf(object.metadata), object]));
    for (const id of this.#views.keys()) {
      const [plural = '', key = ''] = id.split(' ');
      if (plural === kind.plural && !listed.has(key)) {
        this.note(kind, key, { step, version, object: undefined });
      }
    }
    for (const [key, object] of listed) {
      this.note(kind, key, { step, version: Number(object.metadata.resourceVersion), object });
    }
  }

  /** All states of an object that the process may have believed in these steps; undefined: there is none. */
  between(kind: Kind, key: string, from: number, to: number): (ApiObject | undefined)[] {
    const views = this.#views.get(idOf(kind, key)) ?? [];
    const held = views.filter((view, i) => view.step <= to && (views[i + 1]?.step ?? Infinity) >= from);
    return held.length > 0 ? held.map(({ object }) => object) : [undefined];
  }
}

function idOf(kind: Kind, key: string): string {
  return `${kind.plural} ${key}`;
}
