import { setTimeout as sleep } from 'node:timers/promises';

/** How long a fault lasts is part of what is tested: nothing is waited for here. */
export function lasting(ms: number): Promise<void> {
  return sleep(ms);
}
