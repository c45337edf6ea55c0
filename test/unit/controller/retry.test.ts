import { expect, it } from 'vitest';
import { retryHint } from '../../../src/controller/retry.ts';

it.each`
  what                             | error                                                | hint
  ${'an error that says when'}     | ${Object.assign(new Error('x'), { retry: 'never' })} | ${'never'}
  ${'an error that says nothing'}  | ${new TypeError('x is not a function')}              | ${'backoff'}
  ${'an error that says nonsense'} | ${Object.assign(new Error('x'), { retry: true })}    | ${'backoff'}
  ${'nothing'}                     | ${undefined}                                         | ${'backoff'}
  ${'a thrown string'}             | ${'retry'}                                           | ${'backoff'}
`('takes $what for $hint', ({ error, hint }) => {
  expect(retryHint(error).retry).toBe(hint);
});
