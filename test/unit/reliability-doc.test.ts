import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/reliability.md', 'utf8');

/** Each fault on the page: its number, and the tests that the page names for it. */
const table = Array.from(page.matchAll(/^\| (\d+) \| (.+?) \| (.+) \|$/gm), ([, number, fault, cell]) => ({
  number: Number(number),
  fault: fault!,
  tests: Array.from(cell!.matchAll(/`(test\/[^`]+)`: “([^”]+)”/g), ([, file, name]) => ({ file: file!, name: name! })),
}));

describe('docs/reliability.md', () => {
  it('has every fault that applies, in order', () => {
    const numbers = [...range(1, 35), ...range(42, 51)];

    expect(table.map(({ number }) => number)).toEqual(numbers);
  });

  it.each(table)('names a test for fault $number: $fault', ({ tests }) => {
    expect(tests).not.toEqual([]);
  });

  it.each(table.flatMap(({ tests }) => tests))('$file has: $name', ({ file, name }) => {
    expect(existsSync(file)).toBe(true);
    expect(titlesIn(readFileSync(file, 'utf8'))).toContain(name);
  });
});

/** Every title of a test, also behind a table. A title in backquotes is cut before its first placeholder. */
function titlesIn(source: string): string[] {
  const quoted = source.matchAll(/(?:\bit|\]\)|`|const\)|BUGS\))\(\s*'((?:[^'\\]|\\.)*)'/g);
  const filledIn = source.matchAll(/\bit\(`([^$`]*)/g);
  return Array.from([...quoted, ...filledIn], ([, title]) => title!.trim());
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
