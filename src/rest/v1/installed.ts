import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ANNOTATION } from '../../api/names.ts';
import { askDowngrade, askUpgrade, type Ask } from '../../plan/ask/ask.ts';
import { missingFor } from '../../plan/ask/missing.ts';
import { prospectOf } from '../../plan/ask/prospect.ts';
import { findRelease } from '../../plan/catalogue/catalogue.ts';
import { candidatesOf } from '../../plan/tell/candidates.ts';
import type { Problem } from '../../api/problem.ts';
import type { Observed } from '../../plan/state/observed.ts';
import { json, refusals, refusalsOfWrites } from '../answers.ts';
import { change, etagOf, newId, remove, type Change, type Changed } from '../change.ts';
import { callerOf, lookOf, tenantOf, termsOf, type App, type Context } from '../context.ts';
import { install } from '../install.ts';
import type { Live } from '../installations.ts';
import { notFound } from '../problem.ts';
import { watch, type Watches } from '../watch.ts';
import { deploymentOf, dryRunOf, installationOf } from './installation.ts';
import {
  Candidates,
  Deleting,
  DeploymentState,
  DeployRequest,
  DowngradeRequest,
  DryRun,
  Headers,
  Installation,
  InstalledQuery,
  InstallRequest,
  MissingDependencies,
  NameParams,
  PostHeaders,
  Reading,
  Rollout,
  snakeCased,
  TargetQuery,
  UpgradeRequest,
  WatchEvent,
  WriteHeaders,
  Writing,
  type PolicyAsked,
} from './shapes.ts';

type Params = z.output<typeof NameParams>;
type Where = z.output<typeof Reading>;

const ONE = '/providers/installed/:org/:name';

/** Installations as the first seed shows and changes them. */
export function registerInstalled(app: App, context: Context, watches: Watches): void {
  const tags = ['Installations'];
  const reading = { tags, params: NameParams, querystring: Reading, headers: Headers };
  const posting = { tags, params: NameParams, querystring: Writing, headers: PostHeaders };
  const changed = json(z.union([Installation, DryRun]), 'The installation as it is accepted, or what a dry run found');

  function find(request: FastifyRequest, { org, name }: Params, query: Where): Promise<Live> {
    return context.installations.ofProvider(lookOf(context, request), {
      namespace: tenantOf(request, query),
      provider: `${org}/${name}`,
      name: query.installation,
    });
  }

  /** Changes it as `decide` says, and answers with what it is by then. */
  async function answer(
    request: FastifyRequest<{ Params: Params; Querystring: z.output<typeof Writing> }>,
    reply: FastifyReply,
    decide: (observed: Observed, live: Live) => Change | Problem,
  ) {
    const { params, query } = request;
    const look = lookOf(context, request);
    const result = await change(context, look, () => find(request, params, query), termsOf(request, query), decide);
    return shown(reply, result);
  }

  function shown(reply: FastifyReply, { live, outcome, isReplay }: Changed) {
    if (isReplay) {
      reply.header('idempotency-replayed', 'true');
    }
    if (outcome) {
      return dryRunOf(outcome);
    }
    reply.header('etag', etagOf(live));
    return installationOf(live.view);
  }

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
      reply.header('x-total-count', all.length);
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
      const live = await find(request, request.params, request.query);
      reply.header('etag', etagOf(live));
      return reply.send(installationOf(live.view));
    },
  );

  app.post(
    `${ONE}/upgrade`,
    {
      schema: {
        ...posting,
        operationId: 'upgradeProvider',
        summary: 'Upgrade to a version, or to the newest that can be had',
        body: UpgradeRequest,
        response: { 200: changed, ...refusalsOfWrites },
      },
    },
    async (request, reply) =>
      reply.send(
        await answer(request, reply, (observed) =>
          changeOf(askUpgrade(observed, request.body.version ?? undefined, context.now())),
        ),
      ),
  );

  app.post(
    `${ONE}/downgrade`,
    {
      schema: {
        ...posting,
        operationId: 'downgradeProvider',
        summary: 'Go back to a lower version',
        body: DowngradeRequest,
        response: { 200: changed, ...refusalsOfWrites },
      },
    },
    async (request, reply) =>
      reply.send(
        await answer(request, reply, (observed) =>
          changeOf(askDowngrade(observed, request.body.target_version, context.now())),
        ),
      ),
  );

  app.post(
    `${ONE}/deploy`,
    {
      schema: {
        ...posting,
        operationId: 'deployProvider',
        summary: 'Replace the pods by new ones, of the installed version or of another',
        body: DeployRequest,
        response: {
          200: json(z.union([DeploymentState, DryRun]), 'The pods as they are now, or what a dry run found'),
          ...refusalsOfWrites,
        },
      },
    },
    async (request, reply) => {
      const { version } = request.body;
      const { params, query } = request;
      const look = lookOf(context, request);
      const { live, outcome, isReplay } = await change(
        context,
        look,
        () => find(request, params, query),
        termsOf(request, query),
        (observed) => {
          const ask = version ? changeOf(askUpgrade(observed, version, context.now())) : {};
          return 'kind' in ask || ask.spec?.['version'] !== undefined
            ? ask
            : { annotations: { ...ask.annotations, [ANNOTATION.restart]: newId() } };
        },
      );
      if (isReplay) {
        reply.header('idempotency-replayed', 'true');
      }
      return reply.send(outcome ? dryRunOf(outcome) : deploymentNow(live));
    },
  );

  app.get(
    `${ONE}/deployment`,
    {
      schema: {
        ...reading,
        operationId: 'getDeployment',
        summary: 'Read how the pods fare',
        response: { 200: json(DeploymentState, 'The pods'), ...refusals },
      },
    },
    async (request, reply) => reply.send(deploymentNow(await find(request, request.params, request.query))),
  );

  function deploymentNow(live: Live): DeploymentState {
    return deploymentOf(context.observe(live), context.ports.caches.deployments.get(live.view.key), context.now());
  }

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
      const live = await find(request, request.params, request.query);
      await remove(context, lookOf(context, request), live, terms);
      return terms.dryRun ? reply.code(200).send(NOTHING_LEFT) : reply.code(204).send();
    },
  );

  app.get(
    `${ONE}/update-candidates`,
    {
      schema: {
        ...reading,
        operationId: 'listCandidates',
        summary: 'List the newer releases, and why each of them is not taken by itself',
        response: { 200: json(Candidates, 'The newer releases, the newest first'), ...refusals },
      },
    },
    async (request, reply) => {
      const live = await find(request, request.params, request.query);
      const { assessments, outlook } = prospectOf(context.observe(live), context.now());
      const items = outlook ? candidatesOf(outlook.input, assessments).map(snakeCased) : [];
      const { pendingUpgrade } = live.view.status;
      return reply.send({
        items,
        total: items.length,
        pending_upgrade: pendingUpgrade ? snakeCased(pendingUpgrade) : null,
      });
    },
  );

  app.get(
    `${ONE}/history`,
    {
      schema: {
        ...reading,
        operationId: 'listRollouts',
        summary: 'List the last rollouts',
        response: { 200: json(z.array(Rollout), 'The last rollouts, the newest first'), ...refusals },
      },
    },
    async (request, reply) => {
      const { view } = await find(request, request.params, request.query);
      return reply.send((view.status.history ?? []).map(snakeCased));
    },
  );

  app.get(
    `${ONE}/missing-dependencies`,
    {
      schema: {
        ...reading,
        querystring: TargetQuery,
        operationId: 'listMissingDependencies',
        summary: 'Say what a version needs that is not there yet',
        response: { 200: json(MissingDependencies, 'What is missing'), ...refusals },
      },
    },
    async (request, reply) => {
      const observed = context.observe(await find(request, request.params, request.query));
      const prospect = prospectOf(observed, context.now());
      const target = request.query.target ?? prospect.assessments[0]?.release.version ?? prospect.goal;
      const release = findRelease(observed.catalogue, target);
      if (!release) {
        throw notFound(`Correct the target: "${observed.installation.spec.provider}" has no such release`);
      }
      const { software, inputs } = missingFor(prospect, release);
      return reply.send({
        version: release.version,
        missing_system_software: software.map((need) => ({ ...need })),
        missing_user_inputs: inputs.map(({ name, rule }) => ({ name, rule })),
      });
    },
  );

  app.post(
    `${ONE}/suspend`,
    {
      schema: {
        ...posting,
        operationId: 'suspendProvider',
        summary: 'Freeze an installation: nothing is rolled out or healed',
        body: z.strictObject({}),
        response: { 200: changed, ...refusalsOfWrites },
      },
    },
    async (request, reply) => reply.send(await answer(request, reply, () => ({ spec: { suspend: true } }))),
  );

  app.post(
    `${ONE}/resume`,
    {
      schema: {
        ...posting,
        operationId: 'resumeProvider',
        summary: 'Let a frozen installation go on',
        body: z.strictObject({}),
        response: { 200: changed, ...refusalsOfWrites },
      },
    },
    async (request, reply) => reply.send(await answer(request, reply, () => ({ spec: { suspend: null } }))),
  );

  app.get(
    `${ONE}/watch`,
    {
      exposeHeadRoute: false,
      schema: {
        ...reading,
        operationId: 'watchInstallation',
        summary: 'Follow an installation until it is settled',
        response: {
          200: {
            description: 'Server-sent events: "installation" with each change, and at last "settled" or "deleted"',
            content: { 'text/event-stream': { schema: WatchEvent } },
          },
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const live = await find(request, request.params, request.query);
      await watch(watches, context, { request, reply, live, show: installationOf });
    },
  );
}

const NOTHING_LEFT: DryRun = {
  dry_run: true,
  version: null,
  path: [],
  software: [],
  env: { added: [], changed: [], removed: [] },
};

function changeOf(ask: Ask | Problem): Change | Problem {
  return ask.kind === 'problem'
    ? ask
    : { spec: ask.spec, ...(ask.retries && { annotations: { [ANNOTATION.retry]: newId() } }) };
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
