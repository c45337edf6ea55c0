import { expect, it } from 'vitest';
import type { DeploymentView } from '../../../src/plan/observed.ts';
import { readRollout } from '../../../src/plan/rollout.ts';

it.each`
  observed | progress                      | replicas | total | updated | available | phase            | why
  ${1}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${2}      | ${'progressing'} | ${'the controller has not seen it'}
  ${2}     | ${'ReplicaSetUpdated'}        | ${2}     | ${2}  | ${0}    | ${2}      | ${'progressing'} | ${'no new pod yet'}
  ${2}     | ${'ReplicaSetUpdated'}        | ${2}     | ${3}  | ${2}    | ${3}      | ${'progressing'} | ${'an old pod is left'}
  ${2}     | ${'ReplicaSetUpdated'}        | ${2}     | ${2}  | ${2}    | ${1}      | ${'progressing'} | ${'a new pod is not available'}
  ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${2}      | ${'done'}        | ${'all new, all available'}
  ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${2}  | ${2}    | ${1}      | ${'degraded'}    | ${'it was done once'}
  ${2}     | ${'ProgressDeadlineExceeded'} | ${2}     | ${3}  | ${1}    | ${2}      | ${'failed'}      | ${'past its deadline'}
  ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${7}  | ${7}    | ${2}      | ${'done'}        | ${'too many pods harm nobody'}
  ${2}     | ${'NewReplicaSetAvailable'}   | ${2}     | ${1}  | ${1}    | ${1}      | ${'degraded'}    | ${'a pod was deleted'}
  ${2}     | ${undefined}                  | ${0}     | ${0}  | ${0}    | ${0}      | ${'done'}        | ${'no pods asked for'}
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
    } as DeploymentView;
    expect(readRollout(view).phase).toBe(row.phase);
  },
);
