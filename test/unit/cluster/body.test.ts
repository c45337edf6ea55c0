import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBody } from '../../../src/cluster/body.ts';

/** What the API server's YAML parser refuses or alters inside of quotes; test/integration/writes/characters.test.ts shows it. */
// oxlint-disable-next-line no-control-regex -- Those characters are what it is about.
const NOT_PLAIN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;
const ESCAPED_SURROGATE = /\\ud[89a-f]/i;

describe('a body', () => {
  it.each([
    {
      what: 'what YAML refuses',
      report: 'go-yaml/yaml#872',
      text: 'x\u007f\u0080\u0093\u009f',
      body: 'x\\u007f\\u0080\\u0093\\u009f',
    },
    {
      what: 'line breaks of YAML 1.1',
      report: 'go-yaml/yaml#922',
      text: 'a\u0085 \u2028 \u2029',
      body: 'a\\u0085 \\u2028 \\u2029',
    },
    { what: 'what would begin a document', report: 'lava-sh/yaml-rs#131', text: '\u2028--- x', body: '\\u2028--- x' },
    { what: 'a byte order mark', report: 'helm/helm#6081', text: '\ufeffx', body: '\\ufeffx' },
    {
      what: 'what is no character',
      report: 'go-yaml/yaml#872',
      text: '\ufffe\uffff\ufdd0',
      body: '\\ufffe\\uffff\ufdd0',
    },
    {
      what: 'a pair of surrogates',
      report: 'go-yaml/yaml#279',
      text: '😀\u{1FFFF}\u{10FFFF}',
      body: '😀\u{1FFFF}\u{10FFFF}',
    },
    { what: 'both at once', report: 'decaporg/decap-cms#577', text: '\u007f😀\u2028', body: '\\u007f😀\\u2028' },
    { what: 'a slash', report: 'travisghansen/kubernetes-client-php#12', text: 'example.com/x', body: 'example.com/x' },
    { what: 'line breaks of texts', report: 'go-yaml/yaml#124', text: 'a\r\nb\t', body: 'a\\r\\nb\\t' },
  ])('has $what as it should be read: $report', ({ text, body }) => {
    expect(encodeBody({ [text]: text })).toBe(`{"${body}":"${body}"}`);
  });

  it('is the same value, whatever reads it', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer())), (value) => {
        const body = encodeBody(value);
        expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(body).not.toMatch(NOT_PLAIN);
        expect(body).not.toMatch(ESCAPED_SURROGATE);
      }),
    );
  });
});
