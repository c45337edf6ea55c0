import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { App } from './context.ts';

/** The document, and a page that shows it, with nothing from anywhere else. */

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>provider-operator: REST API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, tryItOutEnabled: true });
`;

export const DOCS_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'] as const;

export function registerDocs(app: App): void {
  const open = { config: { isPublic: true }, schema: { hide: true } } as const;
  let document: string | undefined;

  app.get('/openapi.json', open, async (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json').send(document);
  });
  app.get('/docs', open, async (_request, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
  app.get('/docs/start.js', open, async (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  for (const file of DOCS_FILES) {
    const type = file.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
    app.get(`/docs/${file}`, open, async (_request, reply) => reply.type(type).send(await contentOf(file)));
  }
}

/** In the image the files are beside the bundle. */
async function contentOf(file: string): Promise<Buffer> {
  const beside = new URL(`docs/${file}`, import.meta.url);
  try {
    return await readFile(beside);
  } catch {
    return readFile(createRequire(import.meta.url).resolve(`@fastify/swagger-ui/static/${file}`));
  }
}
