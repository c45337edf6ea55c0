import { isUtf8 } from 'node:buffer';
import type { App } from './context.ts';
import { RestProblem } from './problem.ts';

/** An empty body is an empty object, whatever its type is said to be; any other has to be JSON. */
export function acceptJsonOnly(app: App): void {
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      const text = textOf(body as Buffer);
      if (text === '') {
        done(null, {});
      } else if (text === undefined) {
        done(new RestProblem(400, 'NotJson', 'Correct the body: it is no UTF-8'));
      } else {
        void json(request, text, (error, value) => done(error ? notJson(error) : brokenTextIn(text, value), value));
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

/** Undefined where it is no UTF-8: what stands for a wrong byte would be stored in its place. */
function textOf(body: Buffer): string | undefined {
  return isUtf8(body) ? body.toString() : undefined;
}

/** Half of a pair of surrogates, which no store would keep: it would be another character there. */
function brokenTextIn(body: string, value: unknown): Error | null {
  const path = /\\ud[89a-f]/i.test(body) ? pathOfBroken(value) : undefined;
  return path
    ? new RestProblem(
        400,
        'Invalid',
        `Correct ${path.join('.') || 'the body'}: it has one half of a pair of surrogates`,
      )
    : null;
}

function pathOfBroken(value: unknown, path: readonly string[] = []): readonly string[] | undefined {
  if (typeof value === 'string') {
    return value.isWellFormed() ? undefined : path;
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  for (const [name, member] of Object.entries(value)) {
    const found = name.isWellFormed() ? pathOfBroken(member, [...path, name]) : path;
    if (found) {
      return found;
    }
  }
  return undefined;
}

function notJson(error: Error): Error {
  return 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    ? error
    : new RestProblem(400, 'NotJson', 'Correct the body: it is no JSON');
}
