import { expect, it } from 'vitest';
import { isOvertaken } from '../../../../src/plan/tell/overtaken.ts';
import { deployment, proven, seen } from '../../../support/records.ts';

const done = proven(1);
const restoring = { kind: 'restore', child: 'Deployment', uid: 'uid', record: 'web-1', heals: 'somebody' } as const;

it.each`
  ready        | writes         | written | overtaken | why
  ${'True'}    | ${[restoring]} | ${2}    | ${true}   | ${'somebody changed the pods meanwhile'}
  ${'True'}    | ${[restoring]} | ${1}    | ${false}  | ${'only labels were written'}
  ${'True'}    | ${[]}          | ${2}    | ${false}  | ${'nothing was written'}
  ${'Unknown'} | ${[restoring]} | ${2}    | ${false}  | ${'a rollout began, and the status says so'}
  ${'False'}   | ${[restoring]} | ${2}    | ${false}  | ${'the status promises nothing'}
`('Ready $ready is overtaken: $overtaken, because $why', ({ ready, writes, written, overtaken }) => {
  const observed = seen({ records: [done], deployment: deployment(done, { generation: 1 }) });
  const status = {
    conditions: [
      { type: 'Ready', status: ready, reason: 'X', message: '', lastTransitionTime: '', observedGeneration: 1 },
    ],
  };

  expect(isOvertaken(observed, { status, writes }, written)).toBe(overtaken);
});
