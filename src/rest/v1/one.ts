import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { etagOf, type Changed } from '../change.ts';
import { lookOf, tenantOf, type Context } from '../context.ts';
import type { Live } from '../installations.ts';
import { deploymentOf, dryRunOf, installationOf } from './installation.ts';
import { Headers, NameParams, PostHeaders, Reading, Writing, type DeploymentState } from './shapes.ts';

/** What the routes of one installation have in common. */

export const ONE = '/providers/installed/:org/:name';
export const tags = ['Installations'];
export const reading = { tags, params: NameParams, querystring: Reading, headers: Headers };
export const posting = { tags, params: NameParams, querystring: Writing, headers: PostHeaders };

/** The installation that a request is about. */
export function find(
  context: Context,
  request: FastifyRequest,
  { org, name }: z.output<typeof NameParams>,
  query: z.output<typeof Reading>,
): Promise<Live> {
  return context.installations.ofProvider(lookOf(context, request), {
    namespace: tenantOf(request, query),
    provider: `${org}/${name}`,
    name: query.installation,
  });
}

/** The answer to a change: the installation as it is by then, or what a dry run found. */
export function shown(reply: FastifyReply, { live, outcome, isReplay }: Changed) {
  if (isReplay) {
    reply.header('idempotency-replayed', 'true');
  }
  if (outcome) {
    return dryRunOf(outcome);
  }
  reply.header('etag', etagOf(live));
  return installationOf(live.view);
}

export function deploymentNow({ ports, observe, now }: Context, live: Live): DeploymentState {
  return deploymentOf(observe(live), ports.caches.deployments.get(live.view.key), now());
}
