import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/controller/backoff.ts';

it.each`
  attempt | luck | ms
  ${0}    | ${1} | ${200}
  ${0}    | ${0} | ${100}
  ${1}    | ${1} | ${400}
  ${5}    | ${1} | ${6_400}
  ${9}    | ${1} | ${60_000}
  ${9}    | ${0} | ${30_000}
  ${5000} | ${1} | ${60_000}
`('waits $ms ms after attempt $attempt with luck $luck', ({ attempt, luck, ms }) => {
  expect(backoffMs(attempt, { firstMs: 200, maxMs: 60_000 }, () => luck)).toBe(ms);
});
