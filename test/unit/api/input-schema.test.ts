import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, faultOfInput, schemaOf } from '../../../src/api/input-schema.ts';
import { UserAnswer, UserInput, envOf } from '../../../src/api/user-input.ts';

type Asked = Partial<UserInput>;

const input = (asked: Asked): UserInput => ({ name: 'x', dataType: 'text', ...asked });
const ajv = new Ajv({ strict: true });

/** The same verdict by a JSON Schema validator that portals use. */
const fitsSchema = (asked: Asked, value: string) => ajv.validate(schemaOf(input(asked)), value);

const EMAIL = 'must be an email address such as ann@example.com';
const URL = 'must be an http or https URL such as https://example.com';
const URI = 'must be a URI such as s3://bucket/folder';
const NUMBER = 'must be a number such as 10 or 2.5';
const BOOLEAN = 'must be "true" or "false"';
const FITS = undefined;
const many = Array.from({ length: 20 }, (_, i) => `o${i}`);

/** Where a report shows how it went wrong elsewhere, its address stands beside the row. */
describe('a value', () => {
  it.each<[asked: Asked, value: string, fault: string | undefined]>([
    // A text is a text, whatever it looks like: https://github.com/vidispine/hull/issues/262,
    // https://github.com/yaml/pyyaml/issues/107, https://github.com/helm/helm/issues/8294.
    ...['123e4', '0x1F', '02142', '1_000', '2024-01-01', 'no', 'null', '~', ' padded ', 'a\nb\n', 'ü😀', ''].map(
      (value): [Asked, string, undefined] => [{}, value, FITS],
    ),
    // An empty text answers what need not be answered: https://github.com/Qovery/terraform-provider-qovery/issues/152.
    [{ required: true }, '', 'must not be empty'],
    [{ required: true }, ' ', FITS],
    [{}, 'x'.repeat(8192), FITS],
    [{}, 'x'.repeat(8193), 'must have at most 8192 characters'],
    [{}, '😀'.repeat(8192), FITS],

    // No digit is lost, because it stays a text: https://github.com/nooga/let-go/issues/815,
    // https://github.com/helm/helm/issues/6431.
    ...['0', '-0', '10', '2.5', '1e6', '1E-7', '9007199254740993', '18446744073709551616', '1000000'].map(
      (value): [Asked, string, undefined] => [{ dataType: 'number' }, value, FITS],
    ),
    ...['', ' 1', '1 ', '1\n', '01', '+1', '.5', '1.', '1,5', '1_000', '0x1F', 'NaN', 'Infinity', 'ten', '١'].map(
      (value): [Asked, string, string] => [{ dataType: 'number' }, value, NUMBER],
    ),

    // https://github.com/rancher/rancher/issues/13843, https://github.com/replicatedhq/kots/pull/239
    [{ dataType: 'boolean', required: true }, 'false', FITS],
    [{ dataType: 'boolean' }, 'true', FITS],
    ...['', 'True', 'yes', 'no', 'on', 'off', '1', '0', ' true', 'true\n'].map((value): [Asked, string, string] => [
      { dataType: 'boolean' },
      value,
      BOOLEAN,
    ]),

    [{ dataType: 'select', options: ['eu', 'us'] }, 'eu', FITS],
    [{ dataType: 'select', options: ['eu', 'us'] }, 'EU', 'must be one of "eu", "us"'],
    [{ dataType: 'select', options: ['eu', 'us'] }, '', 'must be one of "eu", "us"'],
    [
      { dataType: 'select', options: many },
      'x',
      'must be one of "o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7" and 12 more',
    ],

    // https://github.com/validatorjs/validator.js/issues/293, https://github.com/python-jsonschema/jsonschema/issues/576
    ...['ann@example.com', 'a+b@x.example', 'root@localhost', "o'hara@x.ie", 'a@xn--bcher-kva.example'].map(
      (value): [Asked, string, undefined] => [{ format: 'email' }, value, FITS],
    ),
    ...['', 'ann', 'ann@', '@x.de', 'a@b@c', 'a@-x.de', 'a@x..de', 'a b@x.de', 'a@x.de ', 'a@x.de\n', 'A <a@x.de>'].map(
      (value): [Asked, string, string] => [{ format: 'email' }, value, EMAIL],
    ),
    [{ format: 'email' }, `${'a'.repeat(250)}@x.de`, 'must have at most 254 characters'],

    // https://github.com/ajv-validator/ajv-formats/issues/53, https://github.com/validatorjs/validator.js/issues/564
    ...[
      'http://localhost:3000',
      'https://[2001:db8::1]:8443/a?b#c',
      'https://u:p@host/',
      'https://bücher.example/ä',
    ].map((value): [Asked, string, undefined] => [{ format: 'url' }, value, FITS]),
    ...[
      '',
      'example.com',
      '//x',
      'ftp://x',
      'https://',
      'https:///a',
      'https://a b',
      'https://x:port',
      'javascript:x',
    ].map((value): [Asked, string, string] => [{ format: 'url' }, value, URL]),
    ...['s3://bucket/a', 'mailto:a@b', 'urn:isbn:1', 'postgres://u:p@h/db'].map((value): [Asked, string, undefined] => [
      { format: 'uri' },
      value,
      FITS,
    ]),
    ...['', 'a', '/a', ':a', '1a:b', 'a:', 'a:b c', 'a:b\n'].map((value): [Asked, string, string] => [
      { format: 'uri' },
      value,
      URI,
    ]),
    [{ format: 'password' }, 'pa$$ word', FITS],
    [{ format: 'password' }, '', 'must not be empty'],

    // Somewhere in the value, as in JSON Schema: https://github.com/kubestellar/kubestellar/issues/1840
    [{ pattern: '[a-z]+' }, '9a9', FITS],
    [{ pattern: '^[a-z]+$' }, '9a9', 'must match "^[a-z]+$"'],
    [{ pattern: '^[a-z]+$' }, 'bad\n', 'must match "^[a-z]+$"'],
    [{ pattern: 'a' }, 'a'.repeat(1025), 'must have at most 1024 characters'],
    [{ format: 'email', pattern: '@example\\.com$' }, 'a@example.org', `${EMAIL} and must match "@example\\.com$"`],
    [{ format: 'email', pattern: '@example\\.com$' }, 'a@example.com', FITS],
  ])('for %j: %j is told %j', (asked, value, fault) => {
    expect(faultOf(input(asked), value)).toBe(fault);
    expect(fitsSchema(asked, value)).toBe(fault === undefined);
  });

  it('is never repeated in what is said of it: it may be a secret', () => {
    const inputs: Asked[] = [
      { dataType: 'number' },
      { dataType: 'boolean' },
      { dataType: 'select', options: ['a'] },
      ...(['email', 'url', 'uri'] as const).map((format) => ({ format })),
      { pattern: '^$' },
    ];
    for (const asked of inputs) {
      expect(faultOf(input(asked), 'hunter2 hunter2')).not.toContain('hunter2');
    }
  });

  // https://github.com/colinhacks/zod/pull/5854
  it.each(['^(a+)+$', '^(a|a)*$', '(.*)*b$', '^([a-zA-Z0-9])(([._-])*([a-zA-Z0-9]))*$'])(
    'is judged by %s in one step for each character, so that nothing stalls',
    (pattern) => {
      expect(faultOfInput(input({ pattern }))).toBeUndefined();
      expect(faultOf(input({ pattern }), `${'a'.repeat(1023)}!`)).toContain('must match');
    },
  );

  it('is judged as a JSON Schema validator does, whatever it is', () => {
    const asked = fc.constantFrom<Asked>(
      {},
      { required: true },
      { dataType: 'number' },
      { dataType: 'boolean' },
      { dataType: 'select', options: ['a', '1'] },
      { format: 'email' },
      { format: 'url' },
      { format: 'uri' },
      { format: 'password' },
      { pattern: '^a?1$' },
    );
    const value = fc.string({ unit: fc.constantFrom('a', '1', '.', '@', ':', '/', '-', ' ', '\n', 'é', '😀', 'true') });
    fc.assert(
      fc.property(asked, value, (one, given) => {
        expect(faultOf(input(one), given) === undefined).toBe(fitsSchema(one, given));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an input cannot be asked for', () => {
  it.each<[why: string, asked: Asked, fault: string]>([
    // https://github.com/everit-org/json-schema/issues/157
    ['whose pattern looks ahead', { pattern: '^(?=.*[A-Z]).{8,}$' }, 'pattern is no RE2 expression'],
    ['whose pattern refers back', { pattern: '(a)\\1' }, 'pattern is no RE2 expression'],
    ['whose pattern is none', { pattern: '[' }, 'pattern is no RE2 expression'],
    // https://github.com/json-schema-org/json-schema-spec/issues/663
    ['whose pattern is enormous', { pattern: '((a{0,100}){0,100}){0,100}' }, 'pattern is'],
    ['whose pattern is large', { pattern: '(\\pL|x){0,900}z' }, 'pattern is too large, repeat less in it'],
    // https://github.com/NVIDIA/cluster-readiness-engine/issues/283
    ['whose default breaks its rule', { format: 'email', default: 'ann' }, `default ${EMAIL}`],
    [
      'whose alphabet repeats itself',
      { generate: { alphabet: 'aaaaaaaaaa' } },
      'generate.alphabet has a character twice',
    ],
    ['whose default is no option', { dataType: 'select', options: ['a'], default: 'b' }, 'default must be one of "a"'],
    ['whose default is empty, and it is required', { required: true, default: '' }, 'default must not be empty'],
  ])('%s', (_, asked, fault) => {
    expect(faultOfInput(input(asked))).toMatch(`"x": ${fault}`);
  });

  it.each<[why: string, asked: object, rule: RegExp]>([
    ['without a name', { name: '' }, /name of an input/],
    ['with a name of more than one word', { name: 'admin email' }, /name of an input/],
    ['of no type', { dataType: 'integer' }, /Invalid option/],
    ['that is a select without options', { dataType: 'select' }, /Must have options where dataType is select/],
    ['that has options and is none', { options: ['a'] }, /Must have options where dataType is select/],
    ['that is a number with a format', { dataType: 'number', format: 'email' }, /Must have dataType text/],
    ['that is a number with a pattern', { dataType: 'number', pattern: 'a' }, /Must have dataType text/],
    ['that is secret and has a default', { secret: true, default: 'a' }, /Must have no default/],
    ['that is generated and has a default', { generate: {}, default: 'a' }, /Must have no default/],
    ['that is generated by a pattern', { generate: {}, pattern: 'a' }, /Must have neither pattern nor a format/],
    ['that is generated as an address', { generate: {}, format: 'email' }, /Must have neither pattern nor a format/],
    ['whose generated value can be guessed', { generate: { length: 8 } }, /Too small/],
    ['whose alphabet is no alphabet', { generate: { alphabet: 'aaa' } }, /10 to 94 printable ASCII/],
    ['whose variable is none', { env: 'A-B' }, /environment variable name/],
  ])('%s', (_, asked, rule) => {
    const { error } = UserInput.safeParse({ name: 'x', dataType: 'text', ...asked });
    expect(error?.issues.map(({ message }) => message).join('; ')).toMatch(rule);
  });
});

it.each([
  ['adminEmail', 'ADMIN_EMAIL'],
  ['admin_email', 'ADMIN_EMAIL'],
  ['site.title', 'SITE_TITLE'],
  ['s3-bucket', 'S3_BUCKET'],
  ['x', 'X'],
])('the variable of %s is %s where the release gives it no other', (name, variable) => {
  expect(envOf({ name })).toBe(variable);
  expect(envOf({ name, env: 'OTHER' })).toBe('OTHER');
});

it.each<[why: string, answer: object]>([
  ['has neither a value nor a reference', {}],
  ['has both', { value: 'a', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
  ['is no text', { value: 5 }],
  ['has a character that no environment can have', { value: 'a\0b' }],
  ['refers to no object', { valueFrom: { secretKeyRef: { name: 'A B', key: 'k' } } }],
])('an answer is refused that %s', (_, answer) => {
  expect(UserAnswer.safeParse({ name: 'x', ...answer }).success).toBe(false);
});
