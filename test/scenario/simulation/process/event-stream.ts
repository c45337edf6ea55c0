/** The events of a watch, pushed from outside. It ends or fails after the events that were pushed before. */
export class EventStream implements AsyncIterable<unknown> {
  readonly #events: unknown[] = [];
  #end: { readonly error?: unknown } | undefined;
  #waiting:
    | { readonly resolve: (result: IteratorResult<unknown>) => void; readonly reject: (error: unknown) => void }
    | undefined;

  /** Whether nobody reads it any more, or nothing more will be pushed. */
  isOver = false;

  push(events: readonly unknown[]): void {
    this.#events.push(...events);
    this.#deliver();
  }

  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.isOver = true;
    this.#deliver();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#waiting = { resolve, reject };
          this.#deliver();
        }),
      return: () => {
        this.isOver = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (!waiting || (this.#events.length === 0 && !this.#end)) {
      return;
    }
    this.#waiting = undefined;
    if (this.#events.length > 0) {
      waiting.resolve({ done: false, value: this.#events.shift() });
    } else if (this.#end && 'error' in this.#end) {
      const { error } = this.#end;
      waiting.reject(error);
    } else {
      waiting.resolve({ done: true, value: undefined });
    }
  }
}
