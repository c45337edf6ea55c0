import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './context.ts';
import { RestProblem } from './problem.ts';

/** 405, with what there is instead, where a path has no such method. */
export function answerOtherMethods(app: App): { complete(): void } {
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
        const others = app.supportedMethods.filter((one) => !methods.has(one) && one !== 'OPTIONS');
        const allowed = [...methods].sort().join(', ');
        // Before a body is looked at, which fastify demands of some methods.
        const refuse = async (_request: FastifyRequest, reply: FastifyReply) => {
          reply.header('allow', allowed);
          throw new RestProblem(405, 'MethodNotAllowed', `Ask with one of ${allowed}`);
        };
        app.route({
          url,
          method: others,
          config: { isPublic: true },
          schema: { hide: true },
          onRequest: refuse,
          handler: refuse,
        });
      }
    },
  };
}
