import { z } from 'zod';
import { lossOf } from '../../plan/ask/outcome.ts';
import { prospectOf } from '../../plan/ask/prospect.ts';
import { json, refusals, refusalsOfWrites } from '../answers.ts';
import { etagOf, remove } from '../change.ts';
import { callerOf, lookOf, tenantOf, termsOf, type App, type Context } from '../context.ts';
import { install } from '../install.ts';
import { dryRunOf, installationOf } from './installation.ts';
import { find, ONE, reading, shown, tags } from './one.ts';
import {
  Deleting,
  DryRun,
  Headers,
  Installation,
  InstalledQuery,
  InstallRequest,
  NameParams,
  PostHeaders,
  WriteHeaders,
  Writing,
  type PolicyAsked,
} from './shapes.ts';

/** What is installed, as the first seed installs, lists, reads and deletes it. */
export function registerInstalled(app: App, context: Context): void {
  app.post(
    '/providers/install',
    {
      schema: {
        tags,
        operationId: 'installProvider',
        summary: 'Install a provider',
        querystring: Writing,
        headers: PostHeaders,
        body: InstallRequest,
        response: {
          200: json(DryRun, 'What a dry run found'),
          201: json(Installation, 'The installation'),
          ...refusalsOfWrites,
        },
      },
    },
    async (request, reply) => {
      const { provider_name: provider, resource_tier: tier, upgrade_policy: policy, version, config } = request.body;
      const spec = {
        provider,
        ...(tier && { resourceTier: tier }),
        ...(policy && policyFields(policy)),
        ...(version && { version }),
        ...(config && { config }),
      };
      const wish = { namespace: tenantOf(request, request.query), name: request.query.installation, spec };
      const result = await install(context, lookOf(context, request), wish, termsOf(request, request.query));
      const body = shown(reply, result);
      return 'dry_run' in body ? reply.code(200).send(body) : reply.code(201).send(body);
    },
  );

  app.get(
    '/providers/installed',
    {
      schema: {
        tags,
        operationId: 'listInstallations',
        summary: 'List the installations of a namespace',
        querystring: InstalledQuery,
        headers: Headers,
        response: {
          200: json(z.array(Installation), 'A part of them, by name; how many there are says the header X-Total-Count'),
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { limit, offset } = request.query;
      const all = await context.installations.list(callerOf(request), tenantOf(request, request.query));
      reply.header('x-total-count', all.total);
      return reply.send(all.slice(offset, offset + limit).map(installationOf));
    },
  );

  app.get(
    ONE,
    {
      schema: {
        ...reading,
        operationId: 'getInstallation',
        summary: 'Read an installation',
        response: { 200: json(Installation, 'The installation'), ...refusals },
      },
    },
    async (request, reply) => {
      const live = await find(context, request, request.params, request.query);
      reply.header('etag', etagOf(live));
      return reply.send(installationOf(live.view));
    },
  );

  app.delete(
    ONE,
    {
      schema: {
        tags,
        params: NameParams,
        querystring: Deleting,
        headers: WriteHeaders,
        operationId: 'uninstallProvider',
        summary: 'Delete an installation with all that belongs to it',
        response: {
          200: json(DryRun, 'What a dry run found'),
          204: z.undefined().describe('It is deleted'),
          ...refusalsOfWrites,
        },
      },
    },
    async (request, reply) => {
      const terms = termsOf(request, request.query);
      const locate = () => find(context, request, request.params, request.query);
      const live = await remove(context, lookOf(context, request), locate, terms);
      if (terms.dryRun) {
        return reply.code(200).send(dryRunOf(lossOf(prospectOf(context.observe(live), context.now()))));
      }
      return reply.code(204).send();
    },
  );
}

function policyFields(policy: z.output<typeof PolicyAsked>): object {
  switch (policy) {
    case 'manual':
    case 'auto':
      return { upgradePolicy: policy };
    case 'auto-patch':
      return { upgradePolicy: 'auto', upgrade: { level: 'patch' } };
    case 'auto-minor':
      return { upgradePolicy: 'auto', upgrade: { level: 'minor' } };
  }
}
