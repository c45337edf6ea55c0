import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** Layer rules are only useful if they catch a violation: each line here must be an error in its layer. */
const root = mkdtempSync(join(tmpdir(), 'layers-'));
const repository = new URL('../../../', import.meta.url).pathname;
afterAll(() => rmSync(root, { recursive: true }));

const { options: _, ...rules } = JSON.parse(readFileSync(join(repository, '.oxlintrc.json'), 'utf8')) as {
  options: object;
};
writeFileSync(join(root, '.oxlintrc.json'), JSON.stringify(rules));

function lint(layer: string, ...codes: readonly string[]): string {
  const folder = join(root, 'src', layer);
  mkdirSync(folder, { recursive: true });
  codes.forEach((code, i) => writeFileSync(join(folder, `probe-${i}.ts`), `${code}\n`));
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
  ['plan', "import { request } from 'undici'; export const x = request;", 'the rooms of plan/'],
  ['plan', "import { KubeConfig } from '@kubernetes/client-node'; export const x = KubeConfig;", 'the rooms of plan/'],
  ['plan', "import { readFileSync } from 'node:fs'; export const x = readFileSync;", 'the rooms of plan/'],
  ['plan', "import { apply } from '../cluster/write.ts'; export const x = apply;", 'the rooms of plan/'],
  ['plan', 'export const x = Date.now();', 'Take the time as a value'],
  ['plan', 'export const x = new Date();', 'Take the time as a value'],
  ['plan', 'export const x = performance.now();', 'Take the time as a value'],
  ['plan', 'export const x = Math.random();', 'no randomness'],
  ['plan', "export const x = process.env['HOME'];", 'no environment'],
  ['plan', 'setTimeout(() => undefined, 1);', 'no timers'],
  ['controller', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'controller/ is generic'],
  ['cluster', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'cluster/ is generic'],
  ['api', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'api/ is the contract'],
  ['telemetry', "import { plan } from '../plan/plan.ts'; export const x = plan;", 'telemetry/ decides nothing'],
  [
    'telemetry',
    "import { observe } from '../reconcile/observe.ts'; export const x = observe;",
    'telemetry/ decides nothing',
  ],
  [
    'reconcile',
    "import { start } from '../telemetry/server.ts'; export const x = start;",
    'reconcile/ gets its settings',
  ],
  ['rest', "import { start } from '../telemetry/server.ts'; export const x = start;", 'rest/ shows what is decided'],
  ['rest', "import { createOperator } from '../operator.ts'; export const x = createOperator;", 'rest/ shows what is'],
  [
    'rest/v1',
    "import { start } from '../../telemetry/server.ts'; export const x = start;",
    'rest/ shows what is decided',
  ],
  ['plan', "import { change } from '../rest/change.ts'; export const x = change;", 'the rooms of plan/'],
  ['reconcile', "import { change } from '../rest/change.ts'; export const x = change;", 'reconcile/ gets its settings'],
])('in %s/', (layer, code, message) => {
  it(`refuses ${code}`, () => {
    expect(lint(layer, code)).toContain(message);
  });
});

/** The rooms of plan/, from the lowest to the highest. */
const ROOMS = [
  'catalogue',
  'software',
  'state',
  'pods',
  'failures',
  'version',
  'decide',
  'act',
  'tell',
  'ask',
] as const;

const FOREIGN = ['undici', 'node:fs', '@kubernetes/client-node', '../plan.ts', '../../cluster/write.ts'];

describe.each(ROOMS.map((room, i) => [room, ROOMS.slice(0, i), ROOMS.slice(i + 1)] as const))(
  'in plan/%s/',
  (room, below, above) => {
    const importing = (module: string) => `export type { X } from '${module}';`;
    const entryOf = (other: string) => `../${other}/${other}.ts`;

    it('refuses imports of the rooms above it, and of all that is not pure', () => {
      const refused = [...above.map(entryOf), ...FOREIGN];
      const complaints = lint(`plan/${room}`, ...refused.map(importing)).split(`${room}/ `);
      expect(complaints).toHaveLength(refused.length + 1);
    });

    it('accepts imports of the rooms below it, and of the contract', () => {
      const accepted = [...below.map(entryOf), '../../api/hash.ts', './other.ts'];
      expect(lint(`plan/${room}`, ...accepted.map(importing))).not.toContain('no-restricted-imports');
    });
  },
);

it('refuses the windows an import of any other room', () => {
  expect(lint('plan/windows', "export type { X } from '../catalogue/catalogue.ts';")).toContain('windows/ ');
});

it.each([
  ['imported', "import type { B } from './probe-1.ts';\nexport type A = B;"],
  // https://github.com/oxc-project/oxc/issues/10547
  ['exported again', "export type { B as A } from './probe-1.ts';"],
])('refuses modules that need each other, also for a type that is %s', (_, one) => {
  const other = "import type { A } from './probe-0.ts';\nexport type B = A;";
  expect(lint('plan/state', one, other)).toContain('Dependency cycle');
  expect(lint('plan/state', other.replace('probe-0', 'probe-1'), one.replace('probe-1', 'probe-0'))).toContain(
    'Dependency cycle',
  );
});

it('accepts what a layer may do', () => {
  const code =
    "import semver from 'semver';\nimport { hash } from '../../api/hash.ts';\nexport const x = [semver, hash];";
  expect(lint('plan/version', code)).not.toContain('no-restricted-imports');
  const modules = ['api/hash', 'plan/ask/ask', 'cluster/write', 'controller/clock', 'reconcile/caches'];
  const importing = (up: string) => modules.map((module) => `export type { X } from '${up}${module}.ts';`);
  expect(lint('rest', ...importing('../'))).not.toContain('no-restricted-imports');
  expect(lint('rest/v2', ...importing('../../'))).not.toContain('no-restricted-imports');
});
