import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string }[];
}

describe.each(globSync('charts/provider-operator/dashboards/*.json'))('%s', (file) => {
  const dashboard = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly uid: string;
    readonly panels: readonly Panel[];
    readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  };
  const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

  it('asks whatever Prometheus the reader chooses', () => {
    expect(dashboard.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource' }]);
    expect(new Set(panels.map((panel) => panel.datasource?.uid))).toEqual(new Set(['${datasource}']));
  });

  it('says of each panel what it shows', () => {
    expect(panels.length).toBeGreaterThan(10);
    expect(
      panels.filter(({ title, description = '', targets = [] }) => !title || !description || !targets.length),
    ).toEqual([]);
    expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length);
  });

  it('lays no panel over another', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );

    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});
