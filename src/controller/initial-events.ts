import type { Stored } from './feed.ts';
import { endsInitialEvents, type KubernetesObject } from './list-watch.ts';
import { Stalled } from './stall-guard.ts';

/** What a stream brings before it says that this was all: it comes in no order, so that nothing of it counts before. */
export class InitialEvents<T extends Stored> {
  readonly #items = new Map<string, T>();
  #isComplete = false;

  get isComplete(): boolean {
    return this.#isComplete;
  }

  upsert(item: T): void {
    this.#items.set(item.key, item);
  }

  remove(key: string): void {
    this.#items.delete(key);
  }

  /** All there is, by the bookmark that says so; any other one means that the server sends no end. */
  end(bookmark: KubernetesObject): readonly T[] {
    if (!endsInitialEvents(bookmark)) {
      throw new Stalled('The initial events have no end');
    }
    this.#isComplete = true;
    return [...this.#items.values()];
  }
}
