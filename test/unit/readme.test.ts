import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Settings } from '../../src/settings.ts';

const readme = readFileSync('README.md', 'utf8');

/** The cells of the table whose first column has this title, without the code marks. */
function tableOf(title: string): string[][] {
  const [, table = ''] = new RegExp(`^\\| ${title} \\|.*\\n\\|[-| ]+\\n((?:\\|.*\\n)+)`, 'm').exec(readme) ?? [];
  return table
    .trimEnd()
    .split('\n')
    .map((row) => row.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')));
}

describe('README', () => {
  it('has every setting with its default and its meaning', () => {
    const { properties } = z.toJSONSchema(Settings, { io: 'input' }) as {
      properties: Record<string, { default: unknown; description: string }>;
    };

    expect(tableOf('Setting')).toEqual(
      Object.entries(properties).map(([name, setting]) => [name, String(setting.default), setting.description]),
    );
  });

  it('has every reason of Ready that the operator gives, and no other', () => {
    const sources = globSync('src/{plan,reconcile}/**/*.ts')
      // These files give the reasons of published objects and of UpdateAvailable, and what only the REST API answers.
      .filter((file) => !file.endsWith('published-status.ts') && !file.endsWith('explanation.ts'))
      .filter((file) => !file.startsWith('src/plan/ask/'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const reasons = [
      /\b(?:problem|notYet|waitFor)\(\s*['`]([^'`]+)['`]/g,
      /\bwaiting\(\s*'\w+',\s*'(\w+)'/g,
      /\b(?:stalled|runs)\(\s*'(\w+)'/g,
      /\bverdict\('Ready', '\w+', '(\w+)'/g,
      /\{\s*reason: '(\w+)',\s*message\b/g,
    ].flatMap((pattern) => [...sources.matchAll(pattern)].map(([, reason = '']) => reason));
    const expanded = reasons.flatMap((reason) =>
      reason.includes('${kind}') ? ['ConfigMap', 'Secret'].map((kind) => reason.replace('${kind}', kind)) : [reason],
    );

    expect(new Set(tableOf('Reason').map(([reason]) => reason))).toEqual(new Set(expanded));
  });

  it('names no metric that is not there', () => {
    const defined = readFileSync('src/telemetry/metrics.ts', 'utf8');
    const named = [...readme.matchAll(/`((?:controller_runtime|workqueue|rest_client)_\w+)`/g)].map(
      ([, name = '']) => name,
    );

    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !defined.includes(`'${name}'`))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, file = '']) => file);

    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((file) => !file.includes('://') && globSync(file).length === 0)).toEqual([]);
  });

  it('installs as docs/install.md does, every command of which is run by a test', () => {
    const [, section = ''] = /^## Install it\n(.*?)^## /ms.exec(readme) ?? [];
    const commands = [...section.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, command = '']) => command);

    expect(commands.length).toBe(2);
    expect(commands.filter((command) => !readFileSync('docs/install.md', 'utf8').includes(`\n${command}\n`))).toEqual(
      [],
    );
  });
});
