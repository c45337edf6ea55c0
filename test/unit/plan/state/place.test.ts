import { expect, it } from 'vitest';
import type { DeploymentView, RolloutRecord } from '../../../../src/plan/state/observed.ts';
import { headOf, placeEndsAt } from '../../../../src/plan/state/place.ts';
import { config } from '../../../support/builders.ts';
import { at, clock, deployment, failed, proven, record, refused, superseded } from '../../../support/records.ts';

const automatic = { trigger: 'Policy' } as const;
const [done1, open2] = [proven(1), record(2, automatic)];

it.each<[string, RolloutRecord | undefined, Partial<DeploymentView>, string | undefined]>([
  ['automation moves the version', open2, {}, '02:11'],
  ['automation moves system software', record(2, { trigger: 'SystemSoftware' }), {}, '02:11'],
  ['the platform changed a tier', record(2, { trigger: 'Tier' }), {}, '02:11'],
  ['the spec asked for it', record(2, { trigger: 'Spec' }), {}, undefined],
  ['it is a first install', record(1), {}, undefined],
  ['it was done', proven(2, automatic), {}, undefined],
  ['it failed', failed(2, automatic), {}, undefined],
  ['the API server refused it', refused(2, automatic), {}, undefined],
  ['it was given up', superseded(2, automatic), {}, undefined],
  ['somebody undid it', open2, { template: '1' }, undefined],
  ['what was automatic is done, and is restarted by hand', proven(2, automatic), { updated: 1 }, undefined],
  ['there is no record of it', undefined, {}, undefined],
])(
  'a rollout holds a place in the fleet until it is marked as failed after the platform’s deadline, or none: %s',
  (_, head, more, until) => {
    const place = placeEndsAt(
      { deployment: deployment(head ?? open2, more), head, records: head ? [head] : [] },
      config,
    );
    expect(place).toBe(until && clock(until));
  },
);

it('holds none without a Deployment', () => {
  expect(placeEndsAt({ deployment: undefined, head: undefined, records: [] }, config)).toBeUndefined();
});

it.each<[string, readonly RolloutRecord[], string | undefined]>([
  ['its record is written, and its Deployment is on the way', [open2, done1], '02:01'],
  ['another one begins after it', [record(3, automatic), open2, done1], '03:01'],
  ['the spec asked for it', [record(2, { trigger: 'Spec' }), done1], undefined],
  ['the API server refused its Deployment', [refused(2, automatic), done1], undefined],
  ['it was given up', [superseded(2, automatic), done1], undefined],
])('a rollout that is about to begin holds one for a minute, or none: %s', (_, records, until) => {
  const place = placeEndsAt({ deployment: deployment(done1), head: done1, records }, config);
  expect(place).toBe(until && clock(until));
});

it('holds that of what is under way until its own end, when an edit of it cannot be written', () => {
  const records = [record(3, { ...automatic, startedAt: at('02:03') }), open2, done1];
  expect(placeEndsAt({ deployment: deployment(open2), head: open2, records }, config)).toBe(clock('02:11'));
});

it('holds it by the deadline of the platform, whatever the spec says of its own', () => {
  const longer = { ...config, defaults: { ...config.defaults, progressDeadlineSeconds: 1200 } };
  const head = record(2, { ...automatic, startedAt: at('03:00') });
  expect(placeEndsAt({ deployment: deployment(head), head, records: [head] }, longer)).toBe(clock('03:21'));
});

it.each<[string, Partial<DeploymentView> | undefined, number | undefined]>([
  ['its label names it', {}, 2],
  ['its label, whatever its template says', { template: '1' }, 2],
  ['its template, where the label is lost', { record: undefined, template: '1' }, 1],
  ['its template, where the label names what is gone', { record: 9, template: '1' }, 1],
  ['none, where neither names any', { record: undefined, template: 'hash' }, undefined],
  ['none, where there is nothing that tells its template', { record: undefined, template: undefined }, undefined],
  ['none, where there is no Deployment', undefined, undefined],
])('the record of a Deployment: %s', (_, more, number) => {
  const seen = more && deployment(open2, more);
  expect(headOf(seen, [open2, done1])?.number).toBe(number);
});

it('takes no record whose template is not known for one whose template is not known', () => {
  const unknown = record(1, { template: undefined });
  expect(headOf(deployment(unknown, { record: undefined }), [unknown])).toBeUndefined();
});
