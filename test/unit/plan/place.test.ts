import { expect, it } from 'vitest';
import type { RolloutRecord } from '../../../src/plan/observed.ts';
import { headOf, placeEndsAt } from '../../../src/plan/place.ts';
import { config } from '../../support/builders.ts';

const STARTED = '2026-01-01T00:00:00Z';
const DEADLINE = Date.parse(STARTED) + config.defaults.progressDeadlineSeconds * 1000;

/** The part of a record that is looked at. */
function record(more: Partial<RolloutRecord>): RolloutRecord {
  return { trigger: 'Policy', startedAt: STARTED, number: 2, template: '2', mark: {}, ...more } as RolloutRecord;
}

const failure = {
  version: '1.1.0',
  image: 'a/b:1',
  reason: 'CrashLoop',
  message: '',
  at: STARTED,
  attempts: 1,
};

it.each`
  what                                             | head                                        | deployment           | until
  ${'that automation chose'}                       | ${{ trigger: 'Policy' }}                    | ${{}}                | ${DEADLINE}
  ${'of system software by its own policy'}        | ${{ trigger: 'SystemSoftware' }}            | ${{}}                | ${DEADLINE}
  ${'of what the platform made of a tier'}         | ${{ trigger: 'Tier' }}                      | ${{}}                | ${DEADLINE}
  ${'that the spec asks for'}                      | ${{ trigger: 'Spec' }}                      | ${{}}                | ${undefined}
  ${'that is a first install'}                     | ${{ trigger: 'Install' }}                   | ${{}}                | ${undefined}
  ${'that was done'}                               | ${{ mark: { provenAt: STARTED } }}          | ${{}}                | ${undefined}
  ${'that was done, whatever it is marked with'}   | ${{ mark: { provenAt: STARTED, failure } }} | ${{}}                | ${undefined}
  ${'that failed, be it that it does not go back'} | ${{ mark: { failure } }}                    | ${{}}                | ${undefined}
  ${'that was given up'}                           | ${{ mark: { supersededAt: STARTED } }}      | ${{}}                | ${undefined}
  ${'that somebody undid'}                         | ${{}}                                       | ${{ template: '1' }} | ${undefined}
`('a rollout $what holds its place in the fleet until $until', ({ head, deployment, until }) => {
  expect(placeEndsAt({ deployment: { record: 2, template: '2', ...deployment }, head: record(head) }, config)).toBe(
    until,
  );
});

it('holds its place no longer than the deadline of the platform, whatever its own is', () => {
  const short = { ...config, defaults: { ...config.defaults, progressDeadlineSeconds: 60 } };

  expect(placeEndsAt({ deployment: { record: 2, template: '2' }, head: record({}) }, short)).toBe(
    Date.parse(STARTED) + 60_000,
  );
});

it('a Deployment without a record holds no place', () => {
  expect(placeEndsAt({ deployment: { record: 2, template: '2' }, head: undefined }, config)).toBeUndefined();
  expect(placeEndsAt({ deployment: undefined, head: undefined }, config)).toBeUndefined();
});

it.each`
  what                                                  | label        | template     | number
  ${'its label names'}                                  | ${2}         | ${'2'}       | ${2}
  ${'its label names, whatever its pods are made of'}   | ${2}         | ${'1'}       | ${2}
  ${'its pods are made of, where the label was taken'}  | ${undefined} | ${'1'}       | ${1}
  ${'its pods are made of, where the label names none'} | ${9}         | ${'2'}       | ${2}
  ${'nobody knows, where neither is there any more'}    | ${9}         | ${'9'}       | ${undefined}
  ${'nobody knows, where it has neither'}               | ${undefined} | ${undefined} | ${undefined}
`('the head of a Deployment is the record that $what', ({ label, template, number }) => {
  const records = [record({}), record({ number: 1, template: '1' }), record({ number: 0, template: undefined })];

  expect(headOf({ record: label, template }, records)?.number).toBe(number);
});
