import { expect, it } from 'vitest';
import {
  canTake,
  observeLease,
  releasedRecord,
  type LeaseRecord,
  type Observation,
} from '../../../src/controller/lease-record.ts';

const held: LeaseRecord = { holder: 'other', seconds: 15, acquiredAt: 1, renewedAt: 1, transitions: 0 };
const mine = { ...held, holder: 'me' };
const renewed = { ...held, renewedAt: 2 };

/** The Lease as it was seen, second by second, and whether we may take it at the end. */
it.each`
  what                                              | seen                                                                                         | at    | may      | isLeading
  ${'there never was one'}                          | ${[[0, undefined]]}                                                                          | ${0}  | ${true}  | ${false}
  ${'it is ours'}                                   | ${[[0, { ...held, holder: 'me' }]]}                                                          | ${0}  | ${true}  | ${false}
  ${'somebody took all out of it under its holder'} | ${[[0, held], [5, { holder: '', seconds: 0, acquiredAt: 0, renewedAt: 0, transitions: 0 }]]} | ${19} | ${false} | ${false}
  ${'somebody wrote our name into it'}              | ${[[0, held], [5, { ...mine, acquiredAt: 5 }]]}                                              | ${6}  | ${false} | ${false}
  ${'another has it'}                               | ${[[0, held]]}                                                                               | ${14} | ${false} | ${false}
  ${'another did not renew for its duration'}       | ${[[0, held]]}                                                                               | ${15} | ${true}  | ${false}
  ${'another renewed meanwhile'}                    | ${[[0, held], [10, renewed]]}                                                                | ${15} | ${false} | ${false}
  ${'that one stopped, too'}                        | ${[[0, held], [10, renewed]]}                                                                | ${25} | ${true}  | ${false}
  ${'another gave it back'}                         | ${[[0, held], [1, releasedRecord(held, 9)]]}                                                 | ${1}  | ${true}  | ${false}
  ${'somebody wrote another name into it'}          | ${[[0, held], [14, { ...held, holder: 'third' }]]}                                           | ${15} | ${false} | ${false}
  ${'somebody emptied it under its holder'}         | ${[[0, held], [14, { ...held, holder: '' }]]}                                                | ${28} | ${false} | ${false}
  ${'it was emptied, and its holder is gone'}       | ${[[0, held], [14, { ...held, holder: '' }]]}                                                | ${29} | ${true}  | ${false}
  ${'somebody deleted it under its holder'}         | ${[[0, held], [10, renewed], [12, undefined]]}                                               | ${26} | ${false} | ${false}
  ${'it was deleted, and its holder is gone'}       | ${[[0, held], [10, renewed], [12, undefined]]}                                               | ${27} | ${true}  | ${false}
  ${'it was given back and deleted'}                | ${[[0, releasedRecord(held, 9)], [1, undefined]]}                                            | ${1}  | ${true}  | ${false}
  ${'its times are of a clock that is far off'}     | ${[[0, { ...held, renewedAt: 9e12, acquiredAt: 9e12 }]]}                                     | ${15} | ${true}  | ${false}
  ${'it was ours and is deleted, and we lead'}      | ${[[0, mine], [1, undefined]]}                                                               | ${1}  | ${true}  | ${true}
  ${'it was ours and is deleted, and we led once'}  | ${[[0, mine], [1, undefined]]}                                                               | ${15} | ${false} | ${false}
  ${'it was ours and is emptied, and we lead'}      | ${[[0, mine], [1, { ...mine, holder: '' }]]}                                                 | ${1}  | ${true}  | ${true}
  ${'we lead, and somebody wrote another into it'}  | ${[[0, mine], [1, held]]}                                                                    | ${1}  | ${false} | ${true}
`('may be taken: $may, where $what', ({ seen, at, may, isLeading }) => {
  let observation: Observation | undefined;
  const changes = new Map(seen as [number, LeaseRecord | undefined][]);
  let record: LeaseRecord | undefined;
  for (let second = 0; second <= at; second += 1) {
    record = changes.has(second) ? changes.get(second) : record;
    observation = observeLease(observation, record, second * 1000);
  }

  expect(canTake(observation!, { mine: [mine], isLeading }, at * 1000)).toBe(may);
});

it('starts to wait anew for a Lease that is missing, where it could not be looked at for a while', () => {
  const gone = observeLease(observeLease(undefined, held, 0), undefined, 1_000);
  const candidate = { mine: [mine], isLeading: false };

  expect(canTake(observeLease(gone, undefined, 6_000), candidate, 16_000)).toBe(true);
  expect(canTake(observeLease(gone, undefined, 6_001), candidate, 16_000)).toBe(false);
});
