import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyReply } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { recordAnswers } from './access-log.ts';
import type { CertifiedKey } from './certificate.ts';
import { guardConnections, limitWaiting, LIMITS_AT_CREATION, type ConnectionGuard } from './connections.ts';
import { acceptJsonOnly } from './body.ts';
import { createContext, type App } from './context.ts';
import { registerDocs } from './docs-page.ts';
import { answerProblems, refuseConnection, send } from './errors.ts';
import { identify } from './identify.ts';
import { createInFlight } from './in-flight.ts';
import { answerOtherMethods } from './methods.ts';
import { describe } from './openapi.ts';
import type { RestPorts } from './ports.ts';
import { problemOf, RestProblem } from './problem.ts';
import { registerCatalogue } from './v1/catalogue.ts';
import { registerInsight } from './v1/insight.ts';
import { registerInstalled } from './v1/installed.ts';
import { registerMoves } from './v1/moves.ts';
import { registerAppInstallations } from './v2/app-installations.ts';
import { registerApps } from './v2/apps.ts';
import { registerInstallApp } from './v2/install-app.ts';
import { createWatches, type Watches } from './watch.ts';

export interface RestSettings {
  readonly corsOrigins: readonly string[];
  /** Requests of one caller within 10 seconds. */
  readonly rateLimit: number;
  /** Every caller may read the catalogue. */
  readonly isCatalogueOpen: boolean;
  readonly tls: CertifiedKey | undefined;
}

export interface RestServer {
  readonly app: App;
  /** Takes a renewed certificate into use: for new connections, those that are open stay. */
  renew(pair: CertifiedKey): void;
  readonly connections: ConnectionGuard;
  readonly watches: Pick<Watches, 'open'>;
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Ends streams, lets requests that are under way finish, and takes no new ones. */
  close(): Promise<void>;
}

/** More than any request needs: values of a config have 64 KiB in all. */
const LONGEST_BODY = 256 * 1024;
const LEAST_TLS = 'TLSv1.2';
const RATE_WINDOW_MS = 10_000;
/** Far more than callers need: the others are idle, or meant to keep callers out. */
const MOST_CONNECTIONS = 1_000;
const DRAIN_LOOK_MS = 50;
const LONGEST_DRAIN_MS = 8_000;
/** Ids that a proxy gives, if they can be told from an attack on whoever reads the log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export async function createRestServer(ports: RestPorts, settings: RestSettings): Promise<RestServer> {
  const app = bareServer(settings);
  const context = createContext(ports, settings.isCatalogueOpen);
  const watches = createWatches(ports);

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller', undefined);
  acceptJsonOnly(app);
  answerProblems(app, ports.log);
  recordAnswers(app, ports);

  await app.register(helmet, {
    contentSecurityPolicy: { directives: CSP },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  await app.register(cors, {
    origin: [...settings.corsOrigins],
    exposedHeaders: ['etag', 'x-total-count', 'x-request-id', 'idempotency-replayed', 'retry-after'],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    maxAge: 600,
    strictPreflight: false,
  });
  await describe(app);
  const inFlight = createInFlight();
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.isPublic !== true && !request.is404) {
      demandReady(ports);
      request.caller = await identify(request, context.callers);
      // Streams have a limit of their own.
      if (request.routeOptions.config.isStream !== true) {
        inFlight.enter(request.caller, reply.raw);
      }
    }
  });
  await app.register(rateLimit, {
    max: settings.rateLimit,
    timeWindow: RATE_WINDOW_MS,
    keyGenerator: ({ caller, ip }) => (caller ? `caller ${caller.username} ${caller.uid}` : `address ${ip}`),
    errorResponseBuilder: (_request, { ttl }) =>
      new RestProblem(429, 'TooManyRequests', `Ask at most ${settings.rateLimit} times within 10 seconds`, {
        headers: { 'retry-after': String(Math.max(1, Math.ceil(ttl / 1000))) },
      }),
  });

  const methods = answerOtherMethods(app);
  registerDocs(app);
  registerCatalogue(app, context);
  registerInstalled(app, context);
  registerMoves(app, context);
  registerInsight(app, context, watches);
  registerApps(app, context);
  registerInstallApp(app, context);
  registerAppInstallations(app, context);
  methods.complete();
  await app.ready();
  limitWaiting(app.server);

  return {
    app,
    connections: guardConnections(app.server, { most: MOST_CONNECTIONS }),
    watches,
    renew(pair) {
      if (app.server instanceof TlsServer) {
        app.server.setSecureContext({ ...pair, minVersion: LEAST_TLS });
      }
    },
    async listen({ host, port }) {
      await app.listen({ host, port });
      return { port: (app.server.address() as AddressInfo).port };
    },
    async close() {
      watches.close();
      await drained(app);
    },
  };
}

function bareServer({ tls }: RestSettings): App {
  const options = {
    logger: false,
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error: Error, _request: unknown, reply: FastifyReply) => send(reply, problemOf(error)),
    bodyLimit: LONGEST_BODY,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    requestIdHeader: false,
    genReqId: idOf,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    trustProxy: false,
    ...(tls ? { https: { ...LIMITS_AT_CREATION, ...tls, minVersion: LEAST_TLS } } : { http: LIMITS_AT_CREATION }),
  } as const;
  return fastify(options);
}

/** Connections that wait for a request end at once, also those that begin to wait meanwhile; the others have some time. */
async function drained(app: App): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), DRAIN_LOOK_MS);
  const late = setTimeout(() => app.server.closeAllConnections(), LONGEST_DRAIN_MS);
  await app.close();
  clearInterval(idle);
  clearTimeout(late);
}

function idOf({ headers }: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Of the docs page; nothing else here is for a browser to show. */
const CSP = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  frameAncestors: ["'none'"],
  formAction: ["'none'"],
  baseUri: ["'none'"],
  upgradeInsecureRequests: null,
};

function demandReady({ caches }: RestPorts): void {
  if (!caches.hasSynced()) {
    throw new RestProblem(503, 'NotReady', 'Try again: this server has just started', {
      headers: { 'retry-after': '1' },
    });
  }
}
