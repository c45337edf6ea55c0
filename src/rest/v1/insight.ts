import { z } from 'zod';
import { missingFor } from '../../plan/ask/missing.ts';
import { prospectOf } from '../../plan/ask/prospect.ts';
import { findRelease } from '../../plan/catalogue/catalogue.ts';
import { candidatesOf } from '../../plan/tell/candidates.ts';
import { json, refusals } from '../answers.ts';
import type { App, Context } from '../context.ts';
import { notFound } from '../problem.ts';
import { watch, type Watches } from '../watch.ts';
import { installationOf } from './installation.ts';
import { deploymentNow, find, ONE, reading } from './one.ts';
import {
  Candidates,
  DeploymentState,
  MissingDependencies,
  Rollout,
  snakeCased,
  TargetQuery,
  WatchEvent,
} from './shapes.ts';

/** How an installation fares and what may come next, beside what the first seed tells. */
export function registerInsight(app: App, context: Context, watches: Watches): void {
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
    async (request, reply) =>
      reply.send(deploymentNow(context, await find(context, request, request.params, request.query))),
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
      const live = await find(context, request, request.params, request.query);
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
      const { view } = await find(context, request, request.params, request.query);
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
      const observed = context.observe(await find(context, request, request.params, request.query));
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

  app.get(
    `${ONE}/watch`,
    {
      exposeHeadRoute: false,
      config: { isStream: true },
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
      const live = await find(context, request, request.params, request.query);
      await watch(watches, context, { request, reply, live, show: installationOf });
    },
  );
}
