import type { FastifyRequest } from 'fastify';
import { TooManyReviews, type Caller, type Callers } from './callers.ts';
import { RestProblem, unauthenticated } from './problem.ts';

/** Headers with which a proxy tells the API server that somebody else asks. They would have no effect here. */
const PRETENCES = /^(impersonate-|x-remote-)/;

/** Who sent a request, by its token. */
export async function identify({ headers, ip }: FastifyRequest, callers: Callers): Promise<Caller> {
  const pretence = Object.keys(headers).find((name) => PRETENCES.test(name));
  if (pretence !== undefined) {
    throw new RestProblem(
      400,
      'ImpersonationUnsupported',
      `Remove the header ${pretence}: ask with a token of whom you mean`,
    );
  }
  const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? headers['x-access-token'];
  const caller = typeof token === 'string' ? await callers.identify(token, ip).catch(inWords) : undefined;
  if (!caller) {
    throw unauthenticated();
  }
  return caller;
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
