import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ANNOTATION } from '../../api/names.ts';
import type { Problem } from '../../api/problem.ts';
import { askDowngrade, askUpgrade, type Ask } from '../../plan/ask/ask.ts';
import type { Observed } from '../../plan/state/observed.ts';
import { json, refusalsOfWrites } from '../answers.ts';
import { change, newId, type Change } from '../change.ts';
import { lookOf, termsOf, type App, type Context } from '../context.ts';
import type { Live } from '../installations.ts';
import { dryRunOf } from './installation.ts';
import { deploymentNow, find, ONE, posting, shown } from './one.ts';
import {
  DeploymentState,
  DeployRequest,
  DowngradeRequest,
  DryRun,
  Installation,
  UpgradeRequest,
  type NameParams,
  type Writing,
} from './shapes.ts';

/** What moves an installation to another version or to other pods, or holds it, as the first seed does it. */
export function registerMoves(app: App, context: Context): void {
  const changed = json(z.union([Installation, DryRun]), 'The installation as it is accepted, or what a dry run found');

  /** Changes it as `decide` says, and answers with what it is by then. */
  async function answer(
    request: FastifyRequest<{ Params: z.output<typeof NameParams>; Querystring: z.output<typeof Writing> }>,
    reply: FastifyReply,
    decide: (observed: Observed, live: Live) => Change | Problem,
  ) {
    const { params, query } = request;
    const look = lookOf(context, request);
    const locate = () => find(context, request, params, query);
    return shown(reply, await change(context, look, locate, termsOf(request, query), decide));
  }

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
        () => find(context, request, params, query),
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
      return reply.send(outcome ? dryRunOf(outcome) : deploymentNow(context, live));
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
}

function changeOf(ask: Ask | Problem): Change | Problem {
  return ask.kind === 'problem'
    ? ask
    : { spec: ask.spec, ...(ask.retries && { annotations: { [ANNOTATION.retry]: newId() } }) };
}
