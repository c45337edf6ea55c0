import type { Failure } from '../api/failure.ts';
import type { Actions } from './actions.ts';
import type { Decision, Outlook } from './decision.ts';
import type { Observed } from './observed.ts';
import type { State } from './state.ts';

/** All that one reconcile found and decided. */
export interface Findings {
  readonly observed: Observed;
  readonly state: State;
  readonly decision: Decision;
  readonly outlook: Outlook | undefined;
  /** What failed, as this look found. */
  readonly failure: Failure | undefined;
  readonly actions: Actions;
  readonly now: number;
}
