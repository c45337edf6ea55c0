import type { Trigger } from '../../api/record.ts';

/** Nobody asked for it now: the operator chose the moment, and the fleet limits how many there are at once. */
export function isAutomatic(trigger: Trigger | undefined): boolean {
  return trigger === 'Policy' || trigger === 'SystemSoftware' || trigger === 'Tier';
}
