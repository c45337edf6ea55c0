import { expect, it } from 'vitest';
import { problemOf } from '../../../src/rest/problem.ts';

it('a path that is too long is told what to do, and not repeated', () => {
  const { status, type, message } = problemOf({
    statusCode: 414,
    code: 'FST_ERR_MAX_PARAM_LENGTH',
    message: "'/providers/acme/aaaa' is exceeding the max param length",
  });

  expect({ status, type, message }).toEqual({
    status: 414,
    type: 'URITooLong',
    message: 'Correct the address: a part of it has more than 256 characters',
  });
});
