import type { ApiRequest } from './api-request.ts';

/** A request that reached the proxy, and what became of it. */
export interface Passage extends ApiRequest {
  /** When it came, by `performance.now()`. */
  readonly at: number;
  /** Which of the accepted connections it came on, counted from 0. */
  readonly connection: number;
  /** The HTTP code that the server answered, also where the client never learned of it. */
  served?: number;
  /** The HTTP code that the client was told. Absent as long as it waits; `cut` where its connection broke instead. */
  told?: number | 'cut';
  /** Why the server itself ended a watch in its midst: the code of its ERROR event. */
  failed?: number;
}
