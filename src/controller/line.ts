/** First in, first out, in two halves: deleting the first entry of a large array or Map again and again takes quadratic time. */
export class Line {
  #arriving: string[] = [];
  #leaving: string[] = [];

  push(key: string): void {
    this.#arriving.push(key);
  }

  shift(): string | undefined {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#arriving.toReversed();
      this.#arriving = [];
    }
    return this.#leaving.pop();
  }

  clear(): void {
    this.#arriving = [];
    this.#leaving = [];
  }
}
