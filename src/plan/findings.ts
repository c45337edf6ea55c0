import type { Actions } from './actions.ts';
import type { Decided } from './decision.ts';
import type { Observed } from './observed.ts';
import type { State } from './state.ts';

/** All that one reconcile found and decided. */
export interface Findings extends Decided {
  readonly observed: Observed;
  readonly state: State;
  readonly actions: Actions;
  readonly now: number;
}
