import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** The pages and the code that name files. A moved file breaks them (kubernetes-sigs/kustomize#1824). */
const FILES = [
  '*.md',
  'docs/**/*.md',
  'docs/**/*.yaml',
  'src/**/*.ts',
  'test/**/*.ts',
  'bench/*.ts',
  'demo/*.ts',
  'tools/*',
];
/** A decision that was replaced names the files of its time. */
const REPLACED = 'docs/adr/0005-rollback-from-saved-revisions.md';
const PATH =
  /(?<![\w./-])(?:src|test|bench|demo|tools|docs|charts|examples)\/[\w./-]*\w\.(?:ts|md|ya?ml|tpl|txt|lua|sh)\b/g;

it('every file that a page or a comment names is there', () => {
  const missing = globSync(FILES, { exclude: [REPLACED] }).flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(PATH), ([path]) => path)
      .filter((path) => !existsSync(path))
      .map((path) => `${file}: ${path}`),
  );

  expect(missing).toEqual([]);
});
