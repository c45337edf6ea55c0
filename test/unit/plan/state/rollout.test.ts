import { expect, it } from 'vitest';
import type { DeploymentView } from '../../../../src/plan/state/observed.ts';
import { readRollout, type Evidence } from '../../../../src/plan/state/rollout.ts';

const evidence: Evidence = {
  pods: [],
  deadlineMs: 600_000,
  startedAt: '2026-01-01T00:00:00Z',
  isReturning: false,
  wasDone: false,
  isSettled: false,
  failure: undefined,
  yanked: undefined,
  now: Date.parse('2026-01-01T00:00:00Z'),
};

it.each`
  wasDone  | observed | progress                      | replicas | total | updated | available | phase            | why
  ${false} | ${1}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${2}      | ${'progressing'} | ${'the controller has not seen it'}
  ${false} | ${2}     | ${'ReplicaSetUpdated'}        | ${2}     | ${2}  | ${0}    | ${2}      | ${'progressing'} | ${'no new pod yet'}
  ${false} | ${2}     | ${'ReplicaSetUpdated'}        | ${2}     | ${3}  | ${2}    | ${3}      | ${'progressing'} | ${'an old pod is left'}
  ${false} | ${2}     | ${'ReplicaSetUpdated'}        | ${2}     | ${2}  | ${2}    | ${1}      | ${'progressing'} | ${'a new pod is not available'}
  ${false} | ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${2}      | ${'done'}        | ${'all new, all available'}
  ${true}  | ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${1}      | ${'degraded'}    | ${'it was done once'}
  ${false} | ${2}     | ${'ProgressDeadlineExceeded'} | ${2}     | ${3}  | ${1}    | ${2}      | ${'progressing'} | ${'that is said of what was there before'}
  ${false} | ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${7}  | ${7}    | ${2}      | ${'done'}        | ${'too many pods harm nobody'}
  ${true}  | ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${1}  | ${1}    | ${1}      | ${'degraded'}    | ${'a pod was deleted'}
  ${false} | ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${1}      | ${'progressing'} | ${'nobody saw that it was done'}
  ${false} | ${2}     | ${undefined}                  | ${0}     | ${0}  | ${0}    | ${0}      | ${'done'}        | ${'no pods asked for'}
`(
  'seen $observed of 2, $progress, $updated/$replicas new, $total in all, $available available: $phase ($why)',
  (row) => {
    const view = {
      generation: 2,
      observedGeneration: row.observed,
      progress: row.progress,
      replicas: row.replicas,
      total: row.total,
      updated: row.updated,
      available: row.available,
      ownsReplicas: true,
    } as DeploymentView;
    expect(readRollout(view, { ...evidence, wasDone: row.wasDone }).phase).toBe(row.phase);
  },
);

const STARTED = Date.parse(evidence.startedAt);
const young = {
  generation: 2,
  observedGeneration: 2,
  replicas: 2,
  total: 3,
  updated: 1,
  available: 2,
  progress: 'ReplicaSetUpdated',
  template: '2',
} as DeploymentView;
it.each`
  what                                 | view                                      | isSettled | phase
  ${'somebody annotated it'}           | ${{ observedGeneration: 1 }}              | ${true}   | ${'done'}
  ${'something else was under way'}    | ${{ observedGeneration: 1 }}              | ${false}  | ${'progressing'}
  ${'an autoscaler asks for more'}     | ${{ observedGeneration: 1, replicas: 9 }} | ${true}   | ${'done'}
  ${'its pods are being added'}        | ${{ replicas: 9, total: 5, updated: 5 }}  | ${true}   | ${'done'}
  ${'it asks for none'}                | ${{ replicas: 0, total: 0, updated: 0 }}  | ${true}   | ${'done'}
  ${'no pod serves'}                   | ${{ available: 0 }}                       | ${true}   | ${'degraded'}
  ${'a tier asks for more than serve'} | ${{ ownsReplicas: true, replicas: 3 }}    | ${true}   | ${'degraded'}
  ${'its pods are restarted'}          | ${{ total: 3, updated: 1 }}               | ${true}   | ${'progressing'}
`('done before, $what: $phase', ({ view, isSettled, phase }) => {
  const settled = { ...young, total: 2, updated: 2, progress: 'NewReplicaSetAvailable', ownsReplicas: false, ...view };
  const available = view.available ?? Math.min(settled.replicas, 2);
  expect(readRollout({ ...settled, available }, { ...evidence, wasDone: true, isSettled }).phase).toBe(phase);
});

const pod = {
  name: 'web-1',
  template: '2',
  restarts: 0,
  exit: undefined,
  hasStarted: false,
  isReady: false,
  stranger: undefined,
  waiting: undefined,
  unschedulable: undefined,
};
const waits = (reason: string) => ({ waiting: { reason, message: '' } });
const givenUp = { progress: 'ProgressDeadlineExceeded' };
const mesh = { hasStarted: true, isReady: true, stranger: { container: 'mesh', why: 'CrashLoopBackOff' } };
const crashed = { restarts: 3, hasStarted: true, ...waits('CrashLoopBackOff') };

it.each`
  what                                | view                       | trouble                                | seconds | verdict
  ${'nothing is wrong'}               | ${{}}                      | ${{}}                                  | ${599}  | ${{ phase: 'progressing' }}
  ${'the time is over'}               | ${{}}                      | ${{ hasStarted: true }}                | ${600}  | ${{ reason: 'DeadlineExceeded', expires: 'never' }}
  ${'a container ended twice'}        | ${{}}                      | ${{ ...crashed, restarts: 2 }}         | ${30}   | ${{ phase: 'progressing' }}
  ${'a container ended three times'}  | ${{}}                      | ${crashed}                             | ${30}   | ${{ reason: 'CrashLoop', expires: 'never' }}
  ${'it went back to its work'}       | ${{}}                      | ${{ ...crashed, waiting: undefined }}  | ${30}   | ${{ phase: 'progressing' }}
  ${'an old pod ended three times'}   | ${{}}                      | ${{ ...crashed, template: '1' }}       | ${30}   | ${{ phase: 'progressing' }}
  ${'an image did not come at once'}  | ${{}}                      | ${waits('ErrImagePull')}               | ${30}   | ${{ phase: 'progressing' }}
  ${'a node gave up on the image'}    | ${{}}                      | ${waits('ImagePullBackOff')}           | ${30}   | ${{ reason: 'ImagePull', expires: 'later' }}
  ${'a mesh crashes beside it'}       | ${{}}                      | ${mesh}                                | ${30}   | ${{ phase: 'progressing' }}
  ${'a mesh crashed all the time'}    | ${{}}                      | ${mesh}                                | ${600}  | ${{ message: expect.stringContaining('the container "mesh", which others put into them, is not ready: CrashLoopBackOff'), expires: 'later' }}
  ${'a mesh crashed, and it as well'} | ${{}}                      | ${{ ...mesh, isReady: false }}         | ${600}  | ${{ reason: 'DeadlineExceeded', expires: 'never' }}
  ${'it was not ready for long'}      | ${{ minReadySeconds: 60 }} | ${{ hasStarted: true, isReady: true }} | ${600}  | ${{ message: expect.stringContaining('they were ready, but not for 60 s on end'), expires: 'never' }}
  ${'a quota is full for a moment'}   | ${{ failure: 'exceeded' }} | ${undefined}                           | ${29}   | ${{ phase: 'progressing' }}
  ${'a quota stays full'}             | ${{ failure: 'exceeded' }} | ${undefined}                           | ${30}   | ${{ reason: 'PodsRefused', expires: 'later' }}
  ${'no node takes it for now'}       | ${{}}                      | ${{ unschedulable: '0/3 nodes' }}      | ${599}  | ${{ phase: 'progressing' }}
  ${'clocks differ a little'}         | ${givenUp}                 | ${{}}                                  | ${-300} | ${{ phase: 'progressing' }}
  ${'a clock was set back'}           | ${givenUp}                 | ${{}}                                  | ${-301} | ${{ reason: 'DeadlineExceeded', expires: 'later' }}
`('$what: $verdict', ({ view, trouble, seconds, verdict }) => {
  const pods = trouble === undefined ? [] : [{ ...pod, ...trouble }];
  const now = STARTED + seconds * 1000;

  expect(readRollout({ ...young, ...view }, { ...evidence, pods, now })).toMatchObject(verdict);
});

it.each`
  what                                  | available | seconds | phase
  ${'enough pods serve'}                | ${2}      | ${1199} | ${'progressing'}
  ${'enough pods serve, and very late'} | ${2}      | ${1200} | ${'failed'}
  ${'too few pods serve'}               | ${1}      | ${600}  | ${'failed'}
`('on the way back, $what: $phase', ({ available, seconds, phase }) => {
  const now = STARTED + seconds * 1000;

  expect(readRollout({ ...young, available }, { ...evidence, isReturning: true, now }).phase).toBe(phase);
});

it.each`
  what                                        | pods     | template | phase
  ${'it was done, and somebody changed it'}   | ${'new'} | ${'2'}   | ${'progressing'}
  ${'the controller never saw what it is to'} | ${'old'} | ${'1'}   | ${'failed'}
`('long after its deadline, and unseen since it was called complete with $pods pods: $phase ($what)', (row) => {
  const view = { ...young, observedGeneration: 1, total: 2, updated: 2, progress: 'NewReplicaSetAvailable' };
  const pods = [{ ...pod, template: row.template, hasStarted: true }];

  expect(readRollout(view, { ...evidence, pods, now: STARTED + 3_600_000 }).phase).toBe(row.phase);
});

it('fails when its release is yanked meanwhile, which has a gate of its own', () => {
  expect(readRollout(young, { ...evidence, yanked: 'loses data', now: STARTED })).toEqual({
    phase: 'failed',
    reason: 'Yanked',
    message: 'it was yanked meanwhile (loses data)',
    expires: 'at once',
  });
});

it('is over with its being done: what the pods do later, and a restart by hand, fail no rollout', () => {
  const pods = [{ ...pod, ...crashed }];
  const later = { ...evidence, pods, wasDone: true, yanked: '', now: STARTED + 3_600_000 };

  expect(readRollout(young, later)).toEqual({ phase: 'progressing', until: undefined });
});

it.each([
  [
    'what the node says of a container that it does not start',
    600,
    { reason: 'CreateContainerConfigError', message: 'container has runAsNonRoot and image will run as root' },
    /^the new pods were not available within 600 s \(CreateContainerConfigError: container has runAsNonRoot and image will run as root\)$/,
  ],
  [
    'the end of a long story, where its cause is',
    30,
    { reason: 'ImagePullBackOff', message: `${'failed to pull image: '.repeat(40)}not found` },
    /^its image cannot be pulled \(failed to pull .*….*not found\)$/,
  ],
])('tells %s', (_, seconds, waiting, expected) => {
  const now = STARTED + seconds * 1000;
  const rollout = readRollout(young, { ...evidence, pods: [{ ...pod, waiting }], now });

  expect(rollout).toMatchObject({ phase: 'failed', message: expect.stringMatching(expected) });
  expect('message' in rollout && rollout.message.length).toBeLessThanOrEqual(300);
});
