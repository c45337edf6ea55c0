import { z } from 'zod';
import { parseRange } from '../../api/range.ts';
import { successorsOf } from '../../plan/ask/successors.ts';
import type { ProviderView, SoftwareView } from '../../reconcile/project.ts';
import { json, refusals } from '../answers.ts';
import { callerOf, type App as Server, type Context } from '../context.ts';
import { notFound } from '../problem.ts';
import { findApp, findSoftware, findSoftwareVersion, findVersion } from './find.ts';
import { appId, appVersionId, softwareId, softwareVersionId } from './ids.ts';
import { appOf, appVersionOf, softwareOf, softwareVersionOf } from './published.ts';
import {
  App,
  AppVersion,
  CandidatesQuery,
  Page,
  pageOf,
  SystemSoftware,
  SystemSoftwareVersion,
  VersionsQuery,
} from './shapes.ts';

const id = (of: string, example: string) => z.guid().meta({ description: `The id of ${of}.`, examples: [example] });
const versionId = (version: string) => id('a version', appVersionId('acme/web', version));
const AppParams = z.object({ appId: id('an app', appId('acme/web')) });
const SoftwareParams = z.object({ systemSoftwareId: id('a system software', softwareId('php')) });

/** The catalogue as the second seed shows it. */
export function registerApps(server: Server, context: Context): void {
  const { caches } = context.ports;
  const tags = ['Apps'];

  function app(appId: string): ProviderView {
    const view = findApp(caches, appId);
    if (!view) {
      throw notFound('Correct the id: there is no such app');
    }
    return view;
  }

  function software(softwareId: string): SoftwareView {
    const view = findSoftware(caches, softwareId);
    if (!view) {
      throw notFound('Correct the id: there is no such system software');
    }
    return view;
  }

  server.get(
    '/v2/apps',
    {
      schema: {
        tags,
        operationId: 'app-list-apps',
        summary: 'List apps',
        querystring: Page,
        response: { 200: json(z.array(App), 'A part of the apps, by name'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const all = [...caches.providers.values()].filter(({ invalid }) => invalid === undefined).sort(byKey);
      return reply.send(pageOf(all, request.query).map(appOf));
    },
  );

  server.get(
    '/v2/apps/:appId',
    {
      schema: {
        tags,
        operationId: 'app-get-app',
        summary: 'Read an app',
        params: AppParams,
        response: { 200: json(App, 'The app'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      return reply.send(appOf(app(request.params.appId)));
    },
  );

  server.get(
    '/v2/apps/:appId/versions',
    {
      schema: {
        tags,
        operationId: 'app-list-appversions',
        summary: 'List the versions of an app',
        params: AppParams,
        querystring: VersionsQuery,
        response: { 200: json(z.array(AppVersion), 'Its versions, the newest first'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const { catalogue } = app(request.params.appId);
      const releases = catalogue.releases.filter(isAskedFor(request.query));
      return reply.send(releases.map((release) => appVersionOf(catalogue.provider, release)));
    },
  );

  server.get(
    '/v2/apps/:appId/versions/:appVersionId',
    {
      schema: {
        tags,
        operationId: 'app-get-appversion',
        summary: 'Read a version of an app',
        params: AppParams.extend({ appVersionId: versionId('1.1.0') }),
        response: { 200: json(AppVersion, 'The version'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const view = app(request.params.appId);
      const release = findVersion(view, request.params.appVersionId);
      if (!release) {
        throw notFound('Correct the id: the app has no such version');
      }
      return reply.send(appVersionOf(view.catalogue.provider, release));
    },
  );

  server.get(
    '/v2/apps/:appId/versions/:baseAppVersionId/update-candidates',
    {
      schema: {
        tags,
        operationId: 'app-list-update-candidates-for-appversion',
        summary: 'List the versions that a version may move to',
        params: AppParams.extend({ baseAppVersionId: versionId('1.0.0') }),
        querystring: CandidatesQuery,
        response: { 200: json(z.array(AppVersion), 'Where it may move to, the newest last'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const view = app(request.params.appId);
      const base = findVersion(view, request.params.baseAppVersionId);
      if (!base) {
        throw notFound('Correct the id: the app has no such version');
      }
      const isWanted = isAskedFor({ recommended: request.query.onlyRecommended });
      const found = successorsOf(view.catalogue, base.version).filter(isWanted);
      return reply.send(found.map((release) => appVersionOf(view.catalogue.provider, release)));
    },
  );

  server.get(
    '/v2/system-softwares',
    {
      schema: {
        tags,
        operationId: 'app-list-systemsoftwares',
        summary: 'List system software',
        querystring: Page,
        response: { 200: json(z.array(SystemSoftware), 'A part of it, by name'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const all = [...caches.software.values()].filter(({ invalid }) => invalid === undefined).sort(byKey);
      return reply.send(pageOf(all, request.query).map((view) => softwareOf(view.key, view)));
    },
  );

  server.get(
    '/v2/system-softwares/:systemSoftwareId',
    {
      schema: {
        tags,
        operationId: 'app-get-systemsoftware',
        summary: 'Read a system software',
        params: SoftwareParams,
        response: { 200: json(SystemSoftware, 'The system software'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const view = software(request.params.systemSoftwareId);
      return reply.send(softwareOf(view.key, view));
    },
  );

  server.get(
    '/v2/system-softwares/:systemSoftwareId/versions',
    {
      schema: {
        tags,
        operationId: 'app-list-systemsoftwareversions',
        summary: 'List the versions of a system software',
        params: SoftwareParams,
        querystring: VersionsQuery,
        response: { 200: json(z.array(SystemSoftwareVersion), 'Its versions, the newest first'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const { key, catalogue } = software(request.params.systemSoftwareId);
      const releases = catalogue.releases.filter(isAskedFor(request.query));
      return reply.send(releases.map((release) => softwareVersionOf(key, release)));
    },
  );

  server.get(
    '/v2/system-softwares/:systemSoftwareId/versions/:systemSoftwareVersionId',
    {
      schema: {
        tags,
        operationId: 'app-get-systemsoftwareversion',
        summary: 'Read a version of a system software',
        params: SoftwareParams.extend({ systemSoftwareVersionId: id('a version', softwareVersionId('php', '8.3.0')) }),
        response: { 200: json(SystemSoftwareVersion, 'The version'), ...refusals },
      },
    },
    async (request, reply) => {
      await context.demandCatalogue(callerOf(request));
      const view = software(request.params.systemSoftwareId);
      const release = findSoftwareVersion(view, request.params.systemSoftwareVersionId);
      if (!release) {
        throw notFound('Correct the id: the system software has no such version');
      }
      return reply.send(softwareVersionOf(view.key, release));
    },
  );
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

interface Published {
  readonly version: string;
  readonly recommended?: boolean | undefined;
}

function isAskedFor({ versionRange, recommended }: z.output<typeof VersionsQuery>): (release: Published) => boolean {
  const range = versionRange === undefined ? undefined : parseRange(versionRange);
  return ({ version, recommended: isAdvised = false }) =>
    range?.hasNumbers(version) !== false && (recommended === undefined || isAdvised === (recommended === 'true'));
}
