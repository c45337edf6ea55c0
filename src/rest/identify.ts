import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { TooManyReviews, type Caller, type Callers } from './callers.ts';
import { RestProblem, unauthenticated } from './problem.ts';

/** Headers with which a proxy tells the API server that somebody else asks. They would have no effect here. */
const PRETENCES = /^(impersonate-|x-remote-)/;

/** Who sent a request, by its token. */
export async function identify({ headers, raw, ip }: FastifyRequest, callers: Callers): Promise<Caller> {
  const pretence = Object.keys(headers).find((name) => PRETENCES.test(name));
  if (pretence !== undefined) {
    throw new RestProblem(
      400,
      'ImpersonationUnsupported',
      `Remove the header ${pretence}: ask with a token of whom you mean`,
    );
  }
  const token = tokenIn(raw);
  const caller = token !== undefined ? await callers.identify(token, ip).catch(inWords) : undefined;
  if (!caller) {
    throw unauthenticated();
  }
  return caller;
}

/** The only one: a proxy in front may have judged another than the one that would count here. */
function tokenIn({ headersDistinct }: IncomingMessage): string | undefined {
  const { authorization = [], 'x-access-token': plain = [] } = headersDistinct;
  const bearers = authorization.flatMap((text) => /^Bearer +(\S+) *$/i.exec(text)?.[1] ?? []);
  const [token, ...others] = new Set([...bearers, ...plain]);
  return others.length === 0 ? token : undefined;
}

function inWords(error: unknown): never {
  throw error instanceof TooManyReviews
    ? new RestProblem(
        429,
        'TooManyTokens',
        'Try again: too many tokens that are not known yet come from this address',
        {
          headers: { 'retry-after': '1' },
        },
      )
    : error;
}
