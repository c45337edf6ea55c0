import type { FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { observeAs } from '../reconcile/observe.ts';
import { PROVIDERS } from '../reconcile/resources.ts';
import type { Installation, Observed } from '../plan/state/observed.ts';
import { createAccess, type Access } from './access.ts';
import { createCallers, type Caller, type Callers } from './callers.ts';
import { clusterOf } from './callers-cluster.ts';
import type { ChangePorts, Terms } from './change.ts';
import { keyedRequest } from './idempotency.ts';
import { createInstallations, type Installations, type Live, type Look } from './installations.ts';
import type { RestPorts } from './ports.ts';
import { RestProblem, unauthenticated } from './problem.ts';
import { namespaceFor } from './tenant.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
  interface FastifyContextConfig {
    /** Answered to everybody, also without a token. */
    isPublic?: boolean;
    /** It does not end with its answer. */
    isStream?: boolean;
  }
}

/** What the routes of both seeds work with. */
export interface Context extends ChangePorts {
  readonly ports: RestPorts;
  readonly access: Access;
  readonly callers: Callers;
  readonly installations: Installations;
  readonly observeNew: (installation: Installation) => Observed;
  /** Refuses whoever may not read the catalogue. */
  readonly demandCatalogue: (caller: Caller) => Promise<void>;
}

export function createContext(ports: RestPorts, isCatalogueOpen: boolean): Context {
  const { caches, config, clock, kubernetesVersion, mayGenerate } = ports;
  const access = createAccess(ports.transport, clock);
  const observeNew = (installation: Installation) =>
    observeAs(
      installation,
      caches,
      config,
      {},
      {
        slot: 'free',
        kubernetesVersion: kubernetesVersion(),
        writtenGeneration: undefined,
        mayGenerate,
      },
    );
  return {
    ports,
    access,
    callers: createCallers(ports.transport, clock),
    installations: createInstallations(caches, access, ports.namespaces),
    observeNew,
    observe: ({ view }: Live) => observeNew(view),
    offer: ({ view }: Live) => void caches.installations.offer(view),
    now: () => clock.now(),
    async demandCatalogue(caller) {
      if (!isCatalogueOpen && !(await access.may(caller, { verb: 'list', resource: PROVIDERS }))) {
        throw new RestProblem(
          404,
          'NotFound',
          'Ask the platform team for the right to list providers.provider-operator.io: nobody else may read the catalogue',
        );
      }
    },
  };
}

export function callerOf({ caller }: Pick<FastifyRequest, 'caller'>): Caller {
  if (!caller) {
    throw unauthenticated();
  }
  return caller;
}

export function lookOf({ ports }: Context, request: FastifyRequest): Look {
  const caller = callerOf(request);
  return { caller, cluster: clusterOf(caller, ports.callersTransport) };
}

export function tenantOf(request: FastifyRequest, query: { readonly namespace?: string | undefined }): string {
  const header = request.headers['x-namespace'];
  return namespaceFor(callerOf(request), {
    header: typeof header === 'string' ? header : undefined,
    query: query.namespace,
  });
}

/** What came with a write besides its body. */
export function termsOf(
  request: FastifyRequest,
  query: { readonly dryRun?: string | undefined; readonly force?: string | undefined },
): Terms {
  const { method, headers, body } = request;
  const key = headers['idempotency-key'];
  const dryRun = query.dryRun === 'true';
  const path = request.url.split('?')[0];
  return {
    dryRun,
    force: query.force === 'true',
    ifMatch: headers['if-match'],
    // A dry run writes nothing, not even that it was made.
    keyed:
      typeof key === 'string' && method === 'POST' && !dryRun
        ? keyedRequest(key, callerOf(request), { method, path, query, body })
        : undefined,
  };
}
