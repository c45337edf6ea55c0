import type { ApiRequest } from './api-request.ts';

/** A request that reached the proxy, and its outcome. */
export interface Passage extends ApiRequest {
  /** When the request came, by `performance.now()`. */
  readonly at: number;
  /** The number of its connection among the accepted ones, counted from 0. */
  readonly connection: number;
  /** The HTTP code that the server answered, also where the client never learned of it. */
  served?: number;
  /** The HTTP code that the client was told. Absent as long as it waits; `cut` where its connection broke instead. */
  told?: number | 'cut';
  /** The code of the ERROR event with which the server itself ended a watch. */
  failed?: number;
}
