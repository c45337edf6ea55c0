import { describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../../../src/plan/state/observed.ts';
import { begunRecord } from '../../../../src/plan/state/record.ts';
import { inWords } from '../../../../src/plan/software/set.ts';
import { isStuck, readState, type State, type StateName } from '../../../../src/plan/state/state.ts';
import { catalogue, release } from '../../../support/builders.ts';
import {
  ANNOTATED,
  at,
  BEGINNING,
  clock,
  CRASHING,
  deployment,
  edited,
  failed,
  failureOf,
  MIDWAY,
  NOW,
  ofAnother,
  orphaned,
  pod,
  proven,
  record,
  refused,
  relabelled,
  seen,
  stray,
  STUCK,
  superseded,
  undoneTo,
  UNSEEN,
  type Pieces,
} from '../../../support/records.ts';

/**
 * The specification of readState: which state the observed objects are in, and the facts on which decisions depend.
 *
 * Record 1 is of 1.0.0 and began at one o'clock, record 2 is of 1.1.0 and began at two o'clock, and so on. A rollout
 * that succeeded took five minutes. One that failed took ten, which is the deadline. Two pods are asked for. Where no
 * time is given, it is noon.
 */

/** The state that was read, as a row says it: records by their numbers. A field is left out where there is nothing. */
interface Told {
  readonly head?: number;
  readonly stable?: number;
  readonly base?: number;
  readonly done?: 'once' | 'now';
  readonly abandoned?: number;
  /** The number of the record that was written but not applied. */
  readonly begun?: number;
  readonly is: string;
}

function told(state: State): Told & { readonly name: StateName } {
  const { name, head, stable, base, done, abandoned } = state;
  const begun = begunRecord(state);
  const facts = {
    stands: state.stands,
    pristine: state.isPristine,
    intact: state.isIntact,
    'rolled out': state.isRolledOut,
    returning: state.isReturning,
    stuck: isStuck(state),
  };
  return {
    name,
    ...(head && { head: head.number }),
    ...(stable && { stable: stable.number }),
    ...(base && { base: base.number }),
    ...(done !== 'never' && { done }),
    ...(abandoned && { abandoned: abandoned.number }),
    ...(begun && { begun: begun.number }),
    is: Object.entries(facts)
      .filter(([, holds]) => holds)
      .map(([fact]) => fact)
      .join(', '),
  };
}

type Row = readonly [sentence: string, pieces: Pieces, told: Told];

const WHOLE = 'stands, pristine, intact';
const WELL = `${WHOLE}, rolled out`;

const [done1, done2, done3] = [proven(1), proven(2), proven(3)];
const [open1, open2, open3] = [record(1), record(2), record(3)];
const crashed2 = failed(2, { mark: { failure: failureOf(open2, { at: at('02:02') }) } });
const [failed2, cancelled2] = [failed(2), superseded(2)];
/** The way back to 1.0.0 after 1.1.0 had failed at ten past two. */
const BACK = { ...MIDWAY, appliedAt: at('02:11'), generation: 3, observedGeneration: 3 };
const [first12, with12, to13] = [
  record(1, { software: 'php=8.2.0' }),
  proven(1, { software: 'php=8.2.0' }),
  record(2, { software: 'php=8.3.0', trigger: 'SystemSoftware' }),
];
const yanked = catalogue('1.0.0', release('1.1.0', { lifecycle: { stage: 'yanked', message: 'loses data' } }));

const SPECIFICATION: Readonly<Record<StateName, readonly Row[]>> = {
  Absent: [
    ['nothing was ever there', {}, { is: '' }],
    // helm/helm#7476: a process that ends in the midst of an install leaves `pending-install`, and nothing goes on.
    ['the process ended after the first record was written', { records: [open1] }, { begun: 1, is: '' }],
    // helm/helm#5595: after a first install that failed an upgrade "has no deployed releases".
    ['the first install failed, and its Deployment was deleted', { records: [failed(1)] }, { is: '' }],
    ['the first install was refused by the API server', { records: [refused(1)] }, { is: '' }],
    [
      'an earlier installation of this name is gone, its records are not yet',
      { records: [ofAnother(done1)] },
      { is: '' },
    ],
    ['records were left behind without their Deployment', { records: [orphaned(done1)] }, { is: '' }],
    ['a ControllerRevision is no record', { records: [stray(1)] }, { is: '' }],
    ['the Deployment belongs to somebody else', { deployment: deployment(ofAnother(done1)) }, { is: '' }],
    [
      'the Deployment is nobody’s, and not ours',
      { deployment: deployment(orphaned(done1), { adoptable: false }) },
      { is: '' },
    ],
    [
      'the Deployment was left behind by an installation of another provider',
      {
        records: [orphaned({ ...done1, provider: 'acme/db' })],
        deployment: deployment(orphaned(done1), { provider: 'acme/db' }),
      },
      { is: '' },
    ],
  ],

  Lost: [
    ['it was deleted at rest', { records: [done1] }, { stable: 1, base: 1, is: '' }],
    [
      'it is being deleted',
      { records: [done1], deployment: deployment(done1, { deleting: true }) },
      { stable: 1, base: 1, is: '' },
    ],
    ['it was deleted in the midst of a rollout', { records: [done1, open2] }, { stable: 1, base: 1, begun: 2, is: '' }],
    ['it was deleted on its way back', { records: [done1, failed2] }, { stable: 1, base: 1, is: '' }],
    ['the newest that was done is stable', { records: [done1, done2] }, { stable: 2, base: 2, is: '' }],
    // helm/helm#11705: more than one revision is said to be deployed, and an older one is taken for what runs.
    [
      'a cancelled one is newer than two that were done',
      { records: [done2, superseded(3), done1] },
      { stable: 2, base: 2, is: '' },
    ],
    // kubernetes/kubernetes#105732: the oldest by date is thrown away and not the oldest by revision.
    [
      'the newest is told by its number, wherever the clock was',
      { records: [proven(1, { startedAt: at('09:00') }), proven(2, { startedAt: at('02:00') })] },
      { stable: 2, base: 2, is: '' },
    ],
    // helm/helm#3668: so many failures in a row that the last success drops out of the history.
    [
      'however much failed since',
      { records: [done1, ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => failed(n))] },
      { stable: 1, base: 1, is: '' },
    ],
  ],

  Unrecorded: [
    [
      'it was made before there were records',
      { deployment: deployment(done1, { record: undefined, template: 'hash' }) },
      { is: '' },
    ],
    ['every record was deleted', { deployment: deployment(done1) }, { is: '' }],
    [
      'the record of what runs was deleted',
      { records: [done1], deployment: deployment(done2) },
      { stable: 1, base: 1, is: '' },
    ],
    [
      'the record of a rollout was deleted in its midst',
      { records: [done1], deployment: deployment(open2, MIDWAY) },
      { stable: 1, base: 1, is: '' },
    ],
    ['its record was edited beyond recognition', { records: [stray(1)], deployment: deployment(done1) }, { is: '' }],
    [
      'only an earlier installation of this name has records',
      { records: [ofAnother(done1)], deployment: deployment(done1) },
      { is: '' },
    ],
    [
      'it was left behind by an installation of another provider, with its records',
      { records: [orphaned(proven(1, { provider: 'acme/db' }))], deployment: deployment(orphaned(done1)) },
      { is: '' },
    ],
    [
      'label and template name no record, a proven one is there',
      { records: [done1], deployment: deployment(done2, { record: undefined }) },
      { stable: 1, base: 1, is: '' },
    ],
  ],

  Outdated: [
    [
      'somebody took the label and the annotations: it names no version any more',
      {
        records: [done1],
        deployment: deployment(done1, { record: undefined, template: undefined, version: undefined }),
      },
      { stable: 1, base: 1, is: '' },
    ],
    [
      'it names what is no version',
      { records: [done1], deployment: deployment(done1, { record: undefined, template: 'x', version: 'banana' }) },
      { stable: 1, base: 1, is: '' },
    ],
    // velero-io/velero#5667: a restore brings the old workload back, and its controller still believes in the new version.
    [
      'a backup brought an older Deployment back whole',
      { records: [done1, done2], deployment: deployment(done1) },
      { head: 1, stable: 2, base: 2, done: 'once', is: 'pristine, intact' },
    ],
    [
      'a backup brought the Deployment of a rollout back that had failed before',
      { records: [done1, failed2, done3], deployment: deployment(failed2, MIDWAY) },
      { head: 2, stable: 3, base: 3, is: 'pristine, intact' },
    ],
    [
      'the one of a rollout that was given up',
      { records: [done1, cancelled2, done3], deployment: deployment(cancelled2) },
      { head: 2, stable: 3, base: 3, is: 'pristine, intact' },
    ],
    [
      'an older Deployment that is neither done nor failed',
      { records: [open1, done2], deployment: deployment(open1) },
      { head: 1, stable: 2, base: 2, is: 'pristine, intact' },
    ],
    [
      'an older one whose template was changed, too',
      { records: [done1, done2], deployment: deployment(done1, undoneTo(done2)) },
      { head: 1, stable: 2, base: 2, done: 'once', is: '' },
    ],
    [
      'the label is lost, and the template is an older one',
      { records: [done1, done2], deployment: deployment(done1, { ...relabelled(done1), record: undefined }) },
      { head: 1, stable: 2, base: 2, done: 'once', is: 'intact' },
    ],
  ],

  Undone: [
    // kubernetes/kubernetes#94698: `kubectl rollout undo` leaves the annotation about the last apply as it is.
    [
      'what was done: it is to run again',
      { records: [done1, done2], deployment: deployment(done2, undoneTo(done1)) },
      { head: 2, stable: 2, base: 2, done: 'once', is: '' },
    ],
    [
      'what was under way: that is over, and is decided anew from what is stable',
      { records: [done1, open2], deployment: deployment(open2, undoneTo(done1)) },
      { head: 2, stable: 1, base: 1, is: '' },
    ],
    [
      'what was under way, and no new pod is asked for yet',
      {
        records: [done1, open2],
        deployment: deployment(open2, { ...undoneTo(done1), ...UNSEEN, ...MIDWAY }),
        now: '02:02',
      },
      { head: 2, stable: 1, base: 1, is: '' },
    ],
    [
      'what had failed, before it went back by itself',
      { records: [done1, failed2], deployment: deployment(failed2, undoneTo(done1)) },
      { head: 2, stable: 1, base: 1, is: '' },
    ],
    [
      'a way back: what failed is there again',
      { records: [done1, failed2], deployment: deployment(done1, { ...BACK, ...undoneTo(failed2) }), now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: '' },
    ],
    [
      'a first install, to a template that nobody knows',
      { records: [open1], deployment: deployment(open1, { ...edited(), template: 'hash' }) },
      { head: 1, is: '' },
    ],
    // kubernetes/kubernetes#23022: a rollback of a paused Deployment waits for ever.
    [
      'and paused',
      { records: [done1, open2], deployment: deployment(open2, { ...undoneTo(done1), ...MIDWAY, paused: true }) },
      { head: 2, stable: 1, base: 1, is: '' },
    ],
    [
      'complete, but not of what the Deployment says: nothing is done by it',
      {
        records: [done1, open2],
        deployment: deployment(open2, { template: '1', changed: { manager: 'kubectl-rollout', paths: [] } }),
      },
      { head: 2, stable: 1, base: 1, is: 'pristine, intact' },
    ],
  ],

  Superseded: [
    [
      'it was cancelled, and the process ended before what is stable was applied',
      { records: [done1, cancelled2], deployment: deployment(cancelled2, MIDWAY), now: '02:06' },
      { head: 2, stable: 1, base: 1, is: 'pristine, intact' },
    ],
    [
      'it was cancelled, and is complete now: that is too late',
      { records: [done1, cancelled2], deployment: deployment(cancelled2) },
      { head: 2, stable: 1, base: 1, is: 'pristine, intact' },
    ],
    [
      'it was lost in its midst, and an old Deployment of it came back',
      {
        records: [done1, superseded(2, { mark: { why: 'The Deployment was deleted' } })],
        deployment: deployment(open2, MIDWAY),
      },
      { head: 2, stable: 1, base: 1, is: 'pristine, intact' },
    ],
    [
      'and nothing was ever done',
      { records: [superseded(1)], deployment: deployment(open1, BEGINNING) },
      { head: 1, is: 'pristine, intact' },
    ],
  ],

  Paused: [
    [
      'in the midst of a rollout, which fails by no deadline',
      { records: [done1, open2], deployment: deployment(open2, { ...STUCK, ...edited(), paused: true }) },
      { head: 2, stable: 1, base: 2, is: 'stands' },
    ],
    [
      'by somebody who owns that field',
      { records: [done1, open2], deployment: deployment(open2, { ...MIDWAY, paused: true }) },
      { head: 2, stable: 1, base: 2, is: WHOLE },
    ],
    [
      'on its way back',
      { records: [done1, failed2], deployment: deployment(done1, { ...BACK, paused: true }), now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'in the midst of a restart by hand',
      { records: [done1], deployment: deployment(done1, { ...MIDWAY, paused: true }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WHOLE },
    ],
  ],

  RollingOut: [
    [
      'a first install: nothing serves yet',
      { records: [open1], deployment: deployment(open1, BEGINNING), now: '01:01' },
      { head: 1, base: 1, is: WHOLE },
    ],
    [
      'an upgrade: the old pods serve',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:01' },
      { head: 2, stable: 1, base: 2, is: WHOLE },
    ],
    [
      'an upgrade: an old pod is gone',
      { records: [done1, open2], deployment: deployment(open2, { ...MIDWAY, available: 1 }), now: '02:01' },
      { head: 2, stable: 1, base: 2, is: WHOLE },
    ],
    // Shopify/krane#325: a deploy succeeds at once, judged by the numbers of the former template.
    [
      'the Deployment controller has not looked yet, and its numbers are of the former template',
      { records: [done1, open2], deployment: deployment(open2, UNSEEN), now: '02:01' },
      { head: 2, stable: 1, base: 2, is: WHOLE },
    ],
    [
      'all pods are new, and none of them is available',
      {
        records: [done1, open2],
        deployment: deployment(open2, { available: 0, progress: 'ReplicaSetUpdated' }),
        now: '02:01',
      },
      { head: 2, stable: 1, base: 2, is: WHOLE },
    ],
    [
      'a second rollout after another that failed',
      { records: [done1, failed2, open3], deployment: deployment(open3, MIDWAY), now: '03:01' },
      { head: 3, stable: 1, base: 3, is: WHOLE },
    ],
    [
      'the label was lost: the template tells whose it is',
      {
        records: [done1, open2],
        deployment: deployment(open2, { ...MIDWAY, ...relabelled(open2), record: undefined }),
        now: '02:01',
      },
      { head: 2, stable: 1, base: 2, is: 'stands, intact' },
    ],
    [
      'somebody changed what the operator owns, in its midst',
      { records: [done1, open2], deployment: deployment(open2, { ...MIDWAY, ...edited() }), now: '02:01' },
      { head: 2, stable: 1, base: 2, is: 'stands' },
    ],
    [
      'a backup brought its Deployment back long after it began: it has its time again',
      { records: [open1], deployment: deployment(open1, { ...BEGINNING, createdAt: at('11:55') }) },
      { head: 1, base: 1, is: WHOLE },
    ],
    [
      'new settings of what runs well, whose release was yanked since: that moves nobody',
      {
        records: [done2, record(3, { version: '1.1.0' })],
        deployment: deployment(record(3, { version: '1.1.0' }), MIDWAY),
        catalogue: yanked,
        now: '03:01',
      },
      { head: 3, stable: 2, base: 3, is: WHOLE },
    ],
    // operator-framework/operator-lifecycle-manager#3392: a restart by hand is taken for a change, and undone.
    [
      'a restart by hand of what was done: no new rollout, nothing is undone',
      {
        records: [done1, done2],
        deployment: deployment(done2, {
          ...MIDWAY,
          changed: { manager: 'kubectl-rollout', paths: [['spec', 'template']] },
        }),
      },
      { head: 2, stable: 2, base: 2, done: 'once', is: WHOLE },
    ],
    [
      'what was lost at rest is made again',
      {
        records: [done1],
        deployment: deployment(done1, { ...BEGINNING, appliedAt: at('11:59'), createdAt: at('11:59') }),
      },
      { head: 1, stable: 1, base: 1, done: 'once', is: WHOLE },
    ],
    [
      'what somebody changed is healed long after a rollback: that is no way back',
      { records: [done1, failed2], deployment: deployment(done1, { ...BACK, appliedAt: at('11:59') }) },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: WHOLE },
    ],
    [
      'somebody else wrote to it on its way back: then the Deployment controller alone is believed',
      {
        records: [done1, failed2],
        deployment: deployment(done1, {
          ...BACK,
          changed: { manager: 'kubectl-rollout', paths: [['spec', 'template']] },
        }),
        now: '02:12',
      },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: WHOLE },
    ],
    [
      'of an earlier installation of this name, whose records came with it',
      { records: [orphaned(done1), orphaned(open2)], deployment: deployment(orphaned(open2), MIDWAY), now: '02:01' },
      { head: 2, stable: 1, base: 2, is: 'stands, intact' },
    ],
  ],

  Completed: [
    [
      'a first install',
      { records: [open1], deployment: deployment(open1), now: '01:03' },
      { head: 1, stable: 1, base: 1, done: 'now', is: WELL },
    ],
    [
      'an upgrade',
      { records: [done1, open2], deployment: deployment(open2), now: '02:03' },
      { head: 2, stable: 2, base: 2, done: 'now', is: WELL },
    ],
    [
      'an upgrade for which it took long past the deadline, while the operator was down',
      { records: [done1, open2], deployment: deployment(open2) },
      { head: 2, stable: 2, base: 2, done: 'now', is: WELL },
    ],
    // fluxcd/flux2#5592: a release stays stalled for ever, although its failed workload has come to run.
    [
      'what is marked as failed runs after all, and nobody went back',
      { records: [done1, failed2], deployment: deployment(failed2) },
      { head: 2, stable: 2, base: 2, done: 'now', is: WELL },
    ],
    [
      'somebody took a label of ours: nothing that runs',
      { records: [done1, open2], deployment: deployment(open2, relabelled(open2)), now: '02:03' },
      { head: 2, stable: 2, base: 2, done: 'now', is: 'stands, intact, rolled out' },
    ],
    [
      'too many pods, after a scale-down, harm nobody',
      { records: [done1, open2], deployment: deployment(open2, { total: 5, updated: 5, available: 5 }), now: '02:03' },
      { head: 2, stable: 2, base: 2, done: 'now', is: WELL },
    ],
    [
      'an old record is open still, whose rollout was overtaken',
      { records: [done1, open2, open3], deployment: deployment(open3), now: '03:03' },
      { head: 3, stable: 3, base: 3, done: 'now', is: WELL },
    ],
    [
      'of an earlier installation of this name, whose records came with it',
      { records: [orphaned(open1)], deployment: deployment(orphaned(open1)) },
      { head: 1, stable: 1, base: 1, done: 'now', is: 'stands, intact, rolled out' },
    ],
  ],

  Failed: [
    // kubernetes/kubernetes#67250: a StatefulSet waits for the broken revision and never takes the next one.
    [
      'past its deadline: the way is free for something newer',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:10' },
      { head: 2, stable: 1, base: 2, is: `${WHOLE}, stuck` },
    ],
    [
      'a new pod crashes again and again',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), pods: [pod(open2, CRASHING)], now: '02:02' },
      { head: 2, stable: 1, base: 2, is: `${WHOLE}, stuck` },
    ],
    [
      'its release was yanked in its midst',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), catalogue: yanked, now: '02:02' },
      { head: 2, stable: 1, base: 2, is: `${WHOLE}, stuck` },
    ],
    [
      'a first install: nothing is stable',
      { records: [open1], deployment: deployment(open1, { ...BEGINNING, total: 2, updated: 2 }), now: '01:10' },
      { head: 1, base: 1, is: `${WHOLE}, stuck` },
    ],
    [
      'it is marked as failed, and the process ended before what is stable was applied',
      { records: [done1, failed2], deployment: deployment(failed2, MIDWAY), now: '02:11' },
      { head: 2, stable: 1, base: 2, is: `${WHOLE}, stuck` },
    ],
    [
      'it is marked as failed for its crashes, and those pods are gone: only success takes that back',
      { records: [done1, crashed2], deployment: deployment(open2, MIDWAY), now: '02:03' },
      { head: 2, stable: 1, base: 2, is: `${WHOLE}, stuck` },
    ],
    [
      'it is marked as failed, and its pods are being made once more',
      { records: [done1, failed2], deployment: deployment(failed2, { ...MIDWAY, ...UNSEEN }), now: '02:11' },
      { head: 2, stable: 1, base: 2, is: `${WHOLE}, stuck` },
    ],
    // argoproj/argo-rollouts#4281: a fast rollback may go to a revision that was aborted before.
    [
      'after another that had failed: what is stable is neither',
      { records: [done1, failed2, open3], deployment: deployment(open3, MIDWAY), now: '03:10' },
      { head: 3, stable: 1, base: 3, is: `${WHOLE}, stuck` },
    ],
    [
      'what was done and fails later: proven is for ever',
      { records: [done1], deployment: deployment(done1, STUCK) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WHOLE },
    ],
  ],

  Returning: [
    [
      'what is stable was applied again after a failure',
      { records: [done1, failed2], deployment: deployment(done1, BACK), now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'after a cancel',
      {
        records: [done1, cancelled2],
        deployment: deployment(done1, { ...BACK, appliedAt: at('02:05') }),
        now: '02:12',
      },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'after its Deployment was deleted in the midst of a rollout',
      {
        records: [done1, cancelled2],
        deployment: deployment(done1, { ...BEGINNING, appliedAt: at('02:06') }),
        now: '02:06',
      },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'the Deployment controller has not looked yet, and its numbers are of what failed',
      {
        records: [done1, failed2],
        deployment: deployment(done1, { ...BACK, ...UNSEEN, progress: 'NewReplicaSetAvailable' }),
        now: '02:12',
      },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'enough pods serve: the others are given twice the time to go',
      { records: [done1, failed2], deployment: deployment(done1, STUCK), now: '01:19' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'the newest of several that were given up',
      {
        records: [done1, failed2, superseded(3)],
        deployment: deployment(done1, { ...BACK, appliedAt: at('03:06') }),
        now: '03:07',
      },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 3, is: `${WHOLE}, returning` },
    ],
  ],

  Stranded: [
    [
      'the way back is past its patience',
      { records: [done1, failed2], deployment: deployment(done1, { ...BACK, available: 1 }), now: '02:21' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'enough pods serve, and the others did not go in twice the time',
      { records: [done1, failed2], deployment: deployment(done1, BACK), now: '02:31' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
    [
      'what is stable crashes by now',
      { records: [done1, failed2], deployment: deployment(done1, BACK), pods: [pod(done1, CRASHING)], now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: `${WHOLE}, returning` },
    ],
  ],

  Drifted: [
    [
      'somebody changed what the operator owns',
      { records: [done1], deployment: deployment(done1, edited()) },
      { head: 1, stable: 1, base: 1, done: 'once', is: 'stands' },
    ],
    [
      'somebody set another image, whose pods fail',
      { records: [done1], deployment: deployment(done1, { ...STUCK, ...edited('kubectl-set') }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: 'stands' },
    ],
    [
      'somebody took the label: the template tells whose it is',
      { records: [done1, done2], deployment: deployment(done2, { ...relabelled(done2), record: undefined }) },
      { head: 2, stable: 2, base: 2, done: 'once', is: 'stands, intact, rolled out' },
    ],
    [
      'the label names a record that is gone: the template tells whose it is',
      { records: [done1, done2], deployment: deployment(done2, { ...relabelled(done2), record: 7 }) },
      { head: 2, stable: 2, base: 2, done: 'once', is: 'stands, intact, rolled out' },
    ],
    [
      'what a webhook made of it, after it was marked',
      { records: [done1], deployment: deployment(done1, { owned: 'rewritten.rewritten' }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: 'stands' },
    ],
    [
      'on its way back: somebody changed that, too',
      { records: [done1, failed2], deployment: deployment(done1, { ...BACK, ...edited() }), now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: 'stands' },
    ],
    // kubernetes/kubernetes#84982: an object that is deleted without its dependents still takes its ControllerRevisions
    // with it.
    [
      'an earlier installation of this name was deleted, and left it with its records: they are to become ours',
      { records: [orphaned(done1)], deployment: deployment(orphaned(done1)) },
      { head: 1, stable: 1, base: 1, done: 'once', is: 'stands, intact, rolled out' },
    ],
  ],

  Settled: [
    [
      'nothing is wrong',
      { records: [done1], deployment: deployment(done1) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    // rancher/rancher#38319: an annotation gives it a new generation each time, and it flaps between active and in progress.
    [
      'somebody annotated it: no rollout, although its newest generation is not looked at yet',
      { records: [done1], deployment: deployment(done1, ANNOTATED), writtenGeneration: 8 },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'it is paused at rest',
      { records: [done1], deployment: deployment(done1, { paused: true }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'nobody asks for a pod',
      { records: [done1], deployment: deployment(done1, { ...BEGINNING, replicas: 0 }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'an autoscaler asks for more pods than there are',
      { records: [done1], deployment: deployment(done1, { ownsReplicas: false, replicas: 9 }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'the way back has arrived',
      { records: [done1, failed2], deployment: deployment(done1, { appliedAt: at('02:11') }), now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: WELL },
    ],
    [
      'all are back, and the Deployment controller has not said so yet',
      { records: [done1, failed2], deployment: deployment(done1, { ...BACK, total: 2, updated: 2 }), now: '02:12' },
      { head: 1, stable: 1, base: 1, done: 'once', abandoned: 2, is: WELL },
    ],
    [
      'the API server refused something newer: nothing was given up, for nothing was applied',
      { records: [done1, refused(2)], deployment: deployment(done1) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'something failed before the newest that was done: nobody went back from that',
      { records: [done1, failed2, done3], deployment: deployment(done3) },
      { head: 3, stable: 3, base: 3, done: 'once', is: WELL },
    ],
    // fluxcd/helm-controller#149: a controller that ends in an upgrade finds "another operation in progress" afterwards.
    [
      'the process ended after it had written a record, before the Deployment',
      { records: [done1, open2], deployment: deployment(done1) },
      { head: 1, stable: 1, base: 1, done: 'once', begun: 2, is: WELL },
    ],
    // argoproj/argo-rollouts#1292: an abort without a rollout under way takes the pods of the stable version.
    [
      'what was done is marked as given up: proven is for ever',
      { records: [proven(1, { mark: { supersededAt: at('01:30') } })], deployment: deployment(done1) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    // openshift/origin#4330: an object that is made again with the same name goes on counting from the former one's
    // revisions.
    [
      'an earlier installation of this name had come further',
      { records: [done1, ofAnother(proven(7))], deployment: deployment(done1) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'a ControllerRevision with a higher number is no record',
      { records: [done1, stray(9)], deployment: deployment(done1) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'its release was yanked since: that moves nobody',
      { records: [done1, done2], deployment: deployment(done2), catalogue: yanked },
      { head: 2, stable: 2, base: 2, done: 'once', is: WELL },
    ],
    [
      'a pod crashes, and all that are asked for serve without it',
      { records: [done1], deployment: deployment(done1), pods: [pod(done1, CRASHING)] },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
  ],

  Degraded: [
    [
      'fewer pods serve than its tier asks for',
      { records: [done1], deployment: deployment(done1, { available: 1 }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    // kubernetes/kubernetes#106697: a Deployment that is scaled up from 0 with a missing image is called progressing
    // for ever.
    [
      'no pod serves, of those that an autoscaler asks for',
      { records: [done1], deployment: deployment(done1, { available: 0, ownsReplicas: false }) },
      { head: 1, stable: 1, base: 1, done: 'once', is: WELL },
    ],
    [
      'after the way back had arrived',
      {
        records: [done1, failed2],
        deployment: deployment(done1, { appliedAt: at('02:11'), available: 1 }),
        now: '02:15',
      },
      {
        head: 1,
        stable: 1,
        base: 1,
        done: 'once',
        abandoned: 2,
        is: WELL,
      },
    ],
  ],
};

const rows = Object.entries(SPECIFICATION) as [StateName, readonly Row[]][];
const read = (pieces: Pieces) => readState(seen(pieces), clock(pieces.now ?? NOW));

describe.each(rows)('%s:', (name, those) => {
  it.each(those)('%s', (_, pieces, expected) => {
    expect(told(read(pieces))).toEqual({ name, ...expected });
  });
});

it('has a row for every state', () => {
  expect(rows.filter(([, those]) => those.length === 0)).toEqual([]);
});

// velero-io/velero#1687: a restore brings an object back without its status, and every decision that needs it goes wrong.
it('does not look at the status, whatever is there', () => {
  const status = {
    observedGeneration: 7,
    currentVersion: '9.9.9',
    installedVersion: '9.9.9',
    targetVersion: '9.9.9',
    failedVersions: [failureOf(open2)],
    history: [{ version: '9.9.9', trigger: 'Rollback' as const, startedAt: at('11:00') }],
    lastHandledRetry: 'yes',
  };
  for (const [sentence, pieces] of rows.flatMap(([, those]) => those)) {
    expect(read({ ...pieces, installation: { status } }), sentence).toEqual(read(pieces));
  }
});

it('reads the records in whatever order they come', () => {
  for (const [sentence, pieces] of rows.flatMap(([, those]) => those)) {
    const reversed = { ...pieces, records: pieces.records?.toReversed() ?? [] };
    expect(read(reversed), sentence).toEqual(read(pieces));
  }
});

// fluxcd/flagger#874: a release was promoted while it had no pod at all.
it.each<[string, Partial<DeploymentView>]>([
  ['no pod is asked for', { ...BEGINNING, replicas: 0 }],
  [
    'no pod is asked for, and the Deployment controller calls that complete',
    { ...BEGINNING, replicas: 0, progress: 'NewReplicaSetAvailable' },
  ],
  ['pods are asked for, and none is available', { available: 0 }],
  ['what is available is old', { updated: 0, total: 2 }],
  ['no pod is asked for, and what is counted as available is old', { ...BEGINNING, replicas: 0, available: 2 }],
  ['somebody changed what was applied, and that is complete', edited()],
  // An actor that only removes fields has no entry in managedFields.
  [
    'somebody took something away from what was applied, and that is complete',
    { owned: 'less.less', generation: 3, observedGeneration: 3 },
  ],
])('a rollout is not done where %s', (_, more) => {
  const pieces = { records: [done1, open2], deployment: deployment(open2, more), writtenGeneration: 2, now: '02:05' };
  const { done, stable } = read(pieces);
  expect({ done, stable: stable?.number }).toEqual({ done: 'never', stable: 1 });
});

it.each<[string, Pieces, string, string]>([
  [
    'of what is under way',
    { records: [with12, to13], deployment: deployment(to13, MIDWAY), now: '02:01' },
    'php 8.3.0',
    'php 8.2.0',
  ],
  [
    'of what is stable, once something was undone',
    { records: [with12, to13], deployment: deployment(to13, undoneTo(with12)) },
    'php 8.2.0',
    'php 8.2.0',
  ],
  ['of what was lost', { records: [with12] }, 'php 8.2.0', 'php 8.2.0'],
  [
    'of a first install, while nothing is stable',
    { records: [first12], deployment: deployment(first12, BEGINNING), now: '01:01' },
    'php 8.2.0',
    '',
  ],
  ['of what is done now', { records: [with12, to13], deployment: deployment(to13) }, 'php 8.3.0', 'php 8.3.0'],
  ['none where nothing is', {}, '', ''],
])('knows the system software %s', (_, pieces, software, stable) => {
  const state = read(pieces);
  expect([inWords(state.software), inWords(state.stableSoftware)]).toEqual([software, stable]);
});

it.each<[string, Pieces['spec'], string, StateName]>([
  ['the platform’s, where the spec has none', {}, '02:09', 'RollingOut'],
  ['the platform’s, when it is over', {}, '02:10', 'Failed'],
  ['its own', { upgrade: { rollback: { progressDeadlineSeconds: 1800 } } }, '02:29', 'RollingOut'],
  ['its own, when it is over', { upgrade: { rollback: { progressDeadlineSeconds: 1800 } } }, '02:30', 'Failed'],
])('has this deadline: %s', (_, spec, now, name) => {
  expect(read({ records: [done1, open2], deployment: deployment(open2, MIDWAY), spec, now }).name).toBe(name);
});

// It is what the Deployment says of itself, and of no other: elastic/cloud-on-k8s#1748 and others looked at something else.
it.each<[string, Pieces, boolean]>([
  ['nothing is there', {}, false],
  ['it was deleted', { records: [done1] }, false],
  ['what has the name is somebody else’s', { deployment: deployment(ofAnother(done1)) }, false],
  ['all serve, of whatever record', { deployment: deployment(done1) }, true],
  ['all serve of a first install', { records: [open1], deployment: deployment(open1), now: '01:03' }, true],
  [
    'one serves of a first install',
    { records: [open1], deployment: deployment(open1, { ...BEGINNING, available: 1 }) },
    false,
  ],
  [
    'an autoscaler asks for more than serve',
    { records: [done1], deployment: deployment(done1, { ownsReplicas: false, replicas: 9 }) },
    false,
  ],
  ['no pod of what was done serves', { records: [done1], deployment: deployment(done1, { available: 0 }) }, false],
  ['both old pods serve in an upgrade', midway({}), true],
  ['both old pods serve in an upgrade that has failed', midway({}, { now: '02:10' }), true],
  ['both old pods serve in an upgrade that nobody has looked at', midway(UNSEEN), true],
  ['one of two old pods serves', midway({ available: 1 }), false],
  ['pods are being added, and as many serve as before', midway({ replicas: 5, total: 5, available: 2 }), true],
  ['pods are being added, and fewer serve than before', midway({ replicas: 5, total: 5, available: 1 }), false],
  [
    'pods were being added as it failed, and as many serve as before',
    midway({ replicas: 5, total: 5, available: 2 }, { now: '02:10' }),
    true,
  ],
  [
    'no pod is asked for',
    { records: [done1], deployment: deployment(done1, { replicas: 0, total: 0, updated: 0, available: 0 }) },
    true,
  ],
])('pods are available, or not: %s', (_, pieces, isAvailable) => {
  expect(read(pieces).isAvailable).toBe(isAvailable);
});

/** Returns an upgrade that is under way. */
function midway(more: Partial<DeploymentView>, pieces: Pieces = {}): Pieces {
  return { records: [done1, open2], deployment: deployment(open2, { ...MIDWAY, ...more }), now: '02:01', ...pieces };
}
