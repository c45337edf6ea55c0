import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { acceptJsonOnly } from '../../../src/rest/body.ts';
import type { App } from '../../../src/rest/context.ts';
import { RestProblem } from '../../../src/rest/problem.ts';

const app = fastify() as unknown as App;
acceptJsonOnly(app);
app.setErrorHandler((error, _request, reply) =>
  reply.code(error instanceof RestProblem ? error.status : 500).send({ says: (error as Error).message }),
);
app.post('/', async ({ body }) => ({ body }));

async function send(payload: string | Buffer): Promise<unknown> {
  const response = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload,
  });
  return response.json();
}

describe('a body', () => {
  it.each([
    ['an empty one', '', {}],
    ['texts of any script', '{"a":"é😀\\u0085\\ud83d\\ude00"}', { a: 'é😀\u0085😀' }],
    ['a backslash before what looks like half a pair', String.raw`{"a":"\\ud800"}`, { a: String.raw`\ud800` }],
  ])('is taken as it is: %s', async (_, payload, body) => {
    expect(await send(payload)).toEqual({ body });
  });

  // Go makes U+FFFD of it without a word: golang/go#17609, grafana/helm-charts#645
  it.each([
    ['half a pair', '{"config":{"A":"x\\ud800y"}}', 'Correct config.A: it has one half of a pair of surrogates'],
    ['the other half', '{"a":["b",{"c":"\\udc00"}]}', 'Correct a.1.c: it has one half of a pair of surrogates'],
    ['half a pair in a name', '{"a":{"\\ud800":1}}', 'Correct a: it has one half of a pair of surrogates'],
    ['nothing but half a pair', '"\\ud800"', 'Correct the body: it has one half of a pair of surrogates'],
    ['bytes of another encoding', Buffer.from('{"a":"\u00e9"}', 'latin1'), 'Correct the body: it is no UTF-8'],
    [
      'a pair that is encoded by halves',
      Buffer.from('7b2261223a22eda0bdedb88022 7d'.replace(' ', ''), 'hex'),
      'Correct the body: it is no UTF-8',
    ],
    ['no JSON', '{"a":', 'Correct the body: it is no JSON'],
  ])('is refused with %s', async (_, payload, says) => {
    expect(await send(payload)).toEqual({ says });
  });
});
