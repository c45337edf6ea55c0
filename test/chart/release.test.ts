import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { useHelm } from './helm.ts';

// The generator renders deploy/ with Helm.
useHelm();

/** All that a release reads or writes. */
const PARTS = ['.changeset', 'package.json', 'tsconfig.json', 'src', 'crds', 'charts', 'deploy', 'test'];

it('a release raises the version everywhere, and tells what is new', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'provider-operator-release-'));
  onTestFinished(() => rmSync(checkout, { recursive: true }));
  for (const part of PARTS) {
    cpSync(part, join(checkout, part), { recursive: true });
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(checkout, 'node_modules'));
  const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: checkout, stdio: 'pipe' });
  const textOf = (file: string) => readFileSync(join(checkout, file), 'utf8');
  run('node_modules/@changesets/cli/bin.js', 'version');
  run('src/generate/chart.ts');
  run('src/generate/deploy.ts');

  const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
  expect(version).not.toBe(manifest.version);
  expect(textOf('CHANGELOG.md')).toContain(`## ${version}`);
  expect(textOf('charts/provider-operator/Chart.yaml')).toMatch(
    new RegExp(`^version: ${version}$[^]*^appVersion: "?${version}"?$`, 'm'),
  );
  expect(textOf('deploy/install.yaml')).toContain(`image: "provider-operator:${version}"`);
});
