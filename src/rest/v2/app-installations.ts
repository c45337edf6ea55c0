import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { missingFor } from '../../plan/ask/missing.ts';
import { lossOf } from '../../plan/ask/outcome.ts';
import { prospectOf } from '../../plan/ask/prospect.ts';
import { providerKey } from '../../reconcile/caches.ts';
import type { InstallationView } from '../../reconcile/project.ts';
import { INSTALLATIONS } from '../../reconcile/resources.ts';
import { json, refusals, refusalsOfWrites } from '../answers.ts';
import { change, etagOf, remove } from '../change.ts';
import { callerOf, lookOf, termsOf, type App as Server, type Context } from '../context.ts';
import type { Live } from '../installations.ts';
import { notFound } from '../problem.ts';
import { sweepSecrets } from '../secret-inputs.ts';
import { namespaceFor } from '../tenant.ts';
import { Matching } from '../headers.ts';
import { appInstallationOf, dryRunOf, runStateOf } from './app-installation.ts';
import { changeFor } from './changes.ts';
import { findVersion } from './find.ts';
import { appId } from './ids.ts';
import { projectIn, ProjectParams, tags } from './project.ts';
import { dependencyOf, softwareOf, userInputOf } from './published.ts';
import {
  AllQuery,
  AppInstallation,
  DryRun,
  ListQuery,
  MissingDependencies,
  pageOf,
  PatchRequest,
  RunState,
  SystemSoftware,
  TagQuery,
  TargetQuery,
  Writing,
} from './shapes.ts';

const Params = z.object({ appInstallationId: z.guid().describe('The id of an installation.') });
const ONE = '/v2/app-installations/:appInstallationId';

/** Installations as the second seed shows and changes them. */
export function registerAppInstallations(server: Server, context: Context): void {
  const { caches } = context.ports;

  function find(request: FastifyRequest<{ Params: z.output<typeof Params> }>): Promise<Live> {
    return context.installations.byUid(lookOf(context, request), request.params.appInstallationId.toLowerCase());
  }

  const show = (view: InstallationView) => appInstallationOf(view, caches);

  server.get(
    '/v2/app-installations',
    {
      schema: {
        tags,
        operationId: 'app-list-appinstallations-for-user',
        summary: 'List installations',
        querystring: AllQuery,
        response: { 200: json(z.array(AppInstallation), 'A part of the installations'), ...refusals },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { namespace, ...query } = request.query;
      const header = request.headers['x-namespace'];
      const isNamed = namespace !== undefined || header !== undefined;
      const isEverywhere = !isNamed && (await context.access.may(caller, { verb: 'list', resource: INSTALLATIONS }));
      const where = isEverywhere ? undefined : namespaceFor(caller, { header: header as string, query: namespace });
      const all = await context.installations.list(caller, where);
      return reply.send(pageOf(chosen(all.slice(), query), query).map(show));
    },
  );

  server.get(
    '/v2/projects/:projectId/app-installations',
    {
      schema: {
        tags,
        operationId: 'app-list-appinstallations',
        summary: 'List the installations of a namespace',
        params: ProjectParams,
        querystring: ListQuery,
        response: { 200: json(z.array(AppInstallation), 'A part of the installations'), ...refusals },
      },
    },
    async (request, reply) => {
      const all = await context.installations.list(callerOf(request), projectIn(request.params));
      return reply.send(pageOf(chosen(all.slice(), request.query), request.query).map(show));
    },
  );

  server.get(
    ONE,
    {
      schema: {
        tags,
        operationId: 'app-get-appinstallation',
        summary: 'Read an installation',
        params: Params,
        response: { 200: json(AppInstallation, 'The installation'), ...refusals },
      },
    },
    async (request, reply) => {
      const live = await find(request);
      return reply.header('etag', etagOf(live)).send(show(live.view));
    },
  );

  server.patch(
    ONE,
    {
      schema: {
        tags,
        operationId: 'app-patch-appinstallation',
        summary: 'Change an installation',
        params: Params,
        querystring: Writing,
        headers: Matching,
        body: PatchRequest,
        response: {
          200: json(DryRun, 'What a dry run found'),
          204: z.undefined().describe('It is accepted'),
          ...refusalsOfWrites,
        },
      },
    },
    async (request, reply) => {
      const look = lookOf(context, request);
      const terms = termsOf(request, request.query);
      let hasSecret = false;
      const { live, outcome } = await change(
        context,
        look,
        () => find(request),
        terms,
        (observed, seen) => {
          const next = changeFor({ caches, observed, live: seen, now: context.now() }, request.body);
          hasSecret = next.secret !== undefined;
          return next;
        },
      );
      if (outcome) {
        return reply.code(200).send(dryRunOf(outcome));
      }
      if (hasSecret) {
        await sweepSecrets(look, live, caches, context.now());
      }
      reply.header('etag', etagOf(live));
      return reply.code(204).send();
    },
  );

  server.delete(
    ONE,
    {
      schema: {
        tags,
        operationId: 'app-uninstall-appinstallation',
        summary: 'Delete an installation with all that belongs to it',
        params: Params,
        querystring: Writing,
        headers: Matching,
        response: {
          200: json(DryRun, 'What a dry run found'),
          204: z.undefined().describe('It is deleted'),
          ...refusalsOfWrites,
        },
      },
    },
    async (request, reply) => {
      const terms = termsOf(request, request.query);
      const live = await remove(context, lookOf(context, request), () => find(request), terms);
      if (terms.dryRun) {
        return reply.code(200).send(dryRunOf(lossOf(prospectOf(context.observe(live), context.now()))));
      }
      return reply.code(204).send();
    },
  );

  server.get(
    `${ONE}/systemSoftware`,
    {
      schema: {
        tags,
        operationId: 'app-get-installed-systemsoftware-for-appinstallation',
        summary: 'List the system software of an installation',
        params: Params,
        querystring: TagQuery,
        response: { 200: json(z.array(SystemSoftware), 'Its system software, by name'), ...refusals },
      },
    },
    async (request, reply) => {
      const { view } = await find(request);
      const { tagFilter } = request.query;
      const all = (view.status.systemSoftware ?? []).map(({ name }) =>
        softwareOf(name, caches.software.get(name) ?? { about: {} }),
      );
      return reply.send(all.filter(({ tags: own }) => tagFilter === undefined || own.includes(tagFilter)));
    },
  );

  server.get(
    `${ONE}/missing-dependencies`,
    {
      schema: {
        tags,
        operationId: 'app-get-missing-dependencies-for-appinstallation',
        summary: 'Say what a version needs that is not there yet',
        params: Params,
        querystring: TargetQuery,
        response: { 200: json(MissingDependencies, 'What is missing'), ...refusals },
      },
    },
    async (request, reply) => {
      const live = await find(request);
      const view = caches.providers.get(providerKey(live.view.spec.provider));
      const release = view && findVersion(view, request.query.targetAppVersionID);
      if (!release) {
        throw notFound('Correct targetAppVersionID: the app has no such version');
      }
      const { software, inputs } = missingFor(prospectOf(context.observe(live), context.now()), release);
      return reply.send({
        ...(software.length > 0 && { missingSystemSoftwareDependencies: software.map(dependencyOf) }),
        ...(inputs.length > 0 && {
          missingUserInputs: inputs.flatMap(({ input }) => (input ? [userInputOf(input)] : [])),
        }),
      });
    },
  );

  server.get(
    `${ONE}/status`,
    {
      schema: {
        tags,
        operationId: 'app-retrieve-status',
        summary: 'Say whether the pods run',
        params: Params,
        response: { 200: json(RunState, 'Whether they run'), ...refusals },
      },
    },
    async (request, reply) => {
      const live = await find(request);
      return reply.send(runStateOf(context.observe(live), context.now()));
    },
  );
}

function chosen(
  all: readonly InstallationView[],
  { appIds, searchTerm = '', sortOrder }: Pick<z.output<typeof ListQuery>, 'appIds' | 'searchTerm' | 'sortOrder'>,
): readonly InstallationView[] {
  const apps = appIds === undefined ? undefined : new Set([appIds].flat().map((one) => one.toLowerCase()));
  const words = searchTerm.toLowerCase();
  const found = all.filter(
    ({ name, spec: { provider, description = '' } }) =>
      apps?.has(appId(provider)) !== false && `${name}\n${provider}\n${description}`.toLowerCase().includes(words),
  );
  const direction = sortOrder === 'newestFirst' ? -1 : 1;
  return found.toSorted((a, b) => {
    const byAge = a.createdAt < b.createdAt ? -1 : 1;
    const byName = a.key < b.key ? -1 : 1;
    return a.createdAt === b.createdAt ? byName : byAge * direction;
  });
}
