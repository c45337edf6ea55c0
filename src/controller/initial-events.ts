import type { Stored } from './feed.ts';
import { endsInitialEvents, type KubernetesObject } from './list-watch.ts';
import { Stalled } from './stall-guard.ts';

/** The events of a stream before it says that these were all. They come in no order, so that none of them counts before. */
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
