/** The part of a PromQL expression that selects series of one metric. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

const WORDS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'unless',
  'on',
  'ignoring',
  'by',
  'without',
  'offset',
  'bool',
]);

/**
 * Returns the metrics that an expression selects, with their matchers. It understands as much PromQL as our rules,
 * dashboards and runbooks use.
 */
export function selectorsIn(expr: string): readonly Selector[] {
  const bare = withoutGroupings(expr);
  return [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?=([^\w:{]|$))/g)]
    .filter(([, name = '', braces], i, all) => {
      const isCall = /^\s*\(/.test(bare.slice(all[i]!.index + all[i]![0].length));
      return !isCall && !WORDS.has(name) && (braces !== undefined || name.includes('_'));
    })
    .map(([, metric = '', braces = '']) => ({ metric, matchers: matchersIn(braces) }));
}

/** The labels by which an expression groups or joins. */
export function groupingsIn(expr: string): readonly string[] {
  return [...expr.matchAll(GROUPING)].flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim()));
}

/** Whether a series is selected. */
export function matches(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return selector.matchers.every(({ label, operator, value }) => {
    const actual = labels[label] ?? '';
    switch (operator) {
      case '=':
        return actual === value;
      case '!=':
        return actual !== value;
      case '=~':
        return new RegExp(`^(?:${value})$`).test(actual);
      default:
        return !new RegExp(`^(?:${value})$`).test(actual);
    }
  });
}

const GROUPING = /\b(?:by|on)\s*\(([^)]*)\)/g;

function withoutGroupings(expr: string): string {
  return expr.replaceAll(GROUPING, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
}

function matchersIn(braces: string): Selector['matchers'] {
  return [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', operator = '', value = '']) => ({
    label,
    operator,
    value,
  }));
}
