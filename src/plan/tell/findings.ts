import type { Actions } from '../act/actions.ts';
import type { Decided } from '../decide/decision.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import { servicePorts } from '../pods/service.ts';
import { effective } from '../decide/record-data.ts';
import type { State } from '../state/state.ts';

/** All that one reconcile found and decided. */
export interface Findings extends Decided {
  readonly observed: Observed;
  readonly state: State;
  readonly actions: Actions;
  readonly now: number;
}

/** The part of a rollout of which the status tells. */
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
