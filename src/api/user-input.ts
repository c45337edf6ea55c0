import { z } from 'zod';
import {
  atomicList,
  flag,
  int,
  listMap,
  literal,
  matching,
  matchingPlainly,
  text,
  withChecked,
  type Rule,
} from './field.ts';
import { KeyRef } from './key-ref.ts';
import { ENV_MESSAGE, ENV_NAME } from './runtime.ts';

/** What a release, or the system software that it runs on, asks its tenant for, and what the tenant answers. */

const INPUT_NAME = /^[A-Za-z][A-Za-z0-9._-]*$/;
const INPUT_MESSAGE = 'Must be the name of an input such as adminEmail: letters, digits, ., _ and -, a letter first';

/** As many as one release asks for, or one version of a system software. */
export const MOST_INPUTS = 32;

function inputName(description: string): z.ZodString {
  return matchingPlainly(INPUT_NAME, 63, INPUT_MESSAGE, description);
}

const LEAST_LENGTH = 16;
const DIGITS_AND_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const Generate = z
  .object({
    length: int(LEAST_LENGTH, 256, 'How many characters; 32 when absent.').optional(),
    alphabet: matchingPlainly(
      /^[!-~]{10,94}$/,
      94,
      'Must be 10 to 94 printable ASCII characters without spaces',
      'The characters to choose from; letters and digits when absent.',
    ).optional(),
  })
  .describe(
    'Made once by the operator where the tenant gives none: a key or a password. It is kept in a Secret of the tenant and never made anew.',
  );

/** The defaults of `generate`. */
export function generation({ length = 32, alphabet = DIGITS_AND_LETTERS }: z.output<typeof Generate>) {
  return { length, alphabet };
}

const POSITION = 'Where a portal shows it, for people.';

const Input = z
  .object({
    name: inputName('Its name: the spec of an installation answers it by this.'),
    dataType: z
      .enum(['text', 'number', 'boolean', 'select'])
      .describe('What may be given. number: as in JSON. boolean: true or false. select: one of options.'),
    format: z
      .enum(['email', 'password', 'url', 'uri'])
      .describe('What a text must be. url: http or https. password: anything, and portals hide it.')
      .optional(),
    required: flag('No pod can be made without it.').optional(),
    default: literal(8192, 'What holds where nothing is given.').optional(),
    options: atomicList(text(256, 'One value.', 1), 64, 'The values of a select.', 1).optional(),
    pattern: text(
      256,
      'RE2 expression that a text must match somewhere, as in JSON Schema: anchor it by ^ and $ to mean all of it.',
      1,
    ).optional(),
    secret: flag('It must come from a Secret: by valueFrom.secretKeyRef, or generated.').optional(),
    generate: Generate.optional(),
    env: matchingPlainly(
      ENV_NAME,
      128,
      ENV_MESSAGE,
      'Environment variable that has it; the name in capitals when absent, such as ADMIN_EMAIL for adminEmail.',
    ).optional(),
    lifecycle: z
      .enum(['installation', 'update', 'reconfigure'])
      .describe(
        'When it is asked for. installation: once, and it stays as it was given. update: also by an upgrade, with which a change reaches the pods. reconfigure, also when absent: always, a change rolls out at once.',
      )
      .optional(),
    position: z
      .object({
        step: text(128, POSITION).optional(),
        section: text(128, POSITION).optional(),
        index: int(0, 1000, POSITION).optional(),
      })
      .describe('Where a portal shows it, for people.')
      .optional(),
  })
  .describe('One input.');

type Input = z.output<typeof Input>;

interface InputRule extends Rule {
  readonly obeys: (input: Input) => boolean;
}

const RULES: readonly InputRule[] = [
  {
    obeys: ({ dataType, options }) => (dataType === 'select') === (options !== undefined),
    rule: "(self.dataType == 'select') == has(self.options)",
    message: 'Must have options where dataType is select, and nowhere else',
  },
  {
    obeys: ({ dataType, format, pattern, generate }) =>
      dataType === 'text' || (format === undefined && pattern === undefined && generate === undefined),
    rule: "self.dataType == 'text' || (!has(self.format) && !has(self.pattern) && !has(self.generate))",
    message: 'Must have dataType text where it has format, pattern or generate',
  },
  {
    obeys: (input) => input.default === undefined || !isSecret(input),
    rule: '!has(self.default) || ((!has(self.secret) || !self.secret) && !has(self.generate))',
    message: 'Must have no default where it is secret or generated: everybody may read what is published',
  },
  {
    obeys: ({ generate, pattern, format = 'password' }) =>
      generate === undefined || (pattern === undefined && format === 'password'),
    rule: "!has(self.generate) || (!has(self.pattern) && (!has(self.format) || self.format == 'password'))",
    message: 'Must have neither pattern nor a format but password where it is generated',
  },
];

export const UserInput = RULES.reduce((schema, { obeys, ...rule }) => withChecked(schema, obeys, rule), Input);
export type UserInput = z.output<typeof UserInput>;

export function userInputs(description: string) {
  return listMap(UserInput, MOST_INPUTS, description, 'name');
}

/** The environment variable of an input. */
export function envOf({ env, name }: Pick<UserInput, 'env' | 'name'>): string {
  return (
    env ??
    name
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .toUpperCase()
  );
}

export function isSecret({ secret, generate }: Pick<UserInput, 'secret' | 'generate'>): boolean {
  return secret === true || generate !== undefined;
}

/** A tenant's answer to an input. */
export const UserAnswer = withChecked(
  z
    .object({
      name: matching(INPUT_NAME, 63, INPUT_MESSAGE, 'Name of the input.'),
      value: literal(
        8192,
        'The value, as a string also where it is a number or true or false. It reaches the process literally.',
      ).optional(),
      valueFrom: z
        .object({ secretKeyRef: KeyRef('Secret') })
        .describe('Where the value is.')
        .optional(),
    })
    .describe('One answer.'),
  (answer) => (answer.value === undefined) !== (answer.valueFrom === undefined),
  { rule: 'has(self.value) != has(self.valueFrom)', message: 'Must have exactly one of value and valueFrom' },
);
export type UserAnswer = z.output<typeof UserAnswer>;
