import type { WatchEvent } from '../../../src/controller/list-watch.ts';
import type { Call } from '../../../src/cluster/transport.ts';
import { placeOf } from './handler.ts';
import type { Kind } from './kinds.ts';
import type { ApiObject } from './object.ts';
import { Refused } from './refusal.ts';
import { matcher, type Matches } from './selectors.ts';
import type { ApiServer, Change } from './server.ts';

/** The server's side of a watch: it knows how far it has sent, and sends one event when it is told to. */
export class WatchCursor {
  readonly kind: Kind;
  readonly #server: ApiServer;
  readonly #matches: Matches;
  readonly #initial: WatchEvent<ApiObject>[];
  /** The index in the history at which it goes on. */
  #next: number;
  #version: number;

  /** Throws `Refused` if the version to begin at was compacted away. */
  constructor(server: ApiServer, call: Call) {
    const { kind, namespace } = placeOf(call);
    const { query = {} } = call;
    const since = query['resourceVersion'];
    this.kind = kind;
    this.#server = server;
    this.#matches = matcher(query['labelSelector'], query['fieldSelector'], namespace);
    if (since !== undefined && Number(since) < server.compactedTo) {
      throw new Refused(410, 'Expired', `too old resource version: ${since} (${server.compactedTo})`);
    }
    this.#version = since === undefined ? server.version : Number(since);
    const next = server.history.findIndex((change) => change.version > this.#version);
    this.#next = next === -1 ? server.history.length : next;
    this.#initial = since === undefined ? this.#initialEvents() : [];
  }

  /** Whether there are events that it has not sent. */
  get hasNews(): boolean {
    return this.#initial.length > 0 || this.#peek() !== undefined;
  }

  /** All of the initial events, or the next change; empty if there is none. */
  next(): readonly WatchEvent<ApiObject>[] {
    if (this.#initial.length > 0) {
      return this.#initial.splice(0);
    }
    const found = this.#peek();
    if (!found) {
      return [];
    }
    this.#next = found.index + 1;
    this.#version = found.change.version;
    return [found.event];
  }

  /** A bookmark: all matches up to its version have been sent. There is none before the initial events are sent. */
  bookmark(): readonly WatchEvent<ApiObject>[] {
    if (this.#initial.length > 0) {
      return [];
    }
    const upcoming = this.#peek();
    const reached = upcoming ? upcoming.change.version - 1 : this.#server.version;
    this.#version = Math.max(this.#version, reached);
    return [{ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.#version) } } }];
  }

  #initialEvents(): WatchEvent<ApiObject>[] {
    const added = this.#server.list(this.kind).filter(this.#matches);
    const end = {
      metadata: { resourceVersion: String(this.#version), annotations: { 'k8s.io/initial-events-end': 'true' } },
    };
    return [...added.map((object) => ({ type: 'ADDED', object }) as const), { type: 'BOOKMARK', object: end }];
  }

  #peek(): { readonly index: number; readonly change: Change; readonly event: WatchEvent<ApiObject> } | undefined {
    for (let index = this.#next; index < this.#server.history.length; index += 1) {
      const change = this.#server.history[index]!;
      const event = change.kind === this.kind ? this.#eventOf(change) : undefined;
      if (event) {
        return { index, change, event };
      }
      this.#next = index + 1;
    }
    return undefined;
  }

  /** An object that leaves the selection is deleted for this watch. One that enters it is added. */
  #eventOf({ before, after, object }: Change): WatchEvent<ApiObject> | undefined {
    const was = before !== undefined && this.#matches(before);
    const is = after !== undefined && this.#matches(after);
    if (is) {
      return { type: was ? 'MODIFIED' : 'ADDED', object };
    }
    if (!was) {
      return undefined;
    }
    const { resourceVersion } = object.metadata;
    return { type: 'DELETED', object: { ...before, metadata: { ...before.metadata, resourceVersion } } };
  }
}
