import { hash } from '../api/hash.ts';

/**
 * The last requests that wrote to an installation, in one of its annotations: so they are remembered in the very write that they
 * made, survive every restart, and are the same for all replicas. A request is two hashes, of its key with its caller, and of
 * all that it asked for. The latter has the key in it, which is stored nowhere: a value in the body cannot be guessed by it.
 */

const MOST_KEPT = 8;

export interface KeyedRequest {
  readonly key: string;
  readonly content: string;
}

/** Undefined without a key: then nothing is remembered. */
export function keyedRequest(
  key: string | undefined,
  caller: { readonly username: string; readonly uid: string | undefined },
  content: unknown,
): KeyedRequest | undefined {
  return key === undefined
    ? undefined
    : { key: hash([caller.username, caller.uid, key]), content: hash([caller.username, caller.uid, key, content]) };
}

/** As it is remembered in one installation: what a backup or a copy brings into another says nothing of that one. */
export function boundTo(uid: string, { key, content }: KeyedRequest): KeyedRequest {
  return { key: hash([key, uid]), content };
}

/** `new`: it was not seen before; `again`: it was, so that nothing is left to do; `other`: its key was for something else. */
export function judgeRequest(
  annotation: string | undefined,
  request: KeyedRequest | undefined,
): 'new' | 'again' | 'other' {
  const known = request && parse(annotation).find(({ key }) => key === request.key);
  if (!known) {
    return 'new';
  }
  return known.content === request.content ? 'again' : 'other';
}

/** The annotation with the request in it. */
export function rememberRequest(annotation: string | undefined, request: KeyedRequest): string {
  const others = parse(annotation).filter(({ key }) => key !== request.key);
  return [...others, request]
    .slice(-MOST_KEPT)
    .map(({ key, content }) => `${key}.${content}`)
    .join(' ');
}

/** Leaves out what somebody wrote there by hand. */
function parse(annotation = ''): readonly KeyedRequest[] {
  return annotation
    .split(' ')
    .slice(0, MOST_KEPT * 2)
    .map((text) => /^([0-9a-f]{16})\.([0-9a-f]{16})$/.exec(text))
    .flatMap((match) => (match?.[1] && match[2] ? [{ key: match[1], content: match[2] }] : []));
}
