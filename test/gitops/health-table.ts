import { readFileSync } from 'node:fs';

/** The health that the tools should show for an object whose `Ready` has a certain reason. */
export interface ExpectedHealth {
  readonly argo: string;
  readonly kstatus: string;
}

/** Whether a reason may still solve itself, or a person must act. */
export type Patience = 'waiting' | 'final';

/**
 * Reads the table "what the tools show" of docs/gitops/README.md, by reason. `A, then B` means A while the operator
 * waits for something that may still come, and B from then on.
 */
export function readHealthTable(): ReadonlyMap<string, Readonly<Record<Patience, ExpectedHealth>>> {
  const text = readFileSync('docs/gitops/README.md', 'utf8');
  const [, table = ''] = /^\| Reason of Ready \|.*\n\|[-| ]+\n((?:\|.*\n)+)/m.exec(text) ?? [];
  return new Map(
    table
      .trimEnd()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim()))
      .flatMap(([, reasons = '', argo = '', status = '']) =>
        reasons.split(', ').map((reason) => [
          reason.replaceAll('`', ''),
          {
            waiting: { argo: stage(argo, 'waiting'), kstatus: stage(status, 'waiting') },
            final: { argo: stage(argo, 'final'), kstatus: stage(status, 'final') },
          },
        ]),
      ),
  );
}

function stage(cell: string, patience: Patience): string {
  const [first = '', then = first] = cell.split(', then ');
  return patience === 'waiting' ? first : then;
}
