import { expect, it } from 'vitest';
import { ApiError } from '../../../src/cluster/errors.ts';
import { problemOf, ofReview } from '../../../src/rest/problem.ts';

function told(error: unknown) {
  try {
    return ofReview(error);
  } catch (thrown) {
    const { status, type, message } = problemOf(thrown);
    return { status, type, message };
  }
}

it('a right that this server lacks is no fault of the caller, who does not read whose it is', () => {
  const message = 'tokenreviews.authentication.k8s.io is forbidden: User "provider-operator" cannot create it';
  const refused = (status: number) => ApiError.refused('Review a token', { status, body: message });

  expect(told(refused(403))).toEqual({
    status: 503,
    type: 'ServiceUnavailable',
    message: 'Tell the platform team: this server lacks the right to review tokens and rights',
  });
  expect(told(refused(500))).toMatchObject({ status: 503 });
});
