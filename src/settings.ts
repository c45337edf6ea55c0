import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { DNS_LABEL } from './api/names.ts';
import { withoutNulls } from './api/nulls.ts';
import { OperatorConfig } from './api/operator-config.ts';

const port = z.coerce.number().int().min(0).max(65_535);

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Every knob, its default and its meaning in one place. Read once in main.ts; passed on as values. */
export const Settings = z.object({
  WATCH_NAMESPACES: z
    .string()
    .default('')
    .transform((list) => [...new Set(list.split(',').map((name) => name.trim()))].filter((name) => name !== ''))
    .refine((names) => names.every((name) => DNS_LABEL.test(name)), 'Must be names of namespaces, separated by commas')
    .describe('Namespaces to work in, separated by commas; empty means all'),
  WORKERS: z.coerce.number().int().min(1).max(256).default(16).describe('Reconciles that may run at once'),
  WATCH_SECRETS: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('Roll out when a Secret named in configFrom changes; needs the right to read Secrets'),
  GENERATED_SECRETS: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('Make the keys and passwords that releases ask to be generated; needs the right to create Secrets'),
  LEADER_ELECTION: z
    .enum(['true', 'false'])
    .default('true')
    .transform((value) => value === 'true')
    .describe('Of several replicas one acts, the others stand by; false only where there never is another'),
  POD_NAMESPACE: z
    .string()
    .regex(DNS_LABEL, 'Must be the name of a namespace')
    .default('default')
    .describe('Where the operator runs and has its Lease; the same for all replicas'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').describe('The least that is logged'),
  METRICS_PORT: port.default(8081).describe('Port of /metrics, /livez and /readyz; 0 takes a free one'),
  API_PORT: port.default(8080).describe('Port of the REST API; 0 takes a free one'),
  API_ONLY: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('Serves the REST API and reconciles nothing; needs no Lease'),
  API_TLS_FOLDER: z
    .string()
    .default('')
    .describe('Folder with tls.crt and tls.key, which are read again when they are renewed; without TLS when empty'),
  API_PLAIN_HTTP: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe(
      'Without TLS the API listens on the loopback address only; true: on all addresses, tokens can be read on the way',
    ),
  API_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) => [...new Set(list.split(',').map((origin) => origin.trim()))].filter((one) => one !== ''))
    .refine(
      (origins) => origins.every(isOrigin),
      'Must be origins such as https://portal.example.com, separated by commas',
    )
    .describe('Origins whose pages may call the API in a browser, separated by commas'),
  API_RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(1000)
    .describe('Requests of one caller within 10 seconds'),
  API_OPEN_CATALOGUE: z
    .enum(['true', 'false'])
    .default('true')
    .transform((value) => value === 'true')
    .describe('Every authenticated caller may read the catalogue; false: who may read Providers and SystemSoftware'),
  OPERATOR_CONFIG: z.string().default('').describe('YAML file with what the platform decides: tiers, defaults, limits'),
});
export type Settings = z.output<typeof Settings>;

/** A setting that cannot be used. Its message names the setting. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  // An empty variable is one that somebody left empty, not a value.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  return accepted(Settings, given, 'the environment');
}

export function readOperatorConfig(file: string): OperatorConfig {
  if (file === '') {
    return OperatorConfig.parse({});
  }
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SettingsError(
      `Correct OPERATOR_CONFIG: cannot read "${file}": ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return accepted(OperatorConfig, withoutNulls(content ?? {}), `OPERATOR_CONFIG "${file}"`);
}

function accepted<T extends z.ZodType>(schema: T, value: unknown, name: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
    throw new SettingsError(`Correct ${name}: ${issues.join('; ')}`);
  }
  return parsed.data;
}
