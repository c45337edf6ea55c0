import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSilentServer } from '../../../src/generate/silent-server.ts';
import type { RestServer } from '../../../src/rest/server.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const file = fileURLToPath(new URL('../../../docs/openapi.json', import.meta.url));
const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
);

let server: RestServer;
beforeAll(async () => {
  server = await createSilentServer();
});
afterAll(() => server.close());

describe('the OpenAPI document', () => {
  it('is served as it is in docs/: npm run generate writes it', async () => {
    const { headers, body } = await server.app.inject('/openapi.json');
    expect(headers['content-type']).toContain('application/json');
    expect(JSON.parse(body)).toEqual(document);
  });

  it('passes the linter with the rules that it recommends', () => {
    const redocly = fileURLToPath(new URL('../../../node_modules/.bin/redocly', import.meta.url));
    const config = fileURLToPath(new URL('redocly.yaml', import.meta.url));
    const lint = () =>
      execFileSync(redocly, ['lint', file, `--config=${config}`], {
        encoding: 'utf8',
        stdio: 'pipe',
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      });
    expect(lint).not.toThrow();
  });

  it.each(operations)('names and describes %s, and says how it may end', (_name, { responses, ...operation }) => {
    expect(operation).toMatchObject({
      operationId: expect.stringMatching(/^[a-z][A-Za-z-]+$/),
      summary: expect.stringMatching(/^[A-Z].*[^.]$/),
      tags: [expect.any(String)],
    });
    const statuses = Object.keys(responses);
    expect(statuses).toEqual(expect.arrayContaining(['400', '401', '404', '422', '429', '503']));
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
    const refusals = statuses.filter((status) => status >= '400');
    expect(refusals.map((status) => Object.keys(responses[status]?.content ?? {}).join())).toEqual(
      refusals.map(() => 'application/problem+json'),
    );
  });

  it('has no operation twice', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
