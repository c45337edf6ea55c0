import type { InstallationStatus } from '../../api/installation.ts';
import type { Decided, Decision } from '../decide/decision.ts';
import type { State, StateName } from '../state/state.ts';

/** Why something is done, or not: what log lines say, and what somebody asks for at night. */
export interface Because {
  readonly state: StateName;
  /** The rule that chose it: a reason of `Ready`, of a choice of version, or what what is stable comes back for. */
  readonly rule: string;
  /** The upgrade that waits, and for what. */
  readonly waitsFor?: string;
}

export function becauseOf(
  state: State,
  { decision, outlook }: Decided,
  { pendingUpgrade }: InstallationStatus,
): Because {
  const waitsFor = pendingUpgrade && `${pendingUpgrade.version}: ${pendingUpgrade.reason}`;
  const chosen = outlook?.choice.kind === 'target' ? outlook.choice.reason : undefined;
  return { state: state.name, rule: ruleOf(decision, chosen), ...(waitsFor !== undefined && { waitsFor }) };
}

function ruleOf(decision: Decision, chosen: string | undefined): string {
  switch (decision.kind) {
    case 'run':
      return decision.isChanged ? `${decision.attempt.trigger} ${chosen ?? ''}`.trim() : (chosen ?? 'Stays');
    case 'keep':
      return decision.isQueued ? 'Queued' : 'Kept';
    case 'held':
      return 'Held';
    case 'return':
      return decision.cause;
    case 'takeOver':
      return 'TakenOver';
    case 'problem':
      return decision.reason;
  }
}
