import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

export const RULE_FILES = globSync('charts/provider-operator/rules/*.yaml');

/** The alerts that the chart ships. */
export function readAlerts(): readonly Alert[] {
  return RULE_FILES.flatMap((file) => {
    const { groups } = parse(readFileSync(file, 'utf8')) as { groups: readonly { rules: readonly Alert[] }[] };
    return groups.flatMap((group) => group.rules);
  });
}
