import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonLines } from '../../../src/cluster/json-lines.ts';

async function parse(...chunks: Buffer[]): Promise<unknown[]> {
  return Array.fromAsync(
    jsonLines(
      (async function* () {
        yield* chunks;
      })(),
    ),
  );
}

it('reads the same documents wherever the stream is cut', async () => {
  const document = fc.record({ text: fc.string({ unit: 'binary' }), number: fc.integer() });
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

  await fc.assert(
    fc.asyncProperty(fc.array(document, { maxLength: 5 }), cuts, async (documents, cuts) => {
      const stream = Buffer.from(documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
      const places = [0, ...cuts.map((cut) => Math.floor(cut * stream.length)).sort((a, b) => a - b), stream.length];
      const chunks = places.slice(1).map((end, i) => stream.subarray(places[i], end));

      expect(await parse(...chunks)).toEqual(documents);
    }),
  );
});

it('takes U+2028, which some hold for the end of a line, for the letter that it is', async () => {
  expect(await parse(Buffer.from('{"a":"x\u2028y"}\n{"b":"\u2029"}\n'))).toEqual([{ a: 'x\u2028y' }, { b: '\u2029' }]);
});

it('joins a character that was cut in two', async () => {
  const stream = Buffer.from('{"a":"€"}\n');
  const middle = stream.indexOf(0x82);

  expect(await parse(stream.subarray(0, middle), stream.subarray(middle))).toEqual([{ a: '€' }]);
});

it('drops what was cut off at the end, and skips empty lines', async () => {
  expect(await parse(Buffer.from('\n{"a":1}\n\n{"b":'))).toEqual([{ a: 1 }]);
});

it('does not let a document change what objects inherit', async () => {
  const [document] = await parse(Buffer.from('{"__proto__":{"polluted":true}}\n'));

  expect(Object.hasOwn(document as object, '__proto__')).toBe(true);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

it('fails on a line that is no JSON, after those before it', async () => {
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const line of jsonLines(
      (async function* () {
        yield Buffer.from('{"a":1}\n<html>\n');
      })(),
    )) {
      seen.push(line);
    }
  })();

  await expect(reading).rejects.toBeInstanceOf(SyntaxError);
  expect(seen).toEqual([{ a: 1 }]);
});
