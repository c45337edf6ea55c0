import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import manifest from '../../package.json' with { type: 'json' };
import type { App } from './context.ts';

const DESCRIPTION = `Installs providers and upgrades them, in the name of whoever asks.

Every request has a bearer token of the cluster, such as one of \`kubectl create token\`. The namespace is that of the service
account, or the one of the header \`X-Namespace\`. Writes go to the API server with the token of the caller.`;

/** Says what the API is, by the schemas by which requests are judged. */
export async function describe(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'provider-operator',
        version: manifest.version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'Where this document was read.' }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token that the cluster knows.' },
          accessToken: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Access-Token',
            description: 'The same token, for clients of the second seed.',
          },
        },
      },
      security: [{ token: [] }, { accessToken: [] }],
      tags: [
        { name: 'Catalogue', description: 'What is published.' },
        { name: 'Installations', description: 'What is installed, by provider.' },
        { name: 'Apps', description: 'The catalogue, as the second seed has it.' },
        { name: 'App installations', description: 'What is installed, by id.' },
      ],
    },
    transform: createJsonSchemaTransform({}),
    transformObject: (document) =>
      withOptionalBodies(withoutTwins(plain(jsonSchemaTransformObject(document)) as Document)) as never,
    hideUntagged: true,
  });
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

interface Operation {
  readonly requestBody?: {
    required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

interface Schema {
  readonly $ref?: string;
  readonly required?: readonly string[];
}

/**
 * Each schema is there twice: as it may be sent, under a name that ends with Input, and as it is answered. The first one is
 * enough: it leaves answers open, so that a new field breaks no client.
 * https://github.com/turkerdev/fastify-type-provider-zod/issues/214
 */
function withoutTwins(document: Document): Document {
  const names = new Set(Object.keys(document.components.schemas));
  const text = JSON.stringify(document).replaceAll(/"#\/components\/schemas\/(\w+)Input"/g, (reference, name: string) =>
    names.has(name) ? `"#/components/schemas/${name}"` : reference,
  );
  const merged = JSON.parse(text) as Document;
  const { schemas } = merged.components;
  for (const name of names) {
    const twin = `${name}Input`;
    if (names.has(twin)) {
      if (opened(schemas[name]) !== opened(schemas[twin])) {
        throw new Error(`Make two schemas of "${name}": what may be sent is not what is answered`);
      }
      schemas[name] = schemas[twin];
      delete schemas[twin];
    }
  }
  return merged;
}

/** No body is an empty object, so that a body must be there only where it must have something in it. */
function withOptionalBodies(document: Document): Document {
  const { schemas } = document.components;
  for (const { requestBody } of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const [{ schema } = { schema: {} }] = Object.values(requestBody?.content ?? {});
    const { required = [] } = (schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema) as Schema;
    if (requestBody) {
      requestBody.required = required.length > 0;
    }
  }
  return document;
}

function opened(schema: unknown): string {
  return JSON.stringify(schema).replaceAll(',"additionalProperties":false', '');
}

/** What the schemas of the CRDs say in CEL or for server-side apply, as far as JSON Schema can say it. */
function plain(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(plain);
  }
  if (typeof node !== 'object' || node === null) {
    return node;
  }
  const { 'x-kubernetes-validations': rules = [], ...rest } = node as { 'x-kubernetes-validations'?: readonly Rule[] };
  const patterns = rules.flatMap(({ rule }) => patternOf(rule) ?? []);
  const members = Object.entries(rest)
    .filter(([name]) => !name.startsWith('x-kubernetes-'))
    .map(([name, value]) => [name, plain(value)] as const);
  return { ...Object.fromEntries(members), ...(patterns[0] !== undefined && { pattern: patterns[0] }) };
}

interface Rule {
  readonly rule: string;
}

/** Of a rule that `matching` (api/field.ts) wrote. */
function patternOf(rule: string): string | undefined {
  return /^self\.matches\('(.*)'\)$/s.exec(rule)?.[1]?.replaceAll("\\'", "'").replaceAll('\\\\', '\\');
}
