import type { Actions } from './actions.ts';
import type { Decided } from './decision.ts';
import type { Observed, RolloutRecord } from './observed.ts';
import { servicePorts } from './service.ts';
import { effective } from './start.ts';
import type { State } from './state.ts';

/** All that one reconcile found and decided. */
export interface Findings extends Decided {
  readonly observed: Observed;
  readonly state: State;
  readonly actions: Actions;
  readonly now: number;
}

/** What the status tells of a rollout. */
export type Told = Pick<
  RolloutRecord,
  'number' | 'trigger' | 'startedAt' | 'version' | 'from' | 'committed' | 'effective' | 'ports' | 'mark'
>;

/** The rollout that this pass applies, be it again; undefined where the Deployment stays with the one that it has. */
export function appliedNow({ observed, decision }: Findings): Told | undefined {
  if (decision.kind === 'return') {
    return decision.to;
  }
  if (decision.kind !== 'run' || !decision.isChanged || observed.installation.spec.suspend === true) {
    return undefined;
  }
  const { attempt, inputs, version, committed } = decision;
  const { number, release } = inputs;
  return {
    ...attempt,
    number,
    version,
    committed,
    effective: effective(inputs),
    ports: servicePorts(release),
    mark: {},
  };
}
