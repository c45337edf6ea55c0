import type { Call } from '../../../src/cluster/transport.ts';
import { kindOf, type Kind } from './kinds.ts';
import type { Draft } from './object.ts';
import { notFound, Refused } from './refusal.ts';
import { matcher } from './selectors.ts';
import { keyOf, type ApiServer } from './server.ts';

/** The kind and the object that the path of a call names; undefined if the path lacks the part. */
export interface Place {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<subresource>[^/]+))?$/;

export function placeOf({ path }: Pick<Call, 'path'>): Place {
  const { group, version = '', namespace, plural = '', name, subresource } = PATH.exec(path)?.groups ?? {};
  const kind = kindOf(group === undefined ? version : `${group}/${version}`, plural);
  if (!kind) {
    throw notFound(`the path ${path}`);
  }
  return { kind, namespace, name, subresource };
}

const VERSION_PATH = '/version';

/** Whether a call is about objects and not about the server itself. */
export function isAboutObjects({ path }: Pick<Call, 'path'>): boolean {
  return path !== VERSION_PATH;
}

/** Carries out a request in one step and returns the answer's body. */
export function handle(server: ApiServer, call: Call): unknown {
  if (!isAboutObjects(call)) {
    return { gitVersion: server.gitVersion };
  }
  const place = placeOf(call);
  const { kind, namespace, name = '' } = place;
  const key = keyOf({ namespace, name });
  const manager = call.query?.['fieldManager'] ?? 'provider-operator';
  const body = call.body as Draft | undefined;
  switch (call.method) {
    case 'GET':
      return place.name === undefined ? list(server, place, call) : read(server, kind, key);
    case 'POST':
      return call.query?.['dryRun'] === 'All' ? server.wouldCreate(kind, body!) : server.create(kind, body!, manager);
    case 'PUT':
      return server.edit(kind, key, writerOf(place, manager), (live) => ({
        ...live,
        ...body,
        metadata: { ...live.metadata, ...body?.metadata },
      }));
    case 'PATCH':
      return call.contentType === 'application/apply-patch+yaml'
        ? server.apply(kind, body!, { manager, force: call.query?.['force'] === 'true' })
        : server.mergePatch(kind, key, writerOf(place, manager), body!);
    case 'DELETE': {
      const { preconditions } = (body ?? {}) as { readonly preconditions?: { readonly uid?: string } };
      server.remove(kind, key, manager, preconditions?.uid);
      return { kind: 'Status', status: 'Success' };
    }
  }
}

function writerOf({ subresource }: Place, manager: string) {
  return { manager, ...(subresource !== undefined && { subresource }) };
}

function read(server: ApiServer, kind: Kind, key: string): unknown {
  const object = server.get(kind, key);
  if (!object) {
    throw notFound(`${kind.plural} "${key}"`);
  }
  return object;
}

/** One page of a list. Its token holds the version at which the list began and the key after which it goes on. */
function list(server: ApiServer, { kind, namespace }: Place, { query = {} }: Call): unknown {
  const [begun = String(server.version), after = ''] = query['continue'] ? query['continue'].split(' ') : [];
  if (Number(begun) < server.compactedTo) {
    throw new Refused(410, 'Expired', 'The provided continue parameter is too old');
  }
  const matches = matcher(query['labelSelector'], query['fieldSelector'], namespace);
  const all = objectsAt(server, kind, Number(begun))
    .filter(matches)
    .sort((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1));
  const rest = all.filter(({ metadata }) => keyOf(metadata) > after);
  const items = rest.slice(0, Number(query['limit'] ?? Infinity));
  const last = items.at(-1);
  const next = last && items.length < rest.length ? { continue: `${begun} ${keyOf(last.metadata)}` } : {};
  return { metadata: { resourceVersion: begun, ...next }, items };
}

/** The objects as they were at a version, so that all pages of a list show one moment. */
function objectsAt(server: ApiServer, kind: Kind, version: number) {
  const objects = new Map(server.list(kind).map((object) => [keyOf(object.metadata), object]));
  for (const change of server.history.toReversed()) {
    if (change.version <= version) {
      break;
    }
    if (change.kind === kind && change.before) {
      objects.set(change.key, change.before);
    } else if (change.kind === kind) {
      objects.delete(change.key);
    }
  }
  return [...objects.values()];
}
