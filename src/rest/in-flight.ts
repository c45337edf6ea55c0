import type { Caller } from './callers.ts';
import { RestProblem } from './problem.ts';

/** Of one caller. All share the connections, those to the API server among them: nobody may have all of them. */
const MOST = 64;

/** Counts the requests of each caller that have no answer yet. */
export function createInFlight() {
  const open = new Map<string, number>();

  return {
    /** Lets one more in, until the answer is sent or nobody waits for it any more. */
    enter(
      { username, uid }: Pick<Caller, 'username' | 'uid'>,
      answer: { once(event: 'close', end: () => void): unknown },
    ): void {
      const caller = JSON.stringify([username, uid]);
      const count = open.get(caller) ?? 0;
      if (count >= MOST) {
        throw new RestProblem(429, 'TooManyAtOnce', `Wait for answers: you have ${MOST} requests under way`, {
          headers: { 'retry-after': '1' },
        });
      }
      open.set(caller, count + 1);
      answer.once('close', () => {
        const left = (open.get(caller) ?? 1) - 1;
        if (left === 0) {
          open.delete(caller);
        } else {
          open.set(caller, left);
        }
      });
    },
  };
}
