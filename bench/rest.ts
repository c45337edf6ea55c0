import { setTimeout as sleep } from 'node:timers/promises';
import { countRequests, isAtRest, now, OPERATOR, total, type Requests } from '../test/integration/support/requests.ts';
import { PATIENCE_MS } from '../test/integration/support/patience.ts';

/** Waits until the operator has sent no request for `quietMs`, apart from its watches and its Lease. */
export async function settled(auditLog: string, quietMs = 2000): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const from = await now(auditLog);
    await sleep(quietMs);
    if (total(await requestsSince(auditLog, from)) === 0) {
      return;
    }
  }
  throw new Error('The operator does not come to rest');
}

/** Returns the requests of the operator since `from`, without its watches and its Lease. */
export function requestsSince(auditLog: string, from: number): Promise<Requests> {
  return countRequests(auditLog, from, { userAgent: OPERATOR, where: (event) => !isAtRest(event) });
}
