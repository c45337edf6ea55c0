import { expect, it } from 'vitest';
import type { RecordData } from '../../../../src/api/record.ts';
import type { Mark, RolloutRecord } from '../../../../src/plan/state/observed.ts';
import {
  askedOf,
  begunRecord,
  endedAt,
  isOpen,
  isProven,
  NOTHING_ASKED,
  timeAfter,
  wasGivenUp,
} from '../../../../src/plan/state/record.ts';
import { recordedDeployment, recordName, recordObject } from '../../../../src/plan/pods/record-object.ts';
import { starting } from '../../../../src/plan/act/start.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import { installation } from '../../../support/builders.ts';
import { at, clock, failed, start, proven, record, refused, seen, superseded } from '../../../support/records.ts';

it.each<[string, RolloutRecord, { is: string; ended?: string }]>([
  ['under way', record(2), { is: 'open' }],
  ['done', proven(2), { is: 'proven' }],
  ['failed', failed(2), { is: 'given up', ended: at('02:10') }],
  ['cancelled', superseded(2), { is: 'given up', ended: at('02:05') }],
  // The API server refused the rollout, so it was never applied, and there was nothing to go back from.
  ['refused', refused(2), { is: '', ended: at('02:10') }],
  ['only asked for anew', record(2, { mark: { asked: 'abc' } }), { is: 'open' }],
])('a rollout that is %s', (_, one, { is, ended }) => {
  const words = { open: isOpen(one), proven: isProven(one), 'given up': wasGivenUp(one) };
  const holds = Object.entries(words).flatMap(([word, isTrue]) => (isTrue ? [word] : []));
  expect({ is: holds.join(' '), ended: endedAt(one) }).toEqual({ is, ended });
});

it.each<[string, readonly RolloutRecord[], number | undefined, number | undefined]>([
  ['the newest, where the Deployment has an older one', [record(2), proven(1)], 1, 2],
  ['the newest, where there is no Deployment', [record(1)], undefined, 1],
  ['not what the Deployment has', [record(2), proven(1)], 2, undefined],
  ['not what has ended', [failed(2), proven(1)], 1, undefined],
  ['not what was refused', [refused(2), proven(1)], 1, undefined],
  ['not an older one that was overtaken', [failed(3), record(2), proven(1)], 1, undefined],
  ['none where there are none', [], undefined, undefined],
])('what was written and not applied: %s', (_, records, number, expected) => {
  const head = records.find((r) => r.number === number);
  expect(begunRecord({ records, head })?.number).toBe(expected);
});

it.each<[string, string | undefined, Mark, string | undefined]>([
  ['as when it was made', 'abc', {}, 'abc'],
  ['as it was said since', 'abc', { asked: 'def' }, 'def'],
  ['nothing since', 'abc', { asked: NOTHING_ASKED }, undefined],
  ['something since, and nothing when it was made', undefined, { asked: 'def' }, 'def'],
  ['nothing at all', undefined, {}, undefined],
])('what the spec says of system software: %s', (_, asked, mark, expected) => {
  const { committed } = record(1);
  expect(askedOf({ committed: { ...committed, ...(asked !== undefined && { asked }) }, mark })).toBe(expected);
});

it.each<[string, readonly RolloutRecord[], string, string]>([
  ['now, where nothing was before', [], '12:00', '12:00'],
  ['now, where everything is long ago', [proven(1), failed(2)], '12:00', '12:00'],
  ['a second after the last one began, where that is now', [record(2)], '02:00', '02:00:01'],
  ['a second after the last one ended', [failed(2)], '02:10', '02:10:01'],
  ['a second after what began last, where the clock was set back', [record(2)], '01:00', '02:00:01'],
])('each rollout has a second of its own: %s', (_, records, now, expected) => {
  expect(timeAfter(records, clock(now))).toBe(at(expected));
});

it('is named by its installation and its number, and says of whom and of which version it is', () => {
  const owner = installation();
  const data = begin(4, '1.0.0');

  expect(recordName(owner, 4)).toBe('web-4');
  expect(recordObject(owner, 4, data)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: 'web-4',
      namespace: 'shop',
      labels: {
        'provider-operator.io/installation': 'web',
        'provider-operator.io/provider': 'acme.web',
        'provider-operator.io/version': '1.0.0',
      },
      ownerReferences: [expect.objectContaining({ uid: 'uid-web' })],
    },
    data,
    revision: 4,
  });
});

it('applied again, its Deployment has the very fields that it had', () => {
  const data = begin(1, '1.0.0');
  // The copy is the record as the API server stores it.
  const stored = JSON.parse(JSON.stringify(data)) as RecordData;

  expect(data.applied).toBe(record(1).applied);
  expect(recordedDeployment(installation(), stored.deployment).hash).toBe(data.applied);
});

/** The data of the record that the operator writes when a rollout begins. */
function begin(number: number, version: string): RecordData {
  const nothing = seen({});
  const [data] = starting(nothing, readState(nothing, 0), start(record(number, { version }))).flatMap((write) =>
    write.kind === 'record' ? [write.object.data as RecordData] : [],
  );
  if (!data) {
    throw new Error('Nothing is recorded');
  }
  return data;
}
