import type { App } from './context.ts';
import { RestProblem } from './problem.ts';

/** An empty body is an empty object, whatever its type is said to be; any other has to be JSON. */
export function acceptJsonOnly(app: App): void {
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') {
        done(null, {});
      } else {
        void json(request, body as string, (error, value) => done(error && notJson(error), value));
      }
    },
  );
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') {
      done(null, {});
    } else {
      done(new RestProblem(415, 'UnsupportedMediaType', 'Send JSON, with the header content-type: application/json'));
    }
  });
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) {
      request.body = {};
    }
  });
}

function notJson(error: Error): Error {
  return 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    ? error
    : new RestProblem(400, 'NotJson', 'Correct the body: it is no JSON');
}
