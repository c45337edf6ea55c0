import { setTimeout as sleep } from 'node:timers/promises';

/** Waits while a fault lasts. The duration is part of the test: nothing else is waited for. */
export function lasting(ms: number): Promise<void> {
  return sleep(ms);
}
