import type { Trigger } from '../../api/record.ts';

/** Whether the operator chose the moment of a rollout, so that the fleet limits how many there are at once. */
export function isAutomatic(trigger: Trigger | undefined): boolean {
  return trigger === 'Policy' || trigger === 'SystemSoftware' || trigger === 'Tier';
}
