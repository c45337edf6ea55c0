import { createHash } from 'node:crypto';
import type { Transport } from '../cluster/transport.ts';
import type { Clock } from '../controller/clock.ts';
import { Expiring } from './expiring.ts';
import { notReviewed } from './problem.ts';

/** Who asks, as the API server says. */
export interface Caller {
  /** What the API server is asked with in the caller's name. Never logged. */
  readonly token: string;
  /** Tells callers apart, and says nothing about them. */
  readonly id: string;
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>> | undefined;
  /** Of a service account: its own namespace. */
  readonly namespace: string | undefined;
}

/** As long as a token that was taken back may still be used here; kube-apiserver itself remembers for as long. */
const KNOWN_MS = 10_000;
/** A token that is not known yet may be in a moment. */
const UNKNOWN_MS = 2_000;
const MOST_KEPT = 4096;
/** Far longer than any token is. */
const LONGEST_TOKEN = 16 * 1024;
/** Of one address within a second: a flood of made-up tokens never becomes one at the API server. */
const MOST_REVIEWS = 50;
const WINDOW_MS = 1_000;

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: Record<string, readonly string[]>;
    };
  };
}

export interface Callers {
  /** Undefined for a token that the API server does not know. */
  identify(token: string, address: string): Promise<Caller | undefined>;
}

/** Thrown where an address sends so many unknown tokens that one more is not asked about. */
export class TooManyReviews extends Error {
  override readonly name = 'TooManyReviews';
}

/**
 * Asks the API server whose a token is, for the audience of the API server itself: the token is used there next.
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 */
export function createCallers(transport: Transport, clock: Clock): Callers {
  const reviews = new Expiring<Caller | undefined>({
    most: MOST_KEPT,
    clock,
    ttlMs: (caller) => (caller ? KNOWN_MS : UNKNOWN_MS),
  });
  /** Tokens that were known when they were reviewed last: to review them again is no flood. */
  const known = new Set<string>();
  /** Reviews of other tokens, by address, in the second that is running. */
  const asked = new Map<string, number>();
  let windowEnds = 0;

  function countReview(address: string): void {
    if (clock.monotonic() >= windowEnds) {
      asked.clear();
      windowEnds = clock.monotonic() + WINDOW_MS;
    }
    const count = (asked.get(address) ?? 0) + 1;
    if (count > MOST_REVIEWS) {
      throw new TooManyReviews();
    }
    asked.set(address, count);
  }

  function remember(id: string): void {
    if (known.size >= MOST_KEPT) {
      known.clear();
    }
    known.add(id);
  }

  async function review(token: string, id: string): Promise<Caller | undefined> {
    const asking = transport.request<TokenReview>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
      doing: 'Review a token',
      resource: 'tokenreviews.authentication.k8s.io',
    });
    const { status } = await asking.catch(notReviewed);
    const { username, uid, groups = [], extra } = status?.user ?? {};
    if (status?.authenticated !== true || username === undefined || username === '') {
      known.delete(id);
      return undefined;
    }
    remember(id);
    return { token, id, username, uid, groups, extra, namespace: namespaceOf(username) };
  }

  return {
    async identify(token, address) {
      if (token.length > LONGEST_TOKEN || !/^[\x21-\x7E]+$/.test(token)) {
        return undefined;
      }
      // The token itself is not kept as a key: a dump of the memory shows it as seldom as can be.
      const id = createHash('sha256').update(token).digest('base64url');
      return reviews.get(id, async () => {
        if (!known.has(id)) {
          countReview(address);
        }
        return review(token, id);
      });
    },
  };
}

function namespaceOf(username: string): string | undefined {
  return /^system:serviceaccount:([^:]+):[^:]+$/.exec(username)?.[1];
}
