import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ensurePromtool } from './promtool.ts';
import { readAlerts, RULE_FILES } from './rules.ts';
import { readShippedQueries } from './shipped-queries.ts';

const TESTS = 'test/observability/rules.test.yaml';

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts?: readonly object[];
}

describe('the alerts', () => {
  const alerts = readAlerts();
  let promtool = '';

  beforeAll(async () => {
    promtool = await ensurePromtool();
  }, 900_000);

  it('are rules that Prometheus takes, without a duplicate', async () => {
    const { stdout } = await promisify(execFile)(promtool, [
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      ...RULE_FILES,
    ]);

    expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  it('are PromQL, as is every query of dashboards and runbooks', async () => {
    const queries = readShippedQueries();
    const file = join(mkdtempSync(join(tmpdir(), 'provider-operator-queries-')), 'queries.yaml');
    const rules = queries.map(({ expr }, i) => ({ record: `shipped:query:${i}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'shipped', rules }] }));
    const { stdout } = await promisify(execFile)(promtool, ['check', 'rules', '--lint=none', file]);
    rmSync(dirname(file), { recursive: true });

    expect(stdout).toContain(`SUCCESS: ${queries.length} rules found`);
  });

  it('fire when they should', async () => {
    const { stdout } = await promisify(execFile)(promtool, ['test', 'rules', TESTS]);

    expect(stdout).toContain('SUCCESS');
  });

  it('are each shown to fire, and to stay silent', () => {
    const { tests } = parse(readFileSync(TESTS, 'utf8')) as { tests: { alert_rule_test: AlertTest[] }[] };
    const all = tests.flatMap((test) => test.alert_rule_test);
    const names = (fires: boolean) =>
      new Set(all.filter((t) => (t.exp_alerts !== undefined) === fires).map((t) => t.alertname));

    expect(names(true)).toEqual(new Set(alerts.map((rule) => rule.alert)));
    expect(names(false)).toEqual(new Set(alerts.map((rule) => rule.alert)));
  });

  it('each have a runbook, and each runbook has an alert', () => {
    const runbooks = globSync('docs/runbooks/*.md').filter((file) => basename(file) !== 'README.md');

    expect(new Set(alerts.map((rule) => rule.annotations.runbook_url))).toEqual(new Set(runbooks));
    expect(alerts.map((rule) => rule.annotations.runbook_url)).toEqual(
      alerts.map((rule) => `docs/runbooks/${rule.alert}.md`),
    );
  });

  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s has a severity and says what it means for people',
    (_, rule) => {
      expect(rule.labels.severity).toMatch(/^(critical|warning|info)$/);
      expect(rule.annotations.summary).toMatch(/^[A-Z].*[^.]$/);
      expect(rule.annotations.description).toMatch(/^(?:[A-Z]|\{\{).*\.$|;.*[^.]$/);
    },
  );
});
