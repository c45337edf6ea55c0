import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** The layer rules are only worth something if they bite: each line here must be an error in its layer. */
const root = mkdtempSync(join(tmpdir(), 'layers-'));
const repository = new URL('../../../', import.meta.url).pathname;
afterAll(() => rmSync(root, { recursive: true }));

const { options: _, ...rules } = JSON.parse(readFileSync(join(repository, '.oxlintrc.json'), 'utf8')) as {
  options: object;
};
writeFileSync(join(root, '.oxlintrc.json'), JSON.stringify(rules));

function lint(layer: string, code: string): string {
  const folder = join(root, 'src', layer);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'probe.ts'), `${code}\n`);
  try {
    return execFileSync(join(repository, 'node_modules/.bin/oxlint'), ['-c', '.oxlintrc.json', 'src'], {
      cwd: root,
      encoding: 'utf8',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each([
  ['plan', "import { request } from 'undici'; export const x = request;", 'plan/ is pure'],
  ['plan', "import { KubeConfig } from '@kubernetes/client-node'; export const x = KubeConfig;", 'plan/ is pure'],
  ['plan', "import { readFileSync } from 'node:fs'; export const x = readFileSync;", 'plan/ is pure'],
  ['plan', "import { apply } from '../cluster/write.ts'; export const x = apply;", 'plan/ is pure'],
  ['plan', 'export const x = Date.now();', 'Take the time as a value'],
  ['plan', 'export const x = new Date();', 'Take the time as a value'],
  ['plan', 'export const x = performance.now();', 'Take the time as a value'],
  ['plan', 'export const x = Math.random();', 'no randomness'],
  ['plan', "export const x = process.env['HOME'];", 'no environment'],
  ['plan', 'setTimeout(() => undefined, 1);', 'no timers'],
  ['controller', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'controller/ is generic'],
  ['cluster', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'cluster/ is generic'],
  ['api', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'api/ is the contract'],
])('in %s/', (layer, code, message) => {
  it(`refuses ${code}`, () => {
    expect(lint(layer, code)).toContain(message);
  });
});

it('accepts what a layer may do', () => {
  const code = "import semver from 'semver';\nimport { hash } from '../api/hash.ts';\nexport const x = [semver, hash];";
  expect(lint('plan', code)).not.toContain('plan/ is pure');
});
