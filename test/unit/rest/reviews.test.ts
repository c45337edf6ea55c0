import { expect, it } from 'vitest';
import { ApiError } from '../../../src/cluster/errors.ts';
import type { Transport } from '../../../src/cluster/transport.ts';
import { INSTALLATIONS } from '../../../src/reconcile/resources.ts';
import { createAccess } from '../../../src/rest/access.ts';
import { createCallers } from '../../../src/rest/callers.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const refused = (refusal: Parameters<typeof ApiError.refused>[1]) => ApiError.refused('Review', refusal);
const CALLER = {
  token: 't',
  id: 'i',
  username: 'u',
  uid: undefined,
  groups: [],
  extra: undefined,
  namespace: undefined,
};

// Infisical/cli#186 and evenfire-ai/evenfire#228: what a server says to the one that asks for others was passed on to them.
it.each([401, 403, 429, 500, 0])(
  'a review that fails with %i is 503 for the caller, and is not remembered',
  async (code) => {
    let reviews = 0;
    const transport = {
      request: () => {
        reviews += 1;
        const refusal = {
          status: code,
          body: '{"message":"User \\"provider-operator\\" cannot create"}',
          retryAfter: undefined,
        };
        return Promise.reject(code === 0 ? ApiError.unanswered('Review', new Error('reset')) : refused(refusal));
      },
    } as unknown as Transport;
    const clock = new FakeClock();
    const callers = createCallers(transport, clock);
    const access = createAccess(transport, clock);
    const ask = [
      () => callers.identify('t', '::1'),
      () => access.may(CALLER, { verb: 'get', resource: INSTALLATIONS, namespace: 'a' }),
    ];

    for (const asking of ask) {
      for (const _ of ['once', 'again']) {
        const problem = await asking().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(problem).toMatchObject({ status: 503, type: 'NotReviewed', cause: { status: code } });
        expect(String(problem)).not.toContain('provider-operator');
      }
    }
    expect(reviews).toBe(4);
  },
);
