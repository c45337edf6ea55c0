import type { Actions } from './actions.ts';
import type { Decision, Outlook } from './decision.ts';
import type { Observed } from './observed.ts';
import type { Running } from './running.ts';

/** All that one reconcile found and decided. */
export interface Findings {
  readonly observed: Observed;
  readonly running: Running;
  readonly decision: Decision;
  readonly outlook: Outlook | undefined;
  readonly actions: Actions;
  readonly now: number;
}
