import { RE2JS } from 're2js';
import { memo } from './memo.ts';
import type { UserInput } from './user-input.ts';

/**
 * What may be given for an input, as a JSON Schema of the value: a string, as in the spec and on the wire. It is what portals
 * get, and what `faultOf` judges by, so that both always say the same. Formats are patterns, because validators differ in what
 * they make of their names.
 * https://json-schema.org/draft/2020-12/json-schema-validation
 */
interface ValueSchema {
  readonly type: 'string';
  readonly minLength?: number;
  readonly maxLength: number;
  readonly enum?: readonly string[];
  /** Each of them has to match somewhere in the value. */
  readonly allOf?: readonly { readonly pattern: string }[];
}

/** Characters of a value, as in the spec. */
const LONGEST_VALUE = 8192;
/** The time that RE2 takes grows with the size of the expression times the length of the value, so both have a limit. */
const LONGEST_MATCHED = 1024;
const LARGEST_EXPRESSION = 500;

/** A number as JSON writes it: reaches the process as it was written, so that no digit is lost. */
const NUMBER = '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$';

interface Format {
  readonly pattern?: string;
  readonly maxLength?: number;
  /** What it must be, in words. */
  readonly words: string;
}

const LABEL = '[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';

const FORMATS: Readonly<Record<NonNullable<UserInput['format']>, Format>> = {
  email: {
    // As browsers judge it: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
    pattern: `^[a-zA-Z0-9.!#$%&'*+/=?^_\`{|}~-]+@${LABEL}(\\.${LABEL})*$`,
    maxLength: 254,
    words: 'must be an email address such as ann@example.com',
  },
  password: { words: 'must not be empty' },
  url: {
    pattern: '^https?://([^\\s/?#@\\\\]+@)?(\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#@:\\[\\]\\\\]+)(:[0-9]{1,5})?([/?#]\\S*)?$',
    words: 'must be an http or https URL such as https://example.com',
  },
  uri: {
    // https://www.rfc-editor.org/rfc/rfc3986#section-3: a scheme, and none of the characters that have to be escaped.
    pattern: '^[A-Za-z][A-Za-z0-9+.-]*:[^\\s<>"{}|\\\\^`]+$',
    words: 'must be a URI such as s3://bucket/folder',
  },
};

export function schemaOf(input: UserInput): ValueSchema {
  const { dataType, format, pattern, required, options } = input;
  const { pattern: ofFormat, maxLength = pattern === undefined ? LONGEST_VALUE : LONGEST_MATCHED } = format
    ? FORMATS[format]
    : {};
  const patterns = [dataType === 'number' ? NUMBER : undefined, ofFormat, pattern].filter((p) => p !== undefined);
  const values = dataType === 'boolean' ? ['true', 'false'] : options;
  return {
    type: 'string',
    // An empty text is an answer only where none is needed.
    ...((required || format !== undefined) && { minLength: 1 }),
    maxLength,
    ...(values && { enum: values }),
    ...(patterns.length > 0 && { allOf: patterns.map((p) => ({ pattern: p })) }),
  };
}

/** What an input asks for, in words: the rule that a value breaks, or the one to know before giving any. */
export function ruleOf(input: UserInput): string {
  const { dataType, format, pattern, options = [] } = input;
  const matches = pattern === undefined ? [] : [`must match "${pattern}"`];
  switch (dataType) {
    case 'number':
      return 'must be a number such as 10 or 2.5';
    case 'boolean':
      return 'must be "true" or "false"';
    case 'select':
      return `must be ${oneOf(options)}`;
    case 'text':
      return [...(format ? [FORMATS[format].words] : []), ...matches].join(' and ') || 'must not be empty';
  }
}

/** The rule that a value breaks, in words that never repeat the value: it may be a secret. Undefined where it fits. */
export function faultOf(input: UserInput, value: string): string | undefined {
  const { minLength = 0, maxLength, enum: values, allOf = [] } = schemaOf(input);
  const { length } = Array.from(value);
  if (length > maxLength) {
    return `must have at most ${maxLength} characters`;
  }
  if (length < minLength && input.format === undefined) {
    return 'must not be empty';
  }
  const fits =
    length >= minLength &&
    values?.includes(value) !== false &&
    allOf.every(({ pattern }) => expression(pattern)?.(value));
  return fits ? undefined : ruleOf(input);
}

/** The effort of judging a value: the size of the expressions times its length, of which 30 million take about a second. */
export function effortOf(input: UserInput, value: string): number {
  const { allOf = [], maxLength } = schemaOf(input);
  const size = allOf.map(({ pattern }) => sizeOf(pattern) ?? 0).reduce((sum, one) => sum + one, 0);
  return size * Math.min(value.length, maxLength);
}

/** Why an input cannot be asked for as it was published, if so. */
export function faultOfInput(input: UserInput): string | undefined {
  const { name, pattern } = input;
  const size = pattern === undefined ? 0 : sizeOf(pattern);
  if (size === undefined) {
    return `"${name}": pattern is no RE2 expression, which knows no look-ahead, no look-behind and no back-reference`;
  }
  if (size > LARGEST_EXPRESSION) {
    return `"${name}": pattern is too large, repeat less in it`;
  }
  const { alphabet = '' } = input.generate ?? {};
  if (new Set(alphabet).size < alphabet.length) {
    return `"${name}": generate.alphabet has a character twice`;
  }
  const fault = input.default === undefined ? undefined : faultOf(input, input.default);
  return fault && `"${name}": default ${fault}`;
}

const MOST_SHOWN = 8;

function oneOf(options: readonly string[]): string {
  const shown = options.slice(0, MOST_SHOWN).map((option) => `"${option}"`);
  const rest = options.length - shown.length;
  return `one of ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Instructions of a compiled expression; undefined where it is none. A catalogue is read often and may have thousands. */
const sizeOf = memo(10_000, (pattern: string) => compiled(pattern)?.programSize());

/** Says whether it matches. They are larger than what they are made from, so that fewer are kept. */
const expression = memo(500, (pattern: string) => {
  const re2 = compiled(pattern);
  return re2 && memo(100, (value: string) => re2.matcher(value).find());
});

/** RE2: with it no pattern of a stranger can hold everybody up. */
function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
