import type { ServerResponse } from 'node:http';
import { failureStatus } from './failure-status.ts';
import type { Rules } from './fault.ts';
import type { Passage } from './passage.ts';

const NEWLINE = 0x0a;

/** An open watch in the proxy: it takes the server's lines, and forwards those that the faults leave. */
export class WatchStream {
  readonly request: Passage;
  readonly #client: ServerResponse;
  readonly #rules: Rules;
  readonly #passed: Buffer[] = [];
  #unfinished: Buffer = Buffer.alloc(0);
  #isSilent = false;

  constructor(request: Passage, client: ServerResponse, rules: Rules) {
    this.request = request;
    this.#client = client;
    this.#rules = rules;
  }

  /** Takes a piece that the server sent. Forwards only whole lines, each as soon as it is whole. */
  accept(chunk: Buffer): void {
    let rest = Buffer.concat([this.#unfinished, chunk]);
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#pass(rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
    }
    this.#unfinished = rest;
  }

  /** Ends the watch, as when the server has nothing more to say. */
  end(): void {
    if (!this.#isSilent) {
      this.#client.end();
    }
  }

  /** Breaks the connection. */
  reset(): void {
    this.#client.socket?.resetAndDestroy();
  }

  /** Lets nothing through from now on, without telling the client. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Fails during the watch as a server does when its past was compacted away (410). */
  fail(code: number): void {
    this.#write(Buffer.from(`${JSON.stringify({ type: 'ERROR', object: failureStatus(code) })}\n`));
    this.end();
  }

  #pass(line: Buffer): void {
    const { type, object } = JSON.parse(line.toString()) as WatchLine;
    if (type === 'BOOKMARK') {
      if (!this.#isWithheld(object)) {
        this.#write(line);
      }
      return;
    }
    if (type === 'ERROR') {
      this.request.failed = object.code ?? 0;
    }
    if (this.#rules.take(this.request, 'cut-mid-event')) {
      this.#client.write(line.subarray(0, line.length / 2), () => this.reset());
      this.#isSilent = true;
      return;
    }
    this.#write(line);
    const replay = this.#rules.take(this.request, 'replay');
    if (replay) {
      this.#write(line);
      this.#passed.slice(-replay.last).forEach((earlier) => this.#write(earlier));
    }
    this.#passed.push(line);
  }

  #isWithheld({ metadata }: WatchLine['object']): boolean {
    const isInitialEnd = metadata?.annotations?.['k8s.io/initial-events-end'] === 'true';
    const fault =
      (isInitialEnd && this.#rules.take(this.request, 'withhold-initial-end')) ||
      this.#rules.take(this.request, 'withhold-bookmarks');
    return fault !== undefined;
  }

  #write(line: Buffer): void {
    if (!this.#isSilent && this.#client.writable) {
      this.#client.write(line);
    }
  }
}

interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  };
}
