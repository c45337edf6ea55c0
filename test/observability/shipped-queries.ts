import { globSync, readFileSync } from 'node:fs';
import { readAlerts } from './rules.ts';

export interface ShippedQuery {
  readonly where: string;
  readonly expr: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Every PromQL expression that people get from us: in alerts, dashboards and runbooks. */
export function readShippedQueries(): readonly ShippedQuery[] {
  const alerts = readAlerts().map(({ alert, expr }) => ({ where: alert, expr }));
  const panels = globSync('charts/provider-operator/dashboards/*.json').flatMap((file) => {
    const dashboard = JSON.parse(readFileSync(file, 'utf8')) as { readonly panels: readonly Panel[] };
    return dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr })),
    );
  });
  const runbooks = globSync('docs/runbooks/*.md').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^```promql\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
      block
        .trim()
        .split('\n')
        .map((expr) => ({ where: file, expr })),
    ),
  );
  return [...alerts, ...panels, ...runbooks];
}
