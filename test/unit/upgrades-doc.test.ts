import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UpdateCandidate } from '../../src/api/upgrade-status.ts';

const page = readFileSync('docs/upgrades.md', 'utf8');
const readme = readFileSync('README.md', 'utf8');

/** The cells of the table whose first column has this title. */
function tableOf(text: string, title: string): string[][] {
  const [, table = ''] = new RegExp(`^\\| ${title} \\|.*\\n\\|[-| ]+\\n((?:\\|.*\\n)+)`, 'm').exec(text) ?? [];
  const rows = table.trimEnd().split('\n');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function namesIn(text: string, title: string): string[] {
  return tableOf(text, title).map(([name = '']) => name.replaceAll('`', ''));
}

/** Everything that one of the patterns finds in the files, each once. */
function found(files: string, ...patterns: readonly RegExp[]): Set<string> {
  const source = globSync(files)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  return new Set(patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name = '']) => name)));
}

describe('docs/upgrades.md', () => {
  it('has every reason of blockedBy, in the order in which they are said', () => {
    const reasons = UpdateCandidate.shape.blockedBy.element.options;

    expect(namesIn(page, 'blockedBy')).toEqual(reasons);
  });

  it('has every reason of UpgradeHealthy, and no other', () => {
    const own = tableOf(page, 'Reason').filter(([, condition]) => condition?.includes('UpgradeHealthy'));

    expect(new Set(own.map(([name = '']) => name.replaceAll('`', '')))).toEqual(
      found(
        'src/plan/{tell/upgrade-health,state/record}.ts',
        /\b(?:un)?healthy\('(\w+)'/g,
        /\? '(\w+)' : '\w+'/g,
        /const REFUSED = '(\w+)'/g,
      ),
    );
  });

  it('has those reasons of Ready for which README refers to it, and no other', () => {
    const own = tableOf(page, 'Reason').filter(([, condition]) => condition?.includes('Ready'));
    const referring = tableOf(readme, 'Reason').filter((cells) => cells.join().includes('(docs/upgrades.md#'));

    expect(new Set(own.map(([name]) => name))).toEqual(new Set(referring.map(([name]) => name)));
    expect(own.length).toBeGreaterThan(10);
  });

  it('has every word for how a rollout fails, and no other', () => {
    expect(new Set(namesIn(page, 'Failure'))).toEqual(
      found('src/plan/state/{rollout,record}.ts', /\bfailed\(\s*'(\w+)'/g, /const REFUSED = '(\w+)'/g),
    );
  });

  it('says for each reason what to do', () => {
    const rows = [...tableOf(page, 'blockedBy'), ...tableOf(page, 'Reason')];
    const silent = rows.filter((cells) => !/^(\[.+\]\(#.+\)|Nothing)$/.test(cells.at(-1) ?? ''));

    expect(silent).toEqual([]);
  });

  it('is linked to only where it has a heading', () => {
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g), ...readme.matchAll(/\]\(docs\/upgrades\.md#([^)]+)\)/g)];
    const headings = anchorsOf(page);

    expect(links.map(([, anchor = '']) => anchor).filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });

  it('links to headings that README has', () => {
    const links = [...page.matchAll(/\]\(\.\.\/README\.md#([^)]+)\)/g)].map(([, anchor = '']) => anchor);

    expect(links.filter((anchor) => !anchorsOf(readme).includes(anchor))).toEqual([]);
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
