import type { ApiRequest, Match } from './api-request.ts';

/** A fault that the proxy injects. */
export type Fault =
  // Before the request reaches the server:
  /** The server refuses. */
  | { readonly kind: 'refuse'; readonly code: number; readonly retryAfterSeconds?: number }
  /** The connection is cut instead of an answer. */
  | { readonly kind: 'reset' }
  /** No answer ever comes, and the connection stays open. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'delay'; readonly ms: number }
  // After the server has done it:
  /** The connection is cut instead of the answer. */
  | { readonly kind: 'lose-answer' }
  /** A refusal comes in place of the true answer. */
  | { readonly kind: 'replace-answer'; readonly code: number }
  // In a watch, as its lines arrive, also if it is open already:
  /** The connection is cut in the midst of the next event. */
  | { readonly kind: 'cut-mid-event' }
  | { readonly kind: 'withhold-bookmarks' }
  /** Withholds only the bookmark that ends the initial events. */
  | { readonly kind: 'withhold-initial-end' }
  /** Every event comes twice, followed by the `last` ones before it again. */
  | { readonly kind: 'replay'; readonly last: number }
  // In a watch that is opened from now on:
  /** The server ends the watch in good order. */
  | { readonly kind: 'close-after'; readonly ms: number };

type OfKind<Kind extends Fault['kind']> = Extract<Fault, { readonly kind: Kind }>;

export interface Injection {
  /** How often the fault has struck. */
  readonly hits: number;
  remove(): void;
}

interface Rule {
  readonly match: Match;
  readonly fault: Fault;
  left: number;
  hits: number;
}

/** The faults in force, in the order in which they were injected. Of two that match, the first one strikes. */
export class Rules {
  readonly #rules = new Set<Rule>();
  readonly #all: Rule[] = [];

  add(match: Match, fault: Fault, times: number): Injection {
    const rule: Rule = { match, fault, left: times, hits: 0 };
    this.#rules.add(rule);
    this.#all.push(rule);
    return {
      get hits() {
        return rule.hits;
      },
      remove: () => void this.#rules.delete(rule),
    };
  }

  /** Returns the fault of one of these kinds that strikes now, if any, and counts it. */
  take<Kind extends Fault['kind']>(request: ApiRequest, ...kinds: readonly Kind[]): OfKind<Kind> | undefined {
    const kindsOfAll: readonly Fault['kind'][] = kinds;
    for (const rule of this.#rules) {
      if (kindsOfAll.includes(rule.fault.kind) && rule.match(request)) {
        rule.hits += 1;
        rule.left -= 1;
        if (rule.left <= 0) {
          this.#rules.delete(rule);
        }
        return rule.fault as OfKind<Kind>;
      }
    }
    return undefined;
  }

  /** The faults that never struck. A test that passes in spite of such a fault has shown nothing. */
  get idle(): readonly Fault[] {
    return this.#all.filter(({ hits }) => hits === 0).map(({ fault }) => fault);
  }
}
