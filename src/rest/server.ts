import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createCallers, TooManyReviews } from './callers.ts';
import { createContext, type App } from './context.ts';
import { registerDocs } from './docs-page.ts';
import { describe } from './openapi.ts';
import type { RestPorts } from './ports.ts';
import { problemOf, RestProblem, unauthenticated } from './problem.ts';
import { registerCatalogue } from './v1/catalogue.ts';
import { registerInstalled } from './v1/installed.ts';
import { registerAppInstallations } from './v2/app-installations.ts';
import { registerApps } from './v2/apps.ts';
import { createWatches } from './watch.ts';

export interface RestSettings {
  readonly corsOrigins: readonly string[];
  /** Requests of one caller within 10 seconds. */
  readonly rateLimit: number;
  /** Every caller may read the catalogue. */
  readonly isCatalogueOpen: boolean;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

export interface RestServer {
  readonly app: App;
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Ends streams, lets requests that are under way finish, and takes no new ones. */
  close(): Promise<void>;
}

/** More than any request needs: values of a config have 64 KiB in all. */
const LONGEST_BODY = 256 * 1024;
const RATE_WINDOW_MS = 10_000;
/** Ids that a proxy gives, if they can be told from an attack on whoever reads the log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export async function createRestServer(ports: RestPorts, settings: RestSettings): Promise<RestServer> {
  const app = bareServer(settings);
  const context = createContext(ports, settings.isCatalogueOpen);
  const watches = createWatches(ports);
  const callers = createCallers(ports.transport, ports.clock);

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller', undefined);
  acceptJsonOnly(app);
  answerProblems(app, ports);
  recordAnswers(app, ports);

  await app.register(helmet, {
    contentSecurityPolicy: { directives: CSP },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  await app.register(cors, {
    origin: [...settings.corsOrigins],
    exposedHeaders: ['etag', 'x-total-count', 'x-request-id', 'idempotency-replayed', 'retry-after'],
    maxAge: 600,
    strictPreflight: false,
  });
  await describe(app);
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isPublic !== true && !request.is404) {
      demandReady(ports);
      request.caller = await identify(request, callers);
    }
  });
  await app.register(rateLimit, {
    max: settings.rateLimit,
    timeWindow: RATE_WINDOW_MS,
    keyGenerator: ({ caller, ip }) => (caller ? `caller ${caller.username}` : `address ${ip}`),
    errorResponseBuilder: (_request, { ttl }) =>
      new RestProblem(429, 'TooManyRequests', `Ask at most ${settings.rateLimit} times within 10 seconds`, {
        headers: { 'retry-after': String(Math.max(1, Math.ceil(ttl / 1000))) },
      }),
  });

  const methods = answerOtherMethods(app);
  registerDocs(app);
  registerCatalogue(app, context);
  registerInstalled(app, context, watches);
  registerApps(app, context);
  registerAppInstallations(app, context);
  methods.complete();
  await app.ready();

  return {
    app,
    async listen({ host, port }) {
      await app.listen({ host, port });
      return { port: (app.server.address() as AddressInfo).port };
    },
    async close() {
      watches.close();
      await app.close();
    },
  };
}

function bareServer({ tls }: RestSettings): App {
  const options = {
    logger: false,
    bodyLimit: LONGEST_BODY,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    requestIdHeader: false,
    genReqId: idOf,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    trustProxy: false,
    ...(tls && { https: { ...tls, minVersion: 'TLSv1.2' } }),
  } as const;
  return fastify(options) as App;
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

async function identify({ headers }: FastifyRequest, callers: ReturnType<typeof createCallers>) {
  const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? headers['x-access-token'];
  const caller = typeof token === 'string' ? await callers.identify(token).catch(inWords) : undefined;
  if (!caller) {
    throw unauthenticated();
  }
  return caller;
}

function inWords(error: unknown): never {
  throw error instanceof TooManyReviews
    ? new RestProblem(503, 'Busy', 'Try again: too many new tokens wait to be reviewed', {
        headers: { 'retry-after': '1' },
      })
    : error;
}

/** An empty body is an empty object, whatever its type is said to be; any other has to be JSON. */
function acceptJsonOnly(app: App): void {
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') {
        done(null, {});
      } else {
        void json(request, body as string, (error, value) => done(error && notJson(error), value));
      }
    },
  );
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') {
      done(null, {});
    } else {
      done(new RestProblem(415, 'UnsupportedMediaType', 'Send JSON, with the header content-type: application/json'));
    }
  });
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) {
      request.body = {};
    }
  });
}

function notJson(error: Error): Error {
  return 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    ? error
    : new RestProblem(400, 'NotJson', 'Correct the body: it is no JSON');
}

function answerProblems(app: App, { log }: RestPorts): void {
  app.setNotFoundHandler((_request, reply) => {
    send(reply, new RestProblem(404, 'NotFound', 'Correct the path: /docs has all of them'));
  });
  app.setErrorHandler((error: Error, request, reply) => {
    const found = hasZodFastifySchemaValidationErrors(error) ? invalid(error.validation) : problemOf(error);
    const problem = isOfSecondSeed(request) && found.status === 422 ? found.as(400) : found;
    if (problem.status === 500) {
      log.error({ requestId: request.id, route: request.routeOptions.url, error }, 'A request failed');
    }
    send(reply, problem);
  });
}

function send(reply: FastifyReply, problem: RestProblem): void {
  void reply
    .code(problem.status)
    .headers({ ...problem.extras.headers })
    .type('application/problem+json')
    .send(JSON.stringify(problem.body()));
}

interface Issue {
  readonly instancePath: string;
  readonly message?: string;
}

/** The first seed says 422 to what breaks its schema or cannot be had, the second 400. */
function isOfSecondSeed({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v2') === true;
}

function invalid(issues: readonly Issue[]): RestProblem {
  const errors = issues.slice(0, 20).map(({ instancePath, message = 'invalid' }) => ({
    field: instancePath.slice(1).replaceAll('/', '.'),
    message,
  }));
  const [first] = errors;
  const where = first?.field === '' || first === undefined ? 'the request' : `"${first.field}"`;
  return new RestProblem(422, 'Invalid', `Correct ${where}: ${first?.message ?? 'invalid'}`, { errors });
}

/** Logs and counts every answer; of what was asked only the path, since a query may have anything in it. */
function recordAnswers(app: App, { log, onAnswered }: RestPorts): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, id, caller, routeOptions } = request;
    const route = routeOptions.url ?? '';
    const seconds = reply.elapsedTime / 1000;
    onAnswered({ method, route, code: reply.statusCode, seconds });
    log.info(
      {
        requestId: id,
        method,
        path: request.url.split('?')[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        caller: caller?.username,
      },
      'Answered',
    );
  });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** 405, with what there is instead, where a path has no such method. */
function answerOtherMethods(app: App): { complete(): void } {
  const known = new Map<string, Set<string>>();
  let isComplete = false;
  app.addHook('onRoute', ({ url, method }) => {
    if (!isComplete) {
      const methods = known.get(url) ?? new Set();
      known.set(url, methods);
      [method].flat().forEach((one) => methods.add(one));
    }
  });
  return {
    complete() {
      isComplete = true;
      for (const [url, methods] of known) {
        const others = METHODS.filter(
          (one) => !methods.has(one) && one !== 'OPTIONS' && app.supportedMethods.includes(one),
        );
        app.route({
          url,
          method: others,
          config: { isPublic: true },
          schema: { hide: true },
          handler: async (_request, reply) => {
            const allowed = [...methods].sort().join(', ');
            reply.header('allow', allowed);
            throw new RestProblem(405, 'MethodNotAllowed', `Ask with one of ${allowed}`);
          },
        });
      }
    },
  };
}
