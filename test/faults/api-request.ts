import type { IncomingMessage } from 'node:http';

/** The subject of a request to an API server, in the words of its audit log. */
export interface ApiRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  /** The plural without the group; empty if the path is not a resource, such as `/readyz`. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Whether a watch asks for the present objects first. */
  readonly isWatchList: boolean;
  /** The version from which a watch goes on; empty if none is given. */
  readonly resourceVersion: string;
}

/** Whether a rule applies to a request. */
export type Match = (request: ApiRequest) => boolean;

export function isWatch({ verb }: ApiRequest): boolean {
  return verb === 'watch';
}

/** Returns a match of requests that have all of the given fields. */
export function matching(wanted: Partial<ApiRequest>): Match {
  const entries = Object.entries(wanted) as [keyof ApiRequest, ApiRequest[keyof ApiRequest]][];
  return (request) => entries.every(([field, value]) => request[field] === value);
}

/** Returns a match of only the first request for each resource among those of `match`. */
export function firstOfEach(match: Match): Match {
  const seen = new Set<string>();
  return (request) => {
    if (!match(request) || seen.has(request.resource)) {
      return false;
    }
    seen.add(request.resource);
    return true;
  };
}

const VERBS: Readonly<Record<string, ApiRequest['verb']>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function readApiRequest({ method = 'GET', url = '/' }: Pick<IncomingMessage, 'method' | 'url'>): ApiRequest {
  const { pathname, searchParams } = new URL(url, 'http://unused');
  const [, root, ...rest] = pathname.split('/').map(decodeURIComponent);
  // /api/v1/… and /apis/GROUP/VERSION/…
  const words = root === 'api' || root === 'apis' ? rest.slice(root === 'api' ? 1 : 2) : [];
  // A namespace is a resource, too: /namespaces/NAME is one, and /namespaces/NAME/PLURAL is inside one.
  const [namespace = '', [resource = '', name = '', subresource = '']] =
    words[0] === 'namespaces' && words.length > 2 ? [words[1], words.slice(2)] : ['', words];
  const reads = searchParams.get('watch') === 'true' ? 'watch' : 'list';
  return {
    verb: VERBS[method] ?? (resource === '' || name !== '' ? 'get' : reads),
    resource,
    subresource,
    namespace,
    name,
    isWatchList: searchParams.get('sendInitialEvents') === 'true',
    resourceVersion: searchParams.get('resourceVersion') ?? '',
  };
}
