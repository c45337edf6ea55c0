import { globSync, readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import { refusalsOfWrites } from '../../src/rest/answers.ts';
import { problemOf } from '../../src/rest/problem.ts';

const page = readFileSync('docs/api.md', 'utf8');
const readme = readFileSync('README.md', 'utf8');

/** The rows of the table whose first column has this title, as the cells of each. */
function tableOf(text: string, title: string): string[][] {
  const [, table = ''] = new RegExp(`^\\| ${title} \\|.*\\n\\|[-| ]+\\n((?:\\|.*\\n)+)`, 'm').exec(text) ?? [];
  const rows = table.trimEnd().split('\n');
  return rows.map((row) => row.split('|').slice(1, -1)).map((cells) => cells.map((cell) => cell.trim()));
}

/** Everything that one of the patterns finds in the files, each once. */
function found(files: string, ...patterns: readonly RegExp[]): Set<string> {
  const source = globSync(files)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  return new Set(patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name = '']) => name)));
}

const types = tableOf(page, 'type').map(([name = '', status = '']) => ({ name: name.replaceAll('`', ''), status }));

/** What Fastify refuses before a route is asked is told by the name of its status. */
const OF_STATUSES = [400, 413, 414, 415].map((statusCode) => problemOf({ statusCode }).type);
/** What the API server says of the caller's own write, in its own words. */
const OF_THE_API_SERVER = ['Conflict', 'Forbidden', 'Invalid', 'AlreadyExists'];

describe('docs/api.md', () => {
  it('has every type that the API gives, once and in order, and no other', () => {
    const given = new Set([
      ...found('src/rest/**/*.ts', /new RestProblem\(\s*\d+,\s*'(\w+)'/g, /\bbad\(\s*'(\w+)'/g),
      ...found('src/plan/ask/*.ts', /\bproblem\(\s*'(\w+)'/g),
      ...OF_STATUSES,
      ...OF_THE_API_SERVER,
    ]);

    expect(given.size).toBeGreaterThan(30);
    expect(types.map(({ name }) => name)).toEqual([...given].sort());
  });

  it('has every status that the API gives, in order, and no type of another', () => {
    const given = [
      ...found('src/rest/**/*.ts', /new RestProblem\(\s*(\d+),/g),
      ...Object.keys(refusalsOfWrites),
      '414',
    ];
    const statuses = tableOf(page, 'Status').flatMap(([cell = '']) => cell.match(/\d{3}/g) ?? []);

    expect([...statuses].sort()).toEqual([...new Set(given)].sort());
    expect(statuses.every((status) => STATUS_CODES[status] !== undefined)).toBe(true);
    expect(
      types.filter(({ status }) => !(status.match(/\d{3}/g) ?? []).every((one) => statuses.includes(one))),
    ).toEqual([]);
  });

  it('repeats no reason of Ready, which README explains', () => {
    const reasons = new Set(tableOf(readme, 'Reason').map(([name = '']) => name.replaceAll('`', '')));
    const both = types.filter(({ name }) => reasons.has(name)).map(({ name }) => name);

    // The second seed judges an answer before there is a spec with it.
    expect(both).toEqual(['InvalidUserInput']);
  });

  it('links only to headings that there are', () => {
    const own = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    const ofReadme = [...page.matchAll(/\]\(\.\.\/README\.md#([^)]+)\)/g)].map(([, anchor = '']) => anchor);

    expect(own.length).toBeGreaterThan(5);
    expect(own.filter((anchor) => !anchorsOf(page).includes(anchor))).toEqual([]);
    expect(ofReadme.filter((anchor) => !anchorsOf(readme).includes(anchor))).toEqual([]);
  });
});

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
