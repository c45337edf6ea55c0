import { ApiError } from '../../../../src/cluster/errors.ts';
import type { Call } from '../../../../src/cluster/transport.ts';
import { handle, isAboutObjects, placeOf } from '../../cluster/handler.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { Refused } from '../../cluster/refusal.ts';
import { keyOf, type ApiServer } from '../../cluster/server.ts';
import { WatchCursor } from '../../cluster/watch.ts';
import type { InFlight, OperatorProcess, Watching } from './process.ts';

/** The time between two bookmarks, with which a server says how far a watch is when it sends nothing else. */
const BOOKMARK_MS = 60_000;

export interface ExchangeOptions {
  readonly server: ApiServer;
  readonly now: () => number;
  readonly step: () => number;
  readonly note: (what: string) => void;
  /** Called after a request other than a GET was carried out or refused. */
  readonly onCarriedOut: (call: Call) => void;
}

/** Passes requests and events between processes and the server, one at a time, and notes what each process learns. */
export class Exchange {
  readonly #options: ExchangeOptions;
  #bookmarksAt = 0;
  /** The request that is being carried out; undefined if none is. */
  current: { readonly process: OperatorProcess; readonly request: InFlight } | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Lets the server carry out a request. The answer has not arrived yet. */
  carryOut(process: OperatorProcess, request: InFlight): void {
    const { call } = request;
    const { server, note, onCarriedOut } = this.#options;
    this.current = { process, request };
    try {
      request.outcome = { answer: handle(server, call) };
    } catch (error) {
      const refused = refusedOnly(error);
      note(`  refused: ${refused.message}`);
      request.outcome = { error: ApiError.refused(call.doing, refused) };
    } finally {
      this.current = undefined;
    }
    if (call.method !== 'GET') {
      onCarriedOut(call);
    }
  }

  /** Delivers the answer to the process. */
  answer(process: OperatorProcess, request: InFlight): void {
    if (request.outcome && 'answer' in request.outcome && isAboutObjects(request.call)) {
      this.#learn(process, request.call, request.outcome.answer);
    }
    process.answer(request);
  }

  /** Fails a request with `error` instead of the server's answer, whether or not the server carried it out. */
  lose(process: OperatorProcess, request: InFlight, error: ApiError, isCarriedOut: boolean): void {
    if (isCarriedOut && request.outcome === undefined) {
      this.carryOut(process, request);
    }
    process.fail(request, error);
  }

  accept(process: OperatorProcess, watching: Watching): void {
    const { server, now, note } = this.#options;
    try {
      watching.cursor = new WatchCursor(server, watching.call);
      watching.endsAt = now() + Number(watching.call.query?.['timeoutSeconds'] ?? 0) * 1000;
      watching.accept();
    } catch (error) {
      const refused = refusedOnly(error);
      note(`  refused: ${refused.message}`);
      process.endWatch(watching, ApiError.refused(watching.call.doing, refused));
    }
  }

  /** Delivers the next event of a watch, or all of its initial events. */
  deliver({ views }: OperatorProcess, { cursor, stream }: Watching): void {
    const events = cursor?.next() ?? [];
    const last = events.at(-1);
    stream.push(events);
    if (!cursor || !last || last.type === 'ERROR') {
      return;
    }
    const step = this.#options.step();
    if (last.type === 'BOOKMARK') {
      const objects = events.flatMap((e) => (e.type === 'BOOKMARK' || e.type === 'ERROR' ? [] : [e.object]));
      views.noteAll(cursor.kind, objects, step, Number(last.object.metadata?.resourceVersion));
      this.#options.note(`  all ${objects.length}`);
    } else {
      const { metadata } = last.object;
      const object = last.type === 'DELETED' ? undefined : last.object;
      views.note(cursor.kind, keyOf(metadata), { step, version: Number(metadata.resourceVersion), object });
      this.#options.note(`  ${last.type} ${keyOf(metadata)} at ${metadata.resourceVersion}`);
    }
  }

  /** When the next bookmarks are due. */
  get servesAt(): number {
    return this.#bookmarksAt;
  }

  /** Sends the bookmarks that are due, and ends each watch that has lasted as long as it was asked for. */
  serve(process: OperatorProcess): void {
    const now = this.#options.now();
    const isTime = now >= this.#bookmarksAt;
    for (const watching of process.watches) {
      if (watching.endsAt <= now) {
        process.endWatch(watching);
      } else if (isTime && watching.cursor) {
        watching.stream.push(watching.cursor.bookmark());
      }
    }
    this.#bookmarksAt = isTime ? now + BOOKMARK_MS : this.#bookmarksAt;
  }

  #learn({ views }: OperatorProcess, call: Call, answer: unknown): void {
    const { kind, name } = placeOf(call);
    const step = this.#options.step();
    if (call.method === 'GET' && name === undefined) {
      const list = answer as { readonly items: readonly ApiObject[]; readonly metadata: { resourceVersion: string } };
      views.noteAll(kind, list.items, step, Number(list.metadata.resourceVersion));
    } else if (call.method === 'GET' || call.method === 'PATCH') {
      const object = answer as ApiObject;
      const version = Number(object.metadata.resourceVersion);
      views.note(kind, keyOf(object.metadata), { step, version, object });
    }
  }
}

function refusedOnly(error: unknown): Refused {
  if (error instanceof Refused) {
    return error;
  }
  throw error;
}
