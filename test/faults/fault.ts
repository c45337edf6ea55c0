import type { ApiRequest, Match } from './api-request.ts';

/** One thing that goes wrong. */
export type Fault =
  // Before the request reaches the server:
  /** The server says no. */
  | { readonly kind: 'refuse'; readonly code: number; readonly retryAfterSeconds?: number }
  /** The connection is cut instead of an answer. */
  | { readonly kind: 'reset' }
  /** Nothing ever comes back; the connection stays. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'delay'; readonly ms: number }
  // After the server has done it:
  /** The connection is cut instead of the answer. */
  | { readonly kind: 'lose-answer' }
  /** Another answer comes in place of the true one. */
  | { readonly kind: 'replace-answer'; readonly code: number }
  // Of a watch, as its lines come by; also of one that is open already:
  /** The connection is cut in the midst of the next event. */
  | { readonly kind: 'cut-mid-event' }
  | { readonly kind: 'withhold-bookmarks' }
  /** Only the bookmark that says that now all has been sent that there was. */
  | { readonly kind: 'withhold-initial-end' }
  /** Every event comes twice, and the `last` ones before it come again behind it. */
  | { readonly kind: 'replay'; readonly last: number }
  // Of a watch that is opened from now on:
  /** The server ends it in good order. */
  | { readonly kind: 'close-after'; readonly ms: number };

type OfKind<Kind extends Fault['kind']> = Extract<Fault, { readonly kind: Kind }>;

export interface Injection {
  /** How often it has struck. */
  readonly hits: number;
  remove(): void;
}

interface Rule {
  readonly match: Match;
  readonly fault: Fault;
  left: number;
  hits: number;
}

/** The faults in force, in the order in which they were injected: of two of one kind the first counts. */
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

  /** The fault of one of these kinds that strikes now, if any; counts it. */
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

  /** The faults that never struck: a test that went green in spite of such a fault has shown nothing. */
  get idle(): readonly Fault[] {
    return this.#all.filter(({ hits }) => hits === 0).map(({ fault }) => fault);
  }
}
